"""Errors that an arithmetic explains: a right formula, of which digits were lost on the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...cases.result import Result
from ...cases.types import Array
from ...equations import low_precision
from ...equations.conditioning import Conditioning, RoundingModel
from ..budget import Budgets
from ..case_report import CaseReport
from ..cause import LossLostDigits, LostDigits
from ..difference import Difference
from ..judgement import Judgement
from ..row import is_imprecise
from ..verdict import Reason, Verdict


def lost_digits(judged: Judgement) -> CaseReport | None:
    """A report if an arithmetic that loses digits explains everything that is over budget."""
    for rounding in low_precision.lossy_models(judged.case, judged.result.grads):
        if _explains_loss(judged, rounding):
            name = low_precision.rounding_name(rounding)
            if not judged.wrong_gradients:
                cause = LossLostDigits(name, judged.loss_error, judged.measurement.loss)
                return judged.closed(Verdict.IMPRECISE, cause, "loss")
            if _explains_gradients(judged, rounding):
                judged = judged.rewritten(Verdict.IMPRECISE, Reason.NONE)
                worst = judged.worst_parameter(Verdict.IMPRECISE)
                return judged.closed(Verdict.IMPRECISE, LostDigits(name), worst)
    return None


def _explains_loss(judged: Judgement, rounding: RoundingModel) -> bool:
    """Whether the loss is right as far as an arithmetic can tell."""
    if not judged.wrong_loss:
        return True
    plain, lost = judged.measurement.plain, low_precision.loss_error(judged.case, rounding)
    return judged.loss_error <= plain.of_loss() + plain.tolerance.units * lost


def _explains_gradients(judged: Judgement, rounding: RoundingModel) -> bool:
    """Whether the gradients are right as far as an arithmetic can tell."""
    lower = low_precision.conditioning_in(judged.case, rounding)
    sharp = min(judged.trusted, key=lambda name: _bluntness(judged.trusted[name]))
    found, budgets = judged.measurement.differences[sharp], judged.measurement.budgets[sharp]
    if not rounding.factor_digits:
        return is_imprecise(found, budgets, lower)
    if any(np.any(d.error > budgets.allowed_in(name, lower)) for name, d in found.items()):
        return False
    weights = _weights(found, judged.measurement.plain, lower)
    return low_precision.errors_of_factors(judged.case, judged.result.grads, rounding, weights)


def _bluntness(result: Result) -> tuple[bool, float]:
    """Whether an oracle knows no single entry, and the largest error that it says it may have."""
    bounds = (result.bounds or {}).values()
    return bool(result.along), max((float(b.max()) for b in bounds), default=0.0)


def _weights(
    found: Mapping[str, Difference], plain: Budgets, lower: Conditioning
) -> dict[str, Array]:
    """What each entry counts among the errors that an arithmetic makes: one over their typical
    size where they would show; nothing where chaos or kinks take over, unless they do so all over.
    """
    lost = {n: lower.error(n) for n in found}
    shows = {n: lost[n] > plain.of(n) for n in found}
    steady = {n: shows[n] & (a == 0) for n, a in _astray(found, lower).items()}
    counted = steady if any(map(np.any, steady.values())) else shows
    return {n: np.where(counted[n], 1.0 / np.where(counted[n], lost[n], 1.0), 0.0) for n in found}


def _astray(found: Mapping[str, Difference], lower: Conditioning) -> dict[str, Array]:
    """What chaos and kinks make of each entry, beside rounding."""
    return {
        n: np.broadcast_to(lower.unbounded(n) + lower.subgradient_width(n), lower.error(n).shape)
        for n in found
    }
