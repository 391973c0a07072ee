"""Memory that nobody has written: what lies in it is chosen, and who reads it is found out."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support.implementations import Numpy

import bptt_check as bc
from bptt_check.cases.contract import Accepted, Breach
from bptt_check.cases.follow_up import every_call
from bptt_check.subjects.calling import call
from bptt_check.subjects.uninitialised import (
    np_empty_filled_with,
    read_before_written,
    refill_freed_blocks,
)

SIZES = (8, 16, 40, 128, 512, 1016, 1024, 4096, 131_072, 1_048_576)
FROM_FREED = (np.empty, np.empty_like)
"""As a module has them that imports the functions by name."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("value", [0.0, np.nan])
def test_every_fresh_array_holds_the_value(size, value):
    """From 8 bytes to 1 MB, from both functions, in single and double precision."""
    like = np.ones(size // 8)
    with np_empty_filled_with(value):
        found = [np.empty(size // 8), np.empty(size // 4, "f4"), np.empty_like(like)]

    assert all(np.array_equal(a, np.full_like(a, value), equal_nan=True) for a in found)


def test_arrays_without_a_nan_are_left_alone():
    """Integers, booleans and objects come as they are, and arguments are handed on."""
    with np_empty_filled_with(np.nan):
        objects = np.empty(2, dtype=object)
        kept = np.empty((2, 3), dtype="i8", order="F")
        like = np.empty_like(kept, shape=(4,))

    assert objects.tolist() == [None, None]
    assert (kept.shape, kept.flags.f_contiguous, like.shape) == ((2, 3), True, (4,))


def test_numpy_is_itself_again_afterwards():
    """Also after an error, and for whoever keeps a function from inside."""
    kept: list[Any] = []

    def body() -> None:
        with np_empty_filled_with(np.nan):
            kept.append(np.empty)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        body()

    assert (np.empty, np.empty_like) == FROM_FREED
    written = np.ones(64)
    del written
    assert not np.isnan(kept[0](64)).all()


def test_compiled_code_keeps_its_functions(monkeypatch):
    """Numba knows `np.empty` by its identity, so nothing is put in its place."""
    monkeypatch.setitem(sys.modules, "numba", ModuleType("numba"))
    with np_empty_filled_with(np.nan):
        assert np.empty is FROM_FREED[0]


@pytest.mark.parametrize("size", [16, 40, 128, 512, 1016])
def test_small_freed_memory_holds_the_value(size):
    """NumPy keeps freed blocks of less than 1 KB by their size and hands the last one out first."""
    refill_freed_blocks([size], 42.0)

    assert FROM_FREED[0](size // 8).tolist() == [42.0] * (size // 8)


# --- a subject that reads it --------------------------------------------------------------------


class AddsToEmpty:
    """A right gradient, added to an array that was never cleared."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.name = "adds to empty"

    def __call__(self, case: bc.Case) -> Any:
        """Loss and gradients."""
        loss, grads = Numpy()(case)
        for name in self.names:
            buffer = np.empty_like(case.inputs[name])
            buffer += grads[name]
            grads[name] = buffer
        return loss, grads


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("H", [1, 5, 40, 180])
@pytest.mark.parametrize("name", ["b_h_l0", "W_hh_l0", "x"])
def test_a_gradient_added_to_uninitialised_memory_is_always_found(name, H, dtype):
    """Whatever happened to lie there, in each of several calls, from 4 bytes to 1 MB."""
    case = bc.Spec.parse(f"lstm T=2 H={H} dtype={dtype}").build()
    every = every_call(case)
    answers = [call(AddsToEmpty(name), case, calls=calls) for calls in (every, (), every)]

    assert len({a.breaches for a in answers}) == 1
    assert answers[0].breaches[-1].parameter == name
    assert (
        answers[0]
        .breaches[-1]
        .message.startswith(
            f"memory is read before it is written: the gradient of {name} is nan at ["
        )
    )
    assert {a.second_result for a in answers} == {None}


@pytest.mark.filterwarnings("error")
def test_a_signaling_nan_in_fresh_memory_does_not_end_the_call(monkeypatch):
    """Adding to one raises where warnings are errors; the finding is the memory, not the raise."""

    def holding_signaling_nan(like: Any, **kwargs: Any) -> Any:
        made = FROM_FREED[1](like, **kwargs)
        made.view(np.uint32).fill(0x7FA0_0000)
        return made

    monkeypatch.setattr(np, "empty_like", holding_signaling_nan)
    case = bc.Spec.parse("lstm T=2 H=3 dtype=float32").build()
    with pytest.raises(RuntimeWarning, match="invalid value"):
        AddsToEmpty("W_hh_l0")(case)
    answers = [call(AddsToEmpty("W_hh_l0"), case, calls=c) for c in (every_call(case), ())]

    assert [[b.parameter for b in a.breaches] for a in answers] == [["W_hh_l0"], ["W_hh_l0"]]
    assert answers[0].breaches[0].message.startswith("memory is read before it is written")


def test_numpy_s_functions_are_its_own_in_the_first_call():
    """What a subject imports there may know them by their identity, as numba does."""
    own: list[bool] = []

    def looks(case: bc.Case) -> Any:
        own.append(np.empty is FROM_FREED[0])
        return Numpy()(case)

    call(looks, bc.Spec.parse("lstm T=2").build())

    assert own == [True, False]


@pytest.mark.parametrize("error", [FloatingPointError, RuntimeWarning])
def test_what_numpy_raises_again_is_the_answer(error):
    """The sibling: it does not hang on the memory, is asked once more and told as it is."""
    calls: list[int] = []

    def raises(case: bc.Case) -> Any:
        calls.append(1)
        raise error("overflow encountered in exp")

    answer = call(raises, bc.Spec.parse("lstm T=2").build())

    assert (answer.outcome, answer.result, len(calls)) == ("raised", None, 2)
    assert answer.text.startswith(f"raised {error.__name__}: overflow encountered in exp")


def test_a_report_says_what_the_evidence_is():
    """How the case is reproduced follows, and nothing else is claimed."""
    case = bc.Spec.parse("lstm T=1 B=1 D=2 H=2 O=2").build()
    report = bc.check(AddsToEmpty("x"), case, oracles=["complex_step"])

    assert (report.verdict, report.parameter) == ("contract", "x")
    assert report.message.splitlines()[1:3] == [
        "  memory is read before it is written: the gradient of x is nan at [0, 0, 0], when NaN "
        "lay in fresh memory, and finite when zeros did, each time anew; is an array of np.empty "
        "added to?",
        "  reproduce:",
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["b_h_l0", "W_hh_l0"])
def test_freed_memory_is_reached_without_numpy_s_functions(name, dtype):
    """A buffer that is made first, by a function that was imported by its name."""

    def by_name(case: bc.Case) -> Any:
        buffer = FROM_FREED[1](case.inputs[name])
        loss, grads = Numpy()(case)
        buffer += grads[name]
        return loss, grads | {name: buffer}

    case = bc.Spec.parse(f"lstm T=2 H=3 dtype={dtype}").build()
    findings = [call(by_name, case, calls=every_call(case)).breaches for _ in range(3)]

    assert len(set(findings)) == 1
    assert [f.parameter for f in findings[0]] == [name]
    assert findings[0][0].message.startswith("memory is read before it is written")


def test_every_such_gradient_is_named():
    """One sentence, all names."""
    case = bc.Spec.parse("lstm T=2").build()
    (finding,) = call(AddsToEmpty("x", "h0"), case, calls=every_call(case)).breaches

    assert "the gradient of x is nan at [0, 0, 0]; the gradient of h0 is nan" in finding.message


def test_an_empty_array_that_is_written_is_no_finding():
    """The right sibling: every entry is written before it is read."""

    def fills(case: bc.Case) -> Any:
        loss, grads = Numpy()(case)
        for name, grad in grads.items():
            grads[name] = np.empty_like(grad)
            grads[name][...] = grad
        return loss, grads

    case = bc.Spec.parse("lstm T=2").build()
    answer = call(fills, case, calls=every_call(case))

    assert (answer.breaches, answer.second_result) == ((), None)
    assert bc.check(fills, case, oracles=["complex_step"]).passed


def test_every_second_call_is_another_mistake():
    """A subject that fails in turn is not said to read memory."""
    calls: list[int] = []

    def in_turn(case: bc.Case) -> Any:
        calls.append(1)
        loss, grads = Numpy()(case)
        return loss, grads | {"x": grads["x"] * (np.nan if len(calls) % 2 == 0 else 1.0)}

    report = bc.check(in_turn, bc.Spec.parse("lstm T=2").build(), oracles=["complex_step"])

    assert report.verdict == "contract"
    assert "two calls on the same case gave two answers, in x" in report.message
    assert "memory" not in report.message


def nan(name: str) -> Accepted:
    """An answer whose gradient of `name` is not finite."""
    return Accepted(bc.Result(1.0, {}), (Breach(name, f"{name} is nan", np.array(np.nan)),))


def finite(value: float = 1.0) -> Accepted:
    """An answer without findings."""
    return Accepted(bc.Result(value, {"x": np.array([value])}), ())


@pytest.mark.parametrize(
    ("with_nan", "with_zeros", "found"),
    [
        ([nan("x"), nan("x")], [finite(), finite()], True),
        ([nan("x"), finite()], [finite(), finite()], False),
        ([nan("x"), nan("h0")], [finite(), finite()], False),
        ([nan("x"), nan("x")], [finite(), finite(2.0)], False),
        ([nan("x"), nan("x")], [nan("x"), nan("x")], False),
        ([finite(), finite()], [finite(), finite()], False),
    ],
)
def test_what_counts_as_evidence(with_nan, with_zeros, found):
    """The same twice with NaN, finite and the same twice with zeros; anything less says nothing."""
    assert (read_before_written(with_nan, with_zeros) is not None) == found
