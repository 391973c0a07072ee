"""What a user's step must not do is told with its line and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.own_cells import OwnCell, pre_activations, registered

import bptt_check as bc
from bptt_check import oracles
from bptt_check.cases.case import Spec
from bptt_check.errors import BpttCheckError, BrokenCell


def with_numpy(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    return (np.tanh(pre_activations(p, x_t, state[0])),)


def with_if(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    a = pre_activations(p, x_t, state[0])
    return (xp.tanh(a) if a[..., 0, 0] > 0 else a,)


def with_equality(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    a = pre_activations(p, x_t, state[0])
    return (xp.where(a == 0.0, 1.0, a),)


def with_unknown_function(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    return (xp.erf(pre_activations(p, x_t, state[0])),)


def with_unknown_parameter(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    return (xp.tanh(p["W_hr"] @ pre_activations(p, x_t, state[0])),)


def with_where_of_numpy(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    a = pre_activations(p, x_t, state[0])
    return (np.where(a > 0.0, a, 0.5 * a),)


def without_tuple(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    return xp.tanh(pre_activations(p, x_t, state[0]))


def with_too_many(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
    return state[0], state[0]


def gradients_of(step: Callable[..., Any], oracle: str = "finite_difference") -> Any:
    """What an oracle has of a cell."""
    with registered(OwnCell("tried", bc.Layout(gates=("h",)), step)):
        return oracles.load_oracle(oracle)(Spec.parse("tried T=2 B=2 D=2 H=2 O=2").build())


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (with_numpy, "np.tanh(pre_activations"),
        (with_if, "xp.tanh(a) if a"),
        (with_equality, "a == 0.0"),
        (with_unknown_function, "xp.erf("),
        (with_unknown_parameter, 'p["W_hr"]'),
        (with_where_of_numpy, "np.where(a > 0.0"),
    ],
)
def test_the_line_is_told_and_what_to_write(step, line):
    """Whatever an array library makes of it, the message is about the user's line."""
    with pytest.raises(BrokenCell) as raised:
        gradients_of(step)

    told = str(raised.value)
    assert told.startswith("the cell 'tried' cannot be differentiated at line ")
    assert f"of {__file__.rpartition('/')[2]}, `" in told
    assert line in told
    assert "xp.where(condition, a, b) stands for `if`" in told


@pytest.mark.parametrize(
    ("step", "got"), [(without_tuple, "ndarray"), (with_too_many, "a tuple of 2")]
)
def test_a_step_returns_its_states(step, got):
    """As many as its layout has, in a tuple."""
    with pytest.raises(BrokenCell, match=f"a tuple of its 1 states.*it returned {got}"):
        gradients_of(step)


@pytest.mark.parametrize("oracle", ["torch", "jax", "complex_step", "certified"])
def test_every_oracle_tells_the_same(oracle):
    """Also where the library would have taken it, as NumPy takes its own functions."""
    if not oracles.available(oracle):
        pytest.skip(f"{oracle} is not installed")
    with pytest.raises(BrokenCell, match=r"at line \d+ of test_own_step.py, `return \(xp.erf"):
        gradients_of(with_unknown_function, oracle)


def test_a_check_ends_with_it():
    """It is no verdict about the subject, and not told once for every oracle and case."""
    with registered(OwnCell("tried", bc.Layout(gates=("h",)), with_equality)):

        def subject(case: Any) -> Any:
            return 1.0, {n: np.zeros_like(a) for n, a in case.inputs.items()}

        with pytest.raises(BpttCheckError, match="compare by < or >"):
            bc.verify(subject, ["tried"], cases=3, oracles=["finite_difference"])


def test_what_may_be_written_is_not_refused():
    """The same choices with the functions of `xp`."""

    def step(xp: Any, p: Any, x_t: Any, state: Any) -> Any:
        a = pre_activations(p, x_t, state[0])
        return (xp.where(~(a > 0.0) & (a >= -2.0), 0.5 * xp.tanh(a), xp.minimum(a, 3.0)),)

    torch = oracles.load_oracle("complex_step")
    with registered(OwnCell("tried", bc.Layout(gates=("h",)), step)):
        case = Spec.parse("tried T=3 B=2 D=2 H=2 O=2").build()
        want, got = torch(case), oracles.load_oracle("finite_difference")(case)
    bounds = got.bounds or {}
    for name, array in want.grads.items():
        assert np.all(np.abs(got.grads[name] - array) <= bounds[name] + 1e-13), name
