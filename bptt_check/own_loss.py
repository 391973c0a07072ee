"""The first of the two questions: is the gradient the derivative of the subject's *own* loss?

Needs no oracle and no knowledge of the model: the subject's loss is differenced. Asked when that
    loss
is not the model's, to tell a right backward of another forward from a wrong backward.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import NumPy
from .calling import ask
from .case import Case, Differentiator, Result
from .network import logits, losses, problem, run_layers
from .precision import PRECISIONS
from .roundoff import Conditioning
from .verdict import Budgets

Array = NDArray[Any]

STEP = {"float64": 2.0**-12, "float32": 2.0**-4}
SAFETY = 64.0
"""Roundings of the loss allowed for one difference; its conditioning is only known for our own
model.
"""


def own_derivative(
    subject: Differentiator, case: Case, result: Result, conditioned: Conditioning
) -> str:
    """One sentence that answers the question for a subject whose loss is another one."""
    noise = SAFETY * conditioned.loss * PRECISIONS[case.dtype].unit
    wrong = [n for n in result.grads if not _agrees(subject, case, n, result.grads[n], noise)]
    if not wrong:
        return (
            "your backward is right for your forward, but your forward is another model (or loss)"
        )
    return f"your backward is not the derivative of your own loss either: {', '.join(wrong)}"


def _agrees(subject: Differentiator, case: Case, name: str, gradient: Array, noise: float) -> bool:
    """Whether every entry of a gradient is within the bound of the differences of the subject's
    loss.
    """
    step = STEP[case.stored]
    for index in np.ndindex(gradient.shape):
        coarse = _difference(subject, case, name, index, step)
        fine = _difference(subject, case, name, index, step / 2)
        best = fine + (fine - coarse) / 3.0
        bound = 2.0 * abs(best - fine) + 4.0 * noise / step + 1e-9 * abs(best)
        if not abs(gradient[index] - best) <= bound:
            return False
    return True


def _difference(
    subject: Differentiator, case: Case, name: str, index: tuple[int, ...], step: float
) -> float:
    """Central difference of the subject's loss in one entry of one input."""
    (up, above), (down, below) = (_loss_at(subject, case, name, index, s) for s in (step, -step))
    return (up - down) / (above - below)


def _loss_at(
    subject: Differentiator, case: Case, name: str, index: tuple[int, ...], step: float
) -> tuple[float, float]:
    """The subject's loss with one entry moved, and the value that entry really got in its dtype."""
    moved = case.inputs[name].copy()
    moved[index] += step
    answer = ask(subject, case.with_inputs({name: moved}))
    loss = float("nan") if answer.result is None else answer.result.loss
    return loss, float(moved[index])


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
