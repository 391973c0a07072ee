"""Is there an epsilon in the logarithm of the loss? Names it, and how it comes in.

`-log(p + 1e-12)` is another loss than `-log(p)`: a little where p is of order one, and another one
altogether where p is tiny, as where logits are large. A match is one to rounding of the loss.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...cases.case import Case
from ...cases.precision import PRECISIONS
from ...cases.types import Array, Arrays
from ...equations.conditioning import conditioning
from ...equations.exact import sweep
from ...equations.namespaces.numpy import NumPy
from ...equations.network import Problem, outputs, problem_of
from ..facts import EpsilonForm, EpsilonInLoss
from ..matching import UNITS, same
from ..trials import Trial

EPSILONS = (
    *(float(f"1e-{n}") for n in range(3, 41)),
    *(float(np.finfo(dtype).eps) for dtype in ("float64", "float32", "float16")),
    *(float(np.finfo(dtype).tiny) for dtype in ("float64", "float32")),
)
"""What people write into a logarithm."""


@dataclass(frozen=True, eq=False)
class _Head:
    """The head of a case: its problem, and the probabilities [T, B, O] that the model gives."""

    problem: Problem
    probabilities: Array

    @property
    def binary(self) -> bool:
        """Whether each output has a probability of its own."""
        return self.problem.model.loss == "bce"

    def loss(self, form: EpsilonForm, epsilon: float) -> float:
        """The loss with an epsilon."""
        p, t = self.probabilities, self.problem.targets
        terms = t * np.log(_kept_off_zero(p, form, epsilon))
        if self.binary:
            terms = terms + (1 - t) * np.log(_kept_off_zero(1 - p, form, epsilon))
        return -float((self.problem.weights[..., None] * terms).sum())

    def own_gradients(self, form: EpsilonForm, epsilon: float) -> Arrays:
        """The gradients of that loss: those of the model for other weights, or other targets."""
        p, t, given = self.probabilities, self.problem.targets, self.problem
        slope = _slope(p, form, epsilon)
        if self.binary:
            other = _slope(1 - p, form, epsilon)
            y_bar = (1 - t) * p * other - t * (1 - p) * slope
            changed = replace(given, targets=p - y_bar)
        else:
            changed = replace(given, weights=given.weights * (t * slope).sum(-1))
        return {name: bar[0] for name, bar in sweep(changed).bars.items()}


def _kept_off_zero(p: Array, form: EpsilonForm, epsilon: float) -> Array:
    if form is EpsilonForm.ADDED:
        return p + epsilon
    return np.clip(p, epsilon, 1 - epsilon if form is EpsilonForm.CLIPPED else np.inf)


def _slope(p: Array, form: EpsilonForm, epsilon: float) -> Array:
    """`p d/dp log(...)`: 1 without an epsilon."""
    if form is EpsilonForm.ADDED:
        return p / (p + epsilon)
    return 1.0 * (_kept_off_zero(p, form, epsilon) == p)


@functools.lru_cache(maxsize=8)
def _head(case: Case) -> _Head:
    problem = problem_of(case)
    y = np.stack(list(outputs(NumPy(), problem, problem.inputs)["y"]))
    if case.model.loss == "bce":
        with np.errstate(over="ignore"):
            return _Head(problem, np.where(y < 0, np.exp(y), 1.0) / (1 + np.exp(-np.abs(y))))
    e = np.exp(y - y.max(axis=-1, keepdims=True))
    return _Head(problem, e / e.sum(axis=-1, keepdims=True))


def which_epsilon(trials: Sequence[Trial]) -> EpsilonInLoss | None:
    """The epsilon with which the loss is that of the subject on all of the cases."""
    if not trials or trials[0].case.model.loss not in ("cross_entropy", "bce"):
        return None
    if all(_distance(trial, trial.want_loss) <= 1 for trial in trials):
        return None
    fits: list[tuple[float, EpsilonForm, float]] = []
    for form, epsilon in itertools.product(EpsilonForm, EPSILONS):
        with np.errstate(divide="ignore", invalid="ignore"):
            far = max(_distance(t, _head(t.case).loss(form, epsilon)) for t in trials)
        if far <= 1:
            fits.append((far, form, epsilon))
    if not fits:
        return None
    _, form, epsilon = min(fits, key=lambda fit: fit[0])
    complements = trials[0].case.model.loss == "bce"
    return EpsilonInLoss(epsilon, form, complements, _gradients(trials, form, epsilon))


def _distance(trial: Trial, loss: float) -> float:
    """How far the subject's loss is from this one, in what rounding makes of it.

    Logarithms of probabilities, near 1 too, are off by a rounding error of 1 each.
    """
    case = trial.case
    terms = float(_head(case).problem.weights.sum()) * case.sizes.O
    rounding = conditioning(case, case.dtype, keeps_digits=False).loss_error()
    allowed = UNITS * (rounding + PRECISIONS[case.dtype].unit * terms)
    distance = abs(trial.got_loss - loss) / allowed
    return distance if np.isfinite(distance) else np.inf


def _gradients(trials: Sequence[Trial], form: EpsilonForm, epsilon: float) -> str:
    """Of which loss the gradients are."""
    if all(same(t.got, t.want, t.by_rounding) for t in trials):
        return "model"
    if any(t.case.truncation is not None for t in trials):
        return ""
    own = (same(t.got, _head(t.case).own_gradients(form, epsilon), t.by_rounding) for t in trials)
    return "own" if all(own) else ""
