"""The reference's gradients are those of PyTorch, for every model."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from bptt_reference import linear, loss_and_grads, outputs, rnn

CELLS: tuple[dict[str, Any], ...] = (
    *({"cell": "rnn", "activation": f} for f in ("tanh", "relu", "sigmoid", "identity")),
    {"cell": "lstm"},
    {"cell": "gru"},
    {"cell": "gru", "reset_after": False},
)
LOSSES = tuple(
    (loss, readout, reduction)
    for loss, readout, reduction in product(
        ("cross_entropy", "bce", "mse", "linear"), ("every", "last"), ("sum", "mean")
    )
    if (loss, reduction) != ("linear", "mean")
)


def name_of(options: dict[str, Any]) -> str:
    return "-".join(str(value) for value in options.values())


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("cell", CELLS, ids=name_of)
def test_every_gradient_equals_autograd(
    cell: Any, bias: bool, layers: int, draw: Any, autograd: Any, assert_same: Any
) -> None:
    """Loss and all gradients equal PyTorch's, for every loss, readout and reduction."""
    for seed, (loss, readout, reduction) in enumerate(LOSSES):
        case = draw(
            **cell,
            bias=bias,
            layers=layers,
            loss=loss,
            readout=readout,
            reduction=reduction,
            T=1 + seed % 4,
            B=1 + seed % 3,
            scale=0.3,
            seed=seed,
        )
        expected_loss, expected = autograd(case)
        got_loss, got = loss_and_grads(case)

        assert expected_loss == pytest.approx(got_loss, rel=1e-12)
        assert_same(expected, got)


@pytest.mark.parametrize("cell", CELLS, ids=name_of)
def test_gradients_over_forty_steps_equal_autograd(
    cell: Any, draw: Any, autograd: Any, assert_same: Any
) -> None:
    """Forty steps, over which rounding accumulates, still agree with PyTorch."""
    case = draw(**cell, T=40, B=2, loss="mse", reduction="mean", scale=0.4)

    assert_same(autograd(case)[1], loss_and_grads(case)[1], 1e-11)


@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "two-way"])
@pytest.mark.parametrize("lengths", [None, [6, 2, 4]], ids=["full", "packed"])
@pytest.mark.parametrize("cell", [CELLS[0], CELLS[1], CELLS[4], CELLS[5]], ids=name_of)
def test_outputs_and_gradients_equal_torch_nn(
    cell: Any, lengths: Any, bidirectional: bool, draw: Any, assert_same: Any
) -> None:
    """Outputs, final states and gradients are those of torch.nn.RNN, LSTM and GRU."""
    pytest.importorskip("torch")
    case = draw(**cell, lengths=lengths, bidirectional=bidirectional, layers=2, scale=0.6)
    expected, expected_grads = torch_nn(case)
    got, (_, grads) = outputs(case), loss_and_grads(case)
    padded = np.arange(6)[:, None] >= (6 if lengths is None else np.array(lengths))
    top = np.where(padded[..., None], 0.0, got["h_l1"])

    assert_same(expected, {"h": top, "h_n": got["h_n"]})
    assert_same(expected_grads, grads)


