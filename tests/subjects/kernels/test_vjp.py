"""Kernels in NumPy: what a forward and a backward function may return, and what they may not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from support.kernel_cases import INPUTS, breaches_of, case_of, decayed_sums, wanted_of
from support.plain_recurrences import plain_recurrence

import bptt_check as bc
from bptt_check.cases.recurrences.cotangents import COTANGENTS
from bptt_check.cases.recurrences.recurrence import RecurrenceSpec
from bptt_check.subjects.kernels.vjp import NumPyKernel


def forward(x, decay, S, mask, lengths, chunk):
    assert chunk == 16
    assert lengths.dtype == np.int64
    states, last = decayed_sums(x, decay, S)
    return (states, last), (states, decay, S)


def backward(residuals, bars):
    states, decay, S = residuals
    states_bar, S_bar = bars
    x_bar, decay_bar = np.empty_like(states), np.empty_like(decay)
    for t in reversed(range(len(states))):
        S_bar = S_bar + states_bar[t]
        x_bar[t] = S_bar
        decay_bar[t] = S_bar * (states[t - 1] if t else S)
        S_bar = S_bar * decay[t]
    return {"x": x_bar, "decay": decay_bar, "S": S_bar}


def kernel(forward: Any = forward, backward: Any = backward) -> NumPyKernel:
    return NumPyKernel(bc.Vjp(forward, backward), "mine")


@pytest.mark.parametrize("cotangents", COTANGENTS)
@pytest.mark.parametrize("layout", ["contiguous", "strided", "expanded"])
def test_outputs_loss_and_gradients(cotangents, layout):
    case = case_of(cotangents=cotangents, layout=layout).in_own_memory()

    result = kernel()(case)

    states, last = decayed_sums(*(case.arrays[n] for n in ("x", "decay", "S")))
    assert result.outputs is not None
    # decay is float32 in its own dtype and read as such: products round once in float64
    np.testing.assert_allclose(result.outputs["output[0]"], states, rtol=2.0**-50)
    np.testing.assert_allclose(result.outputs["output[1]"], last, rtol=2.0**-50)
    bars = [case.cotangents.get(f"output[{n}]", 0.0) for n in (0, 1)]
    assert abs(result.loss - np.sum(bars[0] * states) - np.sum(bars[1] * last)) < 2.0**-48
    for name, want in wanted_of(case).items():
        np.testing.assert_allclose(result.grads[name], want, rtol=2.0**-22, atol=2.0**-48)


class Pair(NamedTuple):
    states: Any
    last: Any


@dataclass
class Record:
    states: Any
    last: Any


@pytest.mark.parametrize(
    ("made", "read"),
    [
        (list, tuple),
        (lambda two: {"states": two[0], "last": two[1]}, lambda n: (n["states"], n["last"])),
        (lambda two: Pair(*two), lambda n: (n.states, n.last)),
        (lambda two: Record(*two), lambda n: (n.states, n.last)),
        (lambda two: (two[0], None, {"x": [two[1]]}), lambda n: (n[0], n[2]["x"][0])),
    ],
)
@pytest.mark.parametrize("cotangents", COTANGENTS)
def test_cotangents_come_in_the_nest_of_the_outputs(made, read, cotangents):
    def nested(**arrays):
        outputs, residuals = forward(**arrays)
        return made(outputs), residuals

    def of_nest(residuals, bars):
        assert type(bars) is type(made([0, 0]))
        return backward(residuals, read(bars))

    def reference(x, decay, S, **_):
        return made(decayed_sums(x, decay, S))

    spec = RecurrenceSpec(
        plain_recurrence(INPUTS, reference), (("T", 4), ("B", 3)), cotangents=cotangents
    )
    case = spec.build()

    result = kernel(nested, of_nest)(case.in_own_memory())

    plain = replace(case_of(cotangents=cotangents), cotangents=_renamed(case.cotangents))
    for name, want in wanted_of(plain).items():
        np.testing.assert_allclose(result.grads[name], want, rtol=2.0**-22, atol=2.0**-48)


def _renamed(cotangents: dict[str, Any]) -> dict[str, Any]:
    """By the places of a pair, by their shapes."""
    return {"output[0]" if a.ndim == 2 else "output[1]": a for a in cotangents.values()}


def test_a_right_kernel_breaks_nothing():
    assert breaches_of(kernel()) == []


def changed(change: Any) -> Any:
    """A backward function whose gradients are changed."""
    return lambda residuals, bars: change(backward(residuals, bars))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            kernel(lambda **a: forward(**a)[0][0]),
            "must return (outputs, residuals), got array",
        ),
        (kernel(lambda **a: (*forward(**a), 1)), "must return (outputs, residuals), got ("),
        (kernel(lambda **a: [*forward(**a)]), "must return (outputs, residuals), got [("),
        (kernel(lambda **a: (None, forward(**a)[1])), "the kernel returned no array"),
        (kernel(lambda **a: ("o", None)), "output of the kernel is of type 'str'"),
        (
            kernel(lambda **a: (forward(**a)[0][:1], None)),
            "output[1] is missing: the reference returns it, and what came has output[0]",
        ),
        (
            kernel(lambda **a: ((forward(**a)[0][0].T, forward(**a)[0][1]), None)),
            "output[0] has shape (3, 4), and that of the reference (4, 3)",
        ),
        (kernel(backward=changed(lambda g: None)), "gradients must be a dict, got NoneType"),
        (
            kernel(backward=changed(lambda g: [*g.values()])),
            "gradients must be a dict, got list",
        ),
        (
            kernel(backward=changed(lambda g: {"x": g["x"]})),
            "gradient of S is missing, shape (3,)",
        ),
        (
            kernel(backward=changed(lambda g: {**g, "z": g["x"]})),
            "there is no input 'z'; gradients may",
        ),
        (
            kernel(backward=changed(lambda g: {**g, "x": g["x"].T})),
            "the gradient of x has shape (3, 4), not (4, 3)",
        ),
        (
            kernel(backward=changed(lambda g: {**g, "x": g["x"].astype("float32")})),
            "the gradient of x has dtype float32, not float64",
        ),
        (
            kernel(backward=changed(lambda g: {**g, "mask": g["x"]})),
            "there is no input 'mask'; gradients may be: x, decay, S",
        ),
        (
            kernel(backward=changed(lambda g: {**g, "S": None})),
            "the gradient of S is None: return zeros where nothing flows",
        ),
        (
            kernel(backward=changed(lambda g: {**g, "S": g["S"] * np.nan})),
            "the gradient of S is nan at [0]",
        ),
        (kernel(lambda x, decay, S: None), "unexpected keyword argument"),
    ],
)
def test_what_is_no_answer_is_told(wrong, words):
    found = breaches_of(wrong)

    assert found
    assert any(words in text for text in found), found


@pytest.mark.parametrize("name", ["x", "decay", "S", "mask"])
def test_an_input_that_is_written_to_is_found_out(name):
    def writing(**arrays):
        returned = forward(**arrays)
        arrays[name][...] = 0.0
        return returned

    assert f"{name} was written to: a subject must leave its inputs as they are" in breaches_of(
        kernel(writing)
    )


def test_a_cotangent_that_is_written_to_is_found_out():
    def writing(residuals, bars):
        grads = backward(residuals, bars)
        bars[0][...] = 0.0
        return grads

    found = breaches_of(kernel(backward=writing))

    assert "cotangent of output[0] was written to: a subject must leave its inputs" in found[0]
