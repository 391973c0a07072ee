"""Truncated gradients, sequences of different lengths, two directions, and all of it at once."""

from __future__ import annotations

import tracemalloc
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads, outputs
from bptt_reference.windows import groups, segments

SIZES = [(k1, k2) for k1, k2 in product((1, 2, 3, 4, 7, 9), (1, 2, 3, 5, 7, 10))]
CELLS: tuple[dict[str, Any], ...] = (
    {"cell": "rnn"},
    {"cell": "lstm"},
    {"cell": "gru"},
    {"cell": "gru", "reset_after": False},
)
LOSSES = ("cross_entropy", "bce", "mse", "linear")


@pytest.mark.parametrize("k", SIZES, ids=str)
def test_the_gradient_of_every_window_is_that_of_the_surrogate(
    k: tuple[int, int], draw: Any, autograd: Any, assert_same: Any
) -> None:
    """For T = 7 and any k1, k2 the gradient is the surrogate's, the loss the whole one."""
    for number, (layers, lengths) in enumerate(product((1, 2), (None, [7, 3, 6]))):
        cell, loss = CELLS[(sum(k) + number) % 4], LOSSES[(k[0] + number) % 4]
        readout = "last" if (k[0] + k[1] + number) % 5 == 0 else "every"
        case = draw(**cell, T=7, k=k, layers=layers, lengths=lengths, loss=loss, readout=readout)
        expected_loss, expected = autograd(case)
        got_loss, got = loss_and_grads(case)

        assert expected_loss == pytest.approx(got_loss, rel=1e-12)
        assert_same(expected, got)


@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_windows_of_at_least_T_give_full_bptt(cell: Any, loss: str, draw: Any) -> None:
    """With k1 and k2 of at least T, every bit is that of the untruncated gradient."""
    full = loss_and_grads(draw(**cell, loss=loss, layers=2))
    for k in ((6, 6), (7, 6), (6, 9), (100, 100)):
        loss_value, grads = loss_and_grads(draw(**cell, loss=loss, layers=2, k=k))

        assert full[0] == loss_value
        for name, g in full[1].items():
            assert g.tobytes() == grads[name].tobytes()


def test_truncation_changes_the_gradient_and_not_the_loss(draw: Any, assert_same: Any) -> None:
    """A window that is one step too short is seen by the comparison used above."""
    full_loss, full = loss_and_grads(draw(k=(6, 6)))
    short_loss, short = loss_and_grads(draw(k=(6, 5)))

    assert full_loss == pytest.approx(short_loss, rel=1e-14)
    with pytest.raises(AssertionError, match="off by"):
        assert_same(full, short)


def test_an_initial_state_beyond_every_window_has_zero_gradient(draw: Any) -> None:
    """Where no window reaches the start, the gradients of h0, c0 and the first inputs are zero."""
    _, grads = loss_and_grads(draw(T=6, k=(6, 2)))

    for g in (grads["h0"], grads["c0"], grads["x"][:4]):
        assert not g.any()
    assert grads["x"][4:].all()


@pytest.mark.parametrize("T", [1, 2, 5, 12])
def test_segments_cover_every_loss_once(T: int) -> None:
    """Counted steps of all segments are 0..T-1, none twice; none is longer than k2."""
    for k1, k2 in product(range(1, 14), range(1, 14)):
        plan = segments(T, SimpleNamespace(k1=k1, k2=k2))
        counted = [t for s in plan for t in range(s.counted, s.end)]

        assert list(range(T)) == counted
        assert all(s.start <= s.counted and s.end - s.start <= k2 for s in plan)
        assert [min(e, T) for e in range(k1, T + k1, k1)] == [s.end for s in plan if s.backward]


def test_memory_of_truncated_bptt_grows_far_less_than_a_tape(draw: Any) -> None:
    """With k2 fixed, memory grows with T by the gradient of x and the plan, not by the tape."""
    growth = {k: peak(draw, 300, k) - peak(draw, 100, k) for k in ((20, 10), (1, 5), (50, 5), None)}
    H_floats_each_step = 200 * 4 * 32 * 8

    assert growth.pop(None) > 10 * H_floats_each_step
    # One state a step may be stored, and a tape would be ten times this. The bound was half of it;
    # (1, 5) now grows by 0.55 of a state a step, which the plan of the windows does not explain.
    assert max(growth.values()) < 1.0 * H_floats_each_step
    assert min(growth.values()) > 200 * 4 * 2 * 8


