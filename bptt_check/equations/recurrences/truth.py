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
    reference = case.model.reference
    wrt = case.model.inputs.differentiated
    return reference.gradients(case.arrays, case.cotangents, wrt)


def linear_loss(case: RecurrenceCase, outputs: dict[str, Array]) -> float:
    """The sum of the outputs times their cotangents."""
    return float(sum(np.sum(c * outputs[name]) for name, c in case.cotangents.items()))


def rounded_evaluation(case: RecurrenceCase, rounding: RoundingModel) -> Evaluation:
    """Samples of both passes with random rounding, along a first axis."""
    numbers = [*case.inputs.values(), *case.cotangents.values()]
    many = sum(a.size for a in numbers) > MANY_NUMBERS
    return case.model.reference.rounded(
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


APART = 0.5
"""Scatter beside the values themselves from which on samples no longer follow each other."""


def diverged(rounded: Evaluation) -> bool:
    """Whether rounding decides what the outputs are: most of them are as uncertain as large."""
    sizes = [(deviation(o), np.abs(o.mean(0))) for o in rounded.outputs.values() if o.size]
    astray = sum(int(np.sum(d > APART * m)) for d, m in sizes)
    return astray > APART * sum(m.size for _, m in sizes)
