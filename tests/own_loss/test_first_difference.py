"""Where a forward first differs from the model's: at its step, at every scale and length."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.equations.conditioning import conditioning
from bptt_check.equations.namespaces.numpy import NumPy
from bptt_check.equations.network import outputs, problem_of
from bptt_check.own_loss.first_difference import where_it_differs
from bptt_check.verdicts.budget import Budgets, Tolerance

Values = dict[str, np.ndarray]
NONE_DIFFERS = "every output that you offer is right: the loss itself is another one"


def forward(case: bc.Case) -> Values:
    """The right forward values of a case by name, in its dtype, (T, B, width)."""
    given = problem_of(case)
    named = outputs(NumPy(), given, given.inputs)
    return {n: np.stack(steps).astype(case.stored) for n, steps in named.items()}


def offered(case: bc.Case, change: Callable[[Values], None]) -> str:
    """The sentence on a subject that offers changed forward values."""
    values = forward(case)
    change(values)
    loss, grads = loss_and_grads(case)
    result = bc.Result(2.0 * loss, grads, outputs=values)
    return where_it_differs(lambda given: result, case, result, budgets(case))


def budgets(case: bc.Case) -> Budgets:
    """Those of a case, of which only the tolerance counts."""
    own, exact = (conditioning(case, dtype) for dtype in (case.dtype, "float64"))
    return Budgets(Tolerance(), own, exact, None)


def times(name: str, step: int, factor: float) -> Callable[[Values], None]:
    """Multiplies one forward value at one step."""

    def change(values: Values) -> None:
        values[name][step] *= factor

    return change


def nothing(values: Values) -> None:
    """Leaves everything right."""


def with_readout_times(case: bc.Case, factor: float) -> bc.Case:
    """The case with `y` and its targets times a factor."""
    readout = {n: factor * case.inputs[n] for n in ("W_hy", "b_y")}
    return replace(case.with_inputs(readout), targets=factor * case.targets)


# --- from offered outputs -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("model", ["rnn-tanh+2layers", "lstm", "gru+bidirectional"])
def test_right_outputs_differ_nowhere(model: str, dtype: str) -> None:
    """Rounded to the dtype of the case, which is within its budget."""
    case = bc.Spec.parse(f"{model} T=5 B=2 D=2 H=3 O=2 dtype={dtype} lengths").build()

    assert offered(case, nothing) == NONE_DIFFERS
    assert offered(case, times("h_l0", 0, 2.0)) == "your forward first differs at step 0, in h_l0"


@pytest.mark.parametrize("factor", [1e-20, 1.0, 1e20])
@pytest.mark.parametrize("error", [1e-6, 1.0])
def test_scale_of_an_output_does_not_matter(factor: float, error: float) -> None:
    """A readout of size 1e-20 has a budget of that size; no 1 is the floor of anything."""
    case = with_readout_times(bc.Spec.parse("rnn-tanh+mse T=5 B=2 D=2 H=3 O=2").build(), factor)

    assert offered(case, nothing) == NONE_DIFFERS
    assert offered(case, times("y", 3, 1.0 + error)) == "your forward first differs at step 3, in y"


@pytest.mark.parametrize("steps", [5, 200])
def test_bound_of_an_output_does_not_grow_with_the_steps(steps: int) -> None:
    """A state forgets its rounding as it forgets everything else: 1e-13 is seen at the end."""
    case = bc.Spec.parse(f"rnn-tanh T={steps} B=1 D=2 H=3 O=2 seed=1").build()
    last = steps - 1

    assert offered(case, nothing) == NONE_DIFFERS
    assert offered(case, times("h_l0", last, 1.0 + 1e-13)) == (
        f"your forward first differs at step {last}, in h_l0"
    )


def test_lowest_layer_is_named_where_several_differ() -> None:
    """What is above it differs because of it."""
    case = bc.Spec.parse("rnn-tanh+2layers T=4 B=1 D=2 H=3 O=2").build()

    def change(values: Values) -> None:
        for name in ("y", "h_l1", "h_l0"):
            values[name][2] *= 2.0

    assert offered(case, change) == "your forward first differs at step 2, in h_l0"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_output_that_is_not_finite_differs(value: float) -> None:
    """NaN lies within no budget."""
    case = bc.Spec.parse("rnn-tanh T=4 B=1 D=2 H=3 O=2").build()

    assert offered(case, times("h_l0", 1, value)) == "your forward first differs at step 1, in h_l0"


def test_output_of_another_shape_differs_from_the_start() -> None:
    """There is nothing to compare it with."""
    case = bc.Spec.parse("rnn-tanh T=4 B=1 D=2 H=3 O=2").build()

    def change(values: Values) -> None:
        values["y"] = values["y"][:, :, :1]

    assert offered(case, change) == "your forward first differs at step 0, in y"


def test_padding_is_not_compared() -> None:
    """Some write zeros there, others the last state; the steps before the end count."""
    case = bc.Spec.parse("rnn-tanh T=4 B=2 D=2 H=3 O=2 lengths").build()
    case = replace(case, lengths=np.array([4, 2]))

    def padded(values: Values) -> None:
        for value in values.values():
            value[2:, 1] = 0.0

    def short(values: Values) -> None:
        values["h_l0"][1, 1] = 0.0

    assert offered(case, padded) == NONE_DIFFERS
    assert offered(case, short) == "your forward first differs at step 1, in h_l0"


# --- from losses alone --------------------------------------------------------------------------


def from_step(first: int, factor: float) -> Callable[[bc.Case], Any]:
    """A subject whose inputs are multiplied from a step on."""

    def subject(case: bc.Case) -> Any:
        x = np.array(case.x)
        x[first:] *= factor
        return loss_and_grads(case.with_inputs({"x": x}))

    return subject


def by_losses(subject: Callable[[bc.Case], Any], case: bc.Case) -> str:
    """The sentence on a subject that offers no outputs."""
    result = bc.Result(*subject(case))
    return where_it_differs(subject, case, result, budgets(case))


@pytest.mark.parametrize("model", ["rnn-tanh", "lstm+last", "gru+mean+mse", "rnn-tanh+linear"])
@pytest.mark.parametrize("factor", [2.0, 1.0 + 1e-9])
def test_first_step_is_found_by_prefixes(model: str, factor: float) -> None:
    """However small the change is: a billionth is a million budgets."""
    case = bc.Spec.parse(f"{model} T=6 B=1 D=1 H=2 O=2").build()

    assert by_losses(from_step(3, factor), case) == "your forward first differs at step 3"
    assert by_losses(loss_and_grads, case) == ""


def test_calls_with_first_steps_have_the_limit_of_the_case() -> None:
    """A subject that hangs on them says nothing of where it differs."""
    case = bc.Spec.parse("rnn-tanh T=2 B=1 D=1 H=2 O=2").build()

    def hangs(given: bc.Case) -> Any:
        time.sleep(600)

    result = bc.Result(*from_step(1, 2.0)(case))
    assert where_it_differs(hangs, case, result, budgets(case), 0.05) == ""


def test_small_contribution_to_a_long_loss_is_found() -> None:
    """After 30 steps the loss has the digits that it had after 4."""
    case = bc.Spec.parse("rnn-tanh T=32 B=1 D=1 H=2 O=2").build()

    assert by_losses(from_step(30, 1.0 + 1e-9), case) == "your forward first differs at step 30"
    assert by_losses(loss_and_grads, case) == ""


@pytest.mark.parametrize("factor", [1e-20, 1.0, 1e20])
def test_scale_of_a_loss_does_not_matter(factor: float) -> None:
    """Its square is 1e-40 or 1e40, and its budget as many times smaller or larger."""
    case = with_readout_times(bc.Spec.parse("rnn-tanh+mse T=5 B=2 D=2 H=3 O=2").build(), factor)

    assert by_losses(from_step(2, 1.0 + 1e-9), case) == "your forward first differs at step 2"
    assert by_losses(loss_and_grads, case) == ""


@pytest.mark.parametrize(("dtype", "factor"), [("float32", 1.001), ("bfloat16", 3.0)])
def test_rounding_of_a_lower_precision_is_no_difference(dtype: str, factor: float) -> None:
    """Its budget is as wide as its digits are few."""
    case = bc.Spec.parse(f"lstm T=5 B=2 D=2 H=3 O=2 dtype={dtype}").build()

    def larger_from_step_three(given: bc.Case) -> Any:
        loss, grads = loss_and_grads(given)
        return (loss if len(given.x) <= 3 else factor * loss), grads

    assert by_losses(loss_and_grads, case) == ""
    assert by_losses(larger_from_step_three, case) == "your forward first differs at step 3"


def test_loss_that_is_not_finite_differs() -> None:
    """It has no distance from anything, and so lies within no budget."""
    case = bc.Spec.parse("rnn-tanh T=3 B=1 D=1 H=2 O=2").build()

    def nan_from_step_one(given: bc.Case) -> Any:
        loss, grads = loss_and_grads(given)
        return (loss if len(given.x) < 2 else np.nan), grads

    assert by_losses(nan_from_step_one, case) == "your forward first differs at step 1"
