"""Where a forward pass first differs from the model's: the step, and the layer where it is known.

Asked when the loss is not the model's. Every comparison has the budget of what it compares: the
rounding of the model's own forward pass, measured on this case and up to this step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..cases.case import Case
from ..cases.result import Differentiator, Result
from ..cases.types import Array
from ..equations.conditioning import (
    FLOAT64,
    Conditioning,
    RoundingModel,
    loss_scatter,
    output_scatter,
)
from ..equations.exact import exact_loss
from ..equations.namespaces.numpy import NumPy
from ..equations.network import outputs, problem_of
from ..subjects.calling import call
from ..verdicts.budget import Budgets, Tolerance


def where_it_differs(
    subject: Differentiator,
    case: Case,
    result: Result,
    budgets: Budgets,
    timeout: float | None = None,
) -> str:
    """The first step (and layer, where outputs are offered) at which the forward is another one.

    Args:
        subject: called with the first steps of the case where it offers no outputs.
        case: a case whose loss by the subject is not the model's.
        result: what the subject returned for it.
        budgets: those of the case; taken from them is how many typical rounding errors they allow.
        timeout: seconds for one call of the subject.
    """
    by_outputs = _by_outputs(case, result, budgets.tolerance) if result.outputs else ""
    return by_outputs or _by_prefixes(subject, case, budgets.tolerance, timeout)


def _by_outputs(case: Case, result: Result, tolerance: Tolerance) -> str:
    """Compare the offered `h_l{k}` (T, B, H*N) and `y` (T, B, O) with the shared forward pass."""
    given = problem_of(case)
    budgets = _output_budgets(case, tolerance)
    differs: dict[str, Array] = {}
    for name, steps in outputs(NumPy(), given, given.inputs).items():
        want = np.stack(steps)
        got = np.asarray((result.outputs or {}).get(name, want), dtype=np.float64)
        differs[name] = _differs(got, want, budgets.of(name), given.mask)
    for t in range(case.sizes.T):
        for name, at in differs.items():
            if at[t]:
                return f"your forward first differs at step {t}, in {name}"
    return "every output that you offer is right: the loss itself is another one"


def _differs(got: Array, want: Array, budget: Array, alive: Array | None) -> Array:
    """Whether forward values (T, B, width) are other ones at a step, (T,); padding is not read."""
    if got.shape != want.shape:
        return np.ones(len(want), dtype=bool)
    read = True if alive is None else alive
    return np.any(read & ~(np.abs(got - want) <= budget).all(axis=-1), axis=-1)


def _output_budgets(case: Case, tolerance: Tolerance) -> Budgets:
    """The budgets of forward values, which have the place of gradients here."""
    given = problem_of(case)
    return _budgets(case, tolerance, lambda a: Conditioning(a.dtype, 0.0, output_scatter(given, a)))


def _loss_budget(case: Case, tolerance: Tolerance) -> float:
    """What rounding allows of the loss of a case."""
    given = problem_of(case)

    def of_loss(rounding: RoundingModel) -> Conditioning:
        return Conditioning(rounding.dtype, float(loss_scatter(given, rounding).sum()), {})

    return _budgets(case, tolerance, of_loss).of_loss()


def _budgets(
    case: Case, tolerance: Tolerance, conditioning: Callable[[RoundingModel], Conditioning]
) -> Budgets:
    """The rounding of the subject, in the dtype of the case, and that of the expected values."""
    expected = conditioning(FLOAT64)
    subject = expected if case.dtype == "float64" else conditioning(RoundingModel(case.dtype))
    return Budgets(tolerance, subject, expected, None)


def _by_prefixes(
    subject: Differentiator, case: Case, tolerance: Tolerance, timeout: float | None
) -> str:
    """Run the first 1, 2, ... steps alone until the loss is another one."""
    for steps in range(1, case.sizes.T + 1):
        prefix = _prefix(case, steps)
        want = exact_loss(prefix)
        answer = call(subject, prefix, timeout)
        if answer.result is None:
            return ""
        if not abs(answer.result.loss - want) <= _loss_budget(prefix, tolerance):
            return f"your forward first differs at step {steps - 1}"
    return ""


def _prefix(case: Case, steps: int) -> Case:
    """The case cut after its first steps."""
    every = case.model.readout == "every"
    return replace(
        case,
        x=case.x[:steps],
        targets=case.targets[:steps] if every else case.targets,
        lengths=None if case.lengths is None else np.minimum(case.lengths, steps),
        spec=None,
    )