def torch_nn(case: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs and gradients of PyTorch's own module with the parameters of the case."""
    import torch

    module, named = native_module(case)
    leaves = {n: torch.tensor(getattr(case, n), requires_grad=True) for n in ("x", "h0")}
    if case.c0 is not None:
        leaves["c0"] = torch.tensor(case.c0, requires_grad=True)
    state = (leaves["h0"], leaves["c0"]) if "c0" in leaves else leaves["h0"]
    h, last = run_module(module, leaves["x"], state, case.lengths)
    h_n, c_n = last if "c0" in leaves else (last, None)
    loss = (h * torch.tensor(case.targets)).sum() + (h_n * torch.tensor(case.cotangent_h_n)).sum()
    if c_n is not None:
        loss = loss + (c_n * torch.tensor(case.cotangent_c_n)).sum()
    inputs = {**named, **leaves}
    grads = torch.autograd.grad(loss, list(inputs.values()))
    outputs = {"h": h.detach().numpy(), "h_n": h_n.detach().numpy()}
    return outputs, {n: g.numpy() for n, g in zip(inputs, grads, strict=True)}


def native_module(case: Any) -> tuple[Any, dict[str, Any]]:
    """The module, and its parameters by our names; a second bias that we do not have is zero."""
    import torch

    kind = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[case.model.cell]
    options = {"num_layers": case.model.layers, "bidirectional": case.model.bidirectional}
    if case.model.cell == "rnn":
        options["nonlinearity"] = case.model.activation
    module = kind(case.x.shape[-1], case.h0.shape[-1], dtype=torch.float64, **options)
    theirs = {"W_xh": "weight_ih", "W_hh": "weight_hh", "b_h": "bias_ih"}
    theirs |= {"b_xh": "bias_ih", "b_hh": "bias_hh"}
    for weight in module.parameters():
        weight.data.zero_()
    named = {}
    for name, array in case.params.items():
        plain, _, rest = name.rpartition("_l")
        named[name] = getattr(module, f"{theirs[plain]}_l{rest}")
        named[name].data.copy_(torch.tensor(array))
    return module, named


def run_module(module: Any, x: Any, state: Any, lengths: Any) -> tuple[Any, Any]:
    """Outputs, zero where padded, and final states."""
    import torch
    from torch.nn.utils import rnn

    if lengths is None:
        return module(x, state)
    packed = rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
    h, last = module(packed, state)
    return rnn.pad_packed_sequence(h, total_length=len(x))[0], last


FAULTS = {
    "sign": lambda g: -g,
    "transposed": lambda g: np.swapaxes(g, 0, 1),
    "one entry": lambda g: g + 1e-9 * np.abs(g).max() * (np.arange(g.size) == 7).reshape(g.shape),
    "factor": lambda g: g * (1 + 1e-8),
    "float32 inside": lambda g: g.astype(np.float32).astype(np.float64),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_comparison_sees_a_wrong_gradient(
    fault: str, draw: Any, autograd: Any, assert_same: Any
) -> None:
    """A gradient that is wrong in one small way is rejected by the comparison used above."""
    case = draw(cell="rnn", loss="mse")
    _, wrong = loss_and_grads(case)
    wrong["W_hh_l0"] = FAULTS[fault](wrong["W_hh_l0"])

    with pytest.raises(AssertionError, match=r"W_hh_l0.*expected"):
        assert_same(autograd(case)[1], wrong)


def test_the_comparison_sees_a_missing_gradient(draw: Any, autograd: Any, assert_same: Any) -> None:
    """A gradient that is not there is rejected by the comparison used above."""
    case = draw()
    _, wrong = loss_and_grads(case)
    del wrong["c0"]

    with pytest.raises(AssertionError):
        assert_same(autograd(case)[1], wrong)


@pytest.mark.parametrize("cell", CELLS, ids=name_of)
def test_blocks_of_steps_change_no_gradient(
    cell: Any, draw: Any, assert_same: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All seven steps in one block, two to a block with one left over, one to a block."""
    case = draw(**cell, T=7, B=3, H=5)
    _, expected = loss_and_grads(case)
    for numbers in (2 * 3 * 5, 1):
        monkeypatch.setattr(linear, "NUMBERS_OF_A_BLOCK", numbers)

        assert_same(expected, loss_and_grads(case)[1], 1e-14)


def test_blocks_hold_every_step_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, as many to a block as fit, and one where not even that fits."""
    monkeypatch.setattr(linear, "NUMBERS_OF_A_BLOCK", 30)

    assert linear.blocks(7, 10) == [range(3), range(3, 6), range(6, 7)]
    assert linear.blocks(2, 31) == [range(1), range(1, 2)]
    assert linear.blocks(2, 1) == [range(2)]


def test_a_step_that_two_blocks_hold_is_seen(
    draw: Any, assert_same: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step once more reads its slope for its pre-activation: the comparison fails."""
    case = draw(cell="rnn", T=7)
    _, expected = loss_and_grads(case)
    monkeypatch.setattr(rnn, "blocks", lambda T, numbers: [range(T), range(T - 1, T)])

    with pytest.raises(AssertionError, match="off by"):
        assert_same(expected, loss_and_grads(case)[1], 1e-14)
