"""The truth of a case of a user's own recurrence, and how rounding grows in it."""

from __future__ import annotations

import functools

import numpy as np

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.recurrences.reference_code import Evaluation
from ...cases.types import Array
from ..arithmetics.rounding import deviation
from ..arithmetics.rounding_model import SAMPLES, RoundingModel

FEW_SAMPLES = 8
"""Runs of a case of many numbers, whose entries have the same scatter many times over."""
MANY_NUMBERS = 20_000
"""Numbers of inputs and outputs from which on a case has many."""


@functools.lru_cache(maxsize=32)
def evaluation_of(case: RecurrenceCase) -> Evaluation:
    """Outputs and gradients of the reference in float64, remembered for the last few cases."""
    reference = case.reference
    wrt = case.model.inputs.differentiated
    return reference.gradients(case.arrays, case.cotangents, wrt)


def linear_loss(case: RecurrenceCase, outputs: dict[str, Array]) -> float:
    """The sum of the outputs times their cotangents."""
    with np.errstate(all="ignore"):  # outputs may be infinite
        return float(sum(np.sum(c * outputs[name]) for name, c in case.cotangents.items()))


def rounded_evaluation(case: RecurrenceCase, rounding: RoundingModel) -> Evaluation:
    """Samples of both passes with random rounding, along a first axis."""
    numbers = [*case.inputs.values(), *case.cotangents.values()]
    many = sum(a.size for a in numbers) > MANY_NUMBERS
    return case.reference.rounded(
        case.arrays,
        case.cotangents,
        case.model.inputs.differentiated,
        rounding,
        FEW_SAMPLES if many else SAMPLES,
    )


def scattered_loss(case: RecurrenceCase, rounded: Evaluation, unit: float) -> float:
    """Rounding error of the loss per unit roundoff, at least that of each output by itself."""
    products = {n: c * rounded.outputs[n] for n, c in case.cotangents.items()}
    sums = sum(p.reshape(len(p), -1).sum(1) for p in products.values())
    terms = sum(float(np.abs(p.mean(0)).sum()) for p in products.values())
    return float(deviation(np.asarray(sums)) / unit) + terms


def sizes_where_zero(case: RecurrenceCase) -> dict[str, float]:
    """How large what cancels is, where a gradient is exactly zero: the root mean square of each
    gradient if every output has a part in the loss.

    Where an output does not depend on an input the reference may take no path to it at all, and
    other code several that cancel: of these rounding is left.
    """
    outputs = evaluation_of(case).outputs
    sizes = [float(np.abs(c).max(initial=0.0)) for c in case.cotangents.values()]
    rng = np.random.default_rng(0)
    spread = {n: max(sizes) * rng.choice((-1.0, 1.0), o.shape) for n, o in outputs.items()}
    wrt = case.model.inputs.differentiated
    grads = case.reference.gradients(case.arrays, spread, wrt).grads
    return {n: float(np.sqrt(np.mean(np.square(g)))) for n, g in grads.items()}


APART = 0.5
"""Scatter beside the values themselves from which on samples no longer follow each other."""


def diverged(rounded: Evaluation) -> bool:
    """Whether rounding decides what the outputs are: most of them are as uncertain as large."""
    sizes = [(deviation(o), np.abs(o.mean(0))) for o in rounded.outputs.values() if o.size]
    astray = sum(int(np.sum(d > APART * m)) for d, m in sizes)
    return astray > APART * sum(m.size for _, m in sizes)
