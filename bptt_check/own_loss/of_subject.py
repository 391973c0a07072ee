"""The first of the two questions: is the gradient the derivative of the subject's *own* loss?

Needs no oracle and no knowledge of the model: see `function`. Asked when that loss is not the
model's, to tell a right backward of another forward from a wrong backward.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.precision import PRECISIONS
from ..cases.result import Differentiator, Result
from ..equations.namespaces.numpy import NumPy
from ..equations.network import logits, losses, problem, run_layers
from ..subjects.calling import ask, ask_once
from ..verdicts.budget import Budgets
from ..verdicts.verdict import Verdict
from .verify import verify_function

CALLS = 20_000
"""Of the subject, at most; a larger case is sampled."""


def own_derivative(subject: Differentiator, case: Case, result: Result) -> str:
    """One sentence that answers the question for a subject whose loss is another one."""

    def own(arrays: dict[str, Any]) -> Result:
        answer = ask_once(subject, case.with_inputs(arrays)).result
        if answer is None:
            raise ValueError("the subject gave no loss and gradients here")
        return Result(answer.loss, {n: answer.grads[n].astype(case.stored) for n in result.grads})

    report = verify_function(own, case.inputs, wrt=list(result.grads), max_calls=CALLS)
    wrong = dict.fromkeys(r.parameter for r in report.rows if r.verdict == Verdict.FAIL)
    if wrong:
        return f"your backward is not the derivative of your own loss either: {', '.join(wrong)}"
    if report.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.IMPRECISE):
        return (
            "your backward is right for your forward, but your forward is another model (or loss)"
        )
    return ""


def where_it_differs(subject: Differentiator, case: Case, result: Result, budgets: Budgets) -> str:
    """The first step (and layer, where outputs are offered) at which the forward is another one."""
    found = _by_outputs(case, result, budgets) if result.outputs else ""
    return found or _by_prefixes(subject, case)


def _by_outputs(case: Case, result: Result, budgets: Budgets) -> str:
    """Compare the offered `h_l{k}` (T, B, H*N) and `y` (T, B, O) with the shared forward pass."""
    given = problem(case)
    layers = [np.stack(h) for h, *_ in run_layers(NumPy(), given, given.inputs)]
    expected = {f"h_l{k}": h for k, h in enumerate(layers)}
    if "W_hy" in given.inputs:
        expected["y"] = np.stack([logits(NumPy(), h_t, given.inputs) for h_t in layers[-1]])
    relative = (
        budgets.tolerance.units
        * PRECISIONS[case.dtype].unit
        * 2.0**case.model.layers
        * case.sizes.T
    )
    for t in range(case.sizes.T):
        for name, want in expected.items():
            got = np.asarray((result.outputs or {}).get(name, want), dtype=np.float64)
            scale = max(1.0, float(np.abs(want[t]).max()))
            if got.shape != want.shape or np.abs(got[t] - want[t]).max() > relative * scale:
                return f"your forward first differs at step {t}, in {name}"
    return "every output that you offer is right: the loss itself is another one"


def _by_prefixes(subject: Differentiator, case: Case) -> str:
    """Run the first 1, 2, ... steps alone until the loss is another one."""
    for steps in range(1, case.sizes.T + 1):
        prefix = _prefix(case, steps)
        given = problem(prefix)
        want = float(losses(NumPy(), given, given.inputs).sum())
        answer = ask(subject, prefix)
        if answer.result is None:
            return ""
        if abs(answer.result.loss - want) > 1e-6 * max(abs(want), 1e-30):
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
