"""Question 1 for subjects whose loss is another one: whose derivative is their gradient?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.own_loss.of_subject import own_derivative
from bptt_check.verdicts.row import Row

RIGHT = "your backward is right for your forward, but your forward is another model (or loss)"
WRONG = "your backward is not the derivative of your own loss either: "
SPEC = "gru+mse T=3 B=1 D=2 H=2 O=2"

Gradients = dict[str, Any]
Subject = Callable[[bc.Case], tuple[Any, Gradients]]


def squared(case: bc.Case) -> tuple[Any, Gradients]:
    """The square of the model's loss, and the gradient of that."""
    loss, grads = loss_and_grads(case)
    return loss**2, {n: 2.0 * loss * g for n, g in grads.items()}


def answer(subject: Subject, spec: str = SPEC) -> str:
    """The sentence on one case."""
    case = bc.Spec.parse(spec).build()
    loss, grads = subject(case)
    return own_derivative(subject, case, bc.Result(loss, grads))


def added(subject: Subject, name: str, index: tuple[int, ...], error: float) -> Subject:
    """The subject with a number added to one entry of a gradient, wherever it is called."""

    def wrong(case: bc.Case) -> tuple[Any, Gradients]:
        loss, grads = subject(case)
        changed = np.array(grads[name])
        changed[index] += error
        return loss, {**grads, name: changed}

    return wrong


def scaled(subject: Subject, factor: float, of: Mapping[str, float] = {}) -> Subject:
    """The subject with its loss and all gradients times a factor, some of them times one more."""

    def other(case: bc.Case) -> tuple[Any, Gradients]:
        loss, grads = subject(case)
        return factor * loss, {n: factor * of.get(n, 1.0) * g for n, g in grads.items()}

    return other


def row_of(subject: Subject, name: str) -> Row:
    """What `verify_function` measures of one gradient, with the budget of its worst entry."""
    case = bc.Spec.parse(SPEC).build()
    report = bc.verify_function(lambda a: subject(case.with_inputs(a)), case.inputs)
    return next(row for row in report.rows if row.parameter == name)


# --- right and wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_gradient_of_another_loss_is_right_for_its_own(dtype: str) -> None:
    """Half precision is asked in float32 on the same values: on its own grid nothing moves."""
    assert answer(scaled(loss_and_grads, 0.5), f"{SPEC} dtype={dtype}") == RIGHT
    assert answer(scaled(loss_and_grads, 0.5, {"W_hy": 1.5}), f"{SPEC} dtype={dtype}") == (
        WRONG + "W_hy"
    )


@pytest.mark.parametrize("name", ["W_xh_l0", "W_hh_l0", "W_hy", "x"])
def test_relative_error_of_a_hundred_thousandth_is_named(name: str) -> None:
    """The loss is another one, and one of its gradients is slightly off."""
    assert answer(squared) == RIGHT
    assert answer(scaled(squared, 1.0, {name: 1.00001})) == WRONG + name


@pytest.mark.parametrize("name", ["W_xh_l0", "b_y"])
def test_entry_is_wrong_above_its_bound_and_right_below(name: str) -> None:
    """The bound of an entry is what was measured for it, nothing else is added."""
    row = row_of(squared, name)
    side = float(np.sign(row.got - row.want)) or 1.0
    above, below = (side * share * row.budget - (row.got - row.want) for share in (1.1, 0.9))

    assert answer(added(squared, name, row.index, above)) == WRONG + name
    assert answer(added(squared, name, row.index, below)) == RIGHT


# --- scale --------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1e-20, 1.0, 1e20])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sentence_does_not_depend_on_the_scale_of_the_loss(dtype: str, factor: float) -> None:
    """There is no absolute tolerance: a tiny gradient is as wrong as a large one."""
    spec = f"{SPEC} dtype={dtype}"

    assert answer(scaled(loss_and_grads, factor), spec) == RIGHT
    assert answer(scaled(loss_and_grads, factor, {"W_hy": 1.001}), spec) == WRONG + "W_hy"


def test_bound_does_not_grow_with_the_number_of_steps() -> None:
    """An error of one part in 10^7 is named at 40 steps as at 4."""
    for steps in (4, 40):
        spec = f"rnn-tanh+mean T={steps} B=1 D=1 H=1 O=2"
        assert answer(squared, spec) == RIGHT
        assert answer(scaled(squared, 1.0, {"W_hh_l0": 1.0 + 1e-7}), spec) == WRONG + "W_hh_l0"


# --- where differences have no answer -----------------------------------------------------------


def test_nothing_is_said_of_a_truncated_gradient() -> None:
    """It is not meant to be the derivative of the loss beside it, right or wrong."""
    spec = "rnn-tanh T=5 B=1 D=2 H=2 O=2"

    assert answer(scaled(loss_and_grads, 0.5), f"{spec} k1=1 k2=2") == ""
    assert answer(scaled(loss_and_grads, 0.5), spec) == RIGHT


def test_nothing_is_said_where_nothing_was_decided() -> None:
    """A loss that jumps has no difference to compare with."""

    def jumps(case: bc.Case) -> tuple[Any, Gradients]:
        loss, grads = loss_and_grads(case)
        return np.floor(1e12 * loss) % 7.0, grads

    assert answer(jumps) == ""


def test_nothing_is_said_of_a_subject_that_fails_beside_the_case() -> None:
    """It answered once, and then no more."""
    case = bc.Spec.parse(SPEC).build()
    result = bc.Result(*squared(case))

    def fails(given: bc.Case) -> Any:
        raise RuntimeError("not again")

    assert own_derivative(fails, case, result) == ""


def test_calls_beside_the_case_have_the_limit_of_its_own() -> None:
    """Where a subject hangs then, nothing is said either."""
    case = bc.Spec.parse(SPEC).build()

    def hangs(given: bc.Case) -> Any:
        time.sleep(600)

    assert own_derivative(hangs, case, bc.Result(*squared(case)), 0.05) == ""