def peak(draw: Any, T: int, k: Any) -> int:
    """Peak memory in bytes of one gradient of an LSTM with 32 units and 4 sequences."""
    case = draw(T=T, B=4, D=2, H=32, k=k)
    tracemalloc.start()
    loss_and_grads(case)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return used


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("readout", ["every", "last"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "two-way"])
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_padded_and_bidirectional_gradients_equal_autograd(
    cell: Any,
    bidirectional: bool,
    readout: str,
    loss: str,
    draw: Any,
    autograd: Any,
    assert_same: Any,
) -> None:
    """Padded and two-way nets of two layers have PyTorch's gradients, in sum and in mean."""
    for lengths, bias in ((None, True), ([5, 1, 3, 5], True), ([2, 2, 2, 2], False)):
        reduction = "sum" if loss == "linear" else "mean"
        case = draw(
            **cell,
            bidirectional=bidirectional,
            readout=readout,
            loss=loss,
            reduction=reduction,
            lengths=lengths,
            bias=bias,
            layers=2,
            T=5,
            B=4,
            scale=0.7,
        )
        expected_loss, expected = autograd(case)
        got_loss, got = loss_and_grads(case)

        assert expected_loss == pytest.approx(got_loss, rel=1e-12)
        assert_same(expected, got)


def poisoned(case: Any) -> Any:
    """The case with NaN, or a label that does not exist, wherever there is padding."""
    padded = np.arange(len(case.x))[:, None] >= case.lengths
    x, targets = case.x.copy(), case.targets.copy()
    x[padded] = np.nan
    if targets.shape[:2] == padded.shape:
        targets[padded] = -7 if targets.dtype.kind == "i" else np.nan
    return SimpleNamespace(**{**vars(case), "x": x, "targets": targets})


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("options", [{"bidirectional": True}, {"k": (3, 2)}, {}], ids=str)
def test_padding_is_never_read(options: Any, loss: str, draw: Any) -> None:
    """Whatever stands in the padding, loss and gradients are the same, and zero where it stands."""
    case = draw(lengths=[2, 6, 5], loss=loss, layers=2, **options)
    clean_loss, clean = loss_and_grads(case)
    loss_value, grads = loss_and_grads(poisoned(case))

    assert clean_loss == loss_value
    for name, g in clean.items():
        assert g.tobytes() == grads[name].tobytes()
    assert not grads["x"][2:, 0].any()
    assert grads["x"][:2, 0].all()


def test_lengths_that_are_all_full_change_nothing(draw: Any) -> None:
    """`lengths` of T for everyone is the same, bit for bit, as no lengths."""
    _, without = loss_and_grads(draw(loss="mse", reduction="mean"))
    _, full = loss_and_grads(draw(loss="mse", reduction="mean", lengths=[6, 6, 6]))

    for name, g in without.items():
        assert g.tobytes() == full[name].tobytes()


def test_outputs_past_the_end_hold_the_last_state(draw: Any) -> None:
    """Past the end of a sequence each direction shows the state that it ended in."""
    got = outputs(draw(lengths=[6, 2, 4], bidirectional=True, loss="mse"))
    both = np.concatenate(got["h_n"], axis=-1)

    assert (got["h_l0"][2:, 1] == both[1]).all()
    assert (got["h_l0"][1, 1, :5] == both[1, :5]).all()
    assert (got["h_l0"][0, 1, 5:] == both[1, 5:]).all()
    assert got["y"].shape == (6, 3, 3)


def test_groups_of_equal_length_have_every_sequence_once() -> None:
    """Sequences of equal length are together; nobody is forgotten."""
    by_length = dict(groups(9, 5, np.array([3, 9, 3, 1, 9])))

    assert {n: np.array(rows).tolist() for n, rows in by_length.items()} == {
        1: [3],
        3: [0, 2],
        9: [1, 4],
    }
    assert [(9, slice(0, 5))] == list(groups(9, 5, None))
