"""Errors that no arithmetic explains, but small everywhere: code that approximates."""

from __future__ import annotations

import numpy as np

from ...cases.precision import PRECISIONS
from ...equations.rounding_errors import Conditioning
from ..judgement import Judgement
from ..row import is_imprecise

LARGEST = 2.0**-10
"""Error beside the largest entry of a gradient from which on nobody would call it approximate."""


def approximation(judged: Judgement) -> float:
    """The largest error, beside the largest entry of its gradient or the loss, where all are small,
    spread over the entries and not one factor; else 0.
    """
    found, budgets = judged.sharpest()
    of_loss = judged.loss_error / (abs(judged.measurement.loss) or 1.0)
    largest = {n: float(np.abs(d.want).max(initial=0.0)) for n, d in found.items()}
    unit = PRECISIONS[judged.case.dtype].unit * budgets.tolerance.units
    allowed = {
        n: np.full(g.shape, LARGEST * largest[n] / unit)
        for n, g in budgets.subject.entries.items()
        if n in found
    }
    if of_loss > LARGEST or not is_imprecise(
        found, budgets, Conditioning(judged.case.dtype, 0.0, allowed)
    ):
        return 0.0
    errors = [float(np.max(d.error)) / (largest[n] or 1.0) for n, d in found.items()]
    return max([of_loss, *errors])
