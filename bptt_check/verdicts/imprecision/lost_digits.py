"""Errors that an arithmetic explains: a right formula, of which digits were lost on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ...cases.any_case import AnyCase
from ...cases.case import Case
from ...cases.precision import PRECISIONS
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.types import Array
from ...equations import low_precision
from ...equations.arithmetics.rounding_model import RoundingModel
from ...equations.exact import record
from ...equations.network import problem_of
from ...equations.rounding_errors import Conditioning
from ..budget import Budgets
from ..case_report import CaseReport
from ..cause import LossLostDigits, LostDigits
from ..difference import Difference
from ..judgement import Judgement
from ..row import is_imprecise
from ..verdict import Reason, Verdict
from .one_direction import arithmetic_of_one_direction

FEW = 10.0
"""Budgets up to which an error is no wrong formula, whatever it is: the model of rounding may not
know how a cell is written.
"""
WHOLE = 0.25
"""Error beside the largest entry from which on a gradient is another one, however few budgets they
are: there budgets are as large as the gradient.
"""
FAR, FAR_SIZES = 2.0**10, 2.0**6
"""How far the units of a case may be from those that a coarser arithmetic has there, entry by
entry, and in the root mean square of all.
"""
TINY = 2.0**-30
"""Size of numbers four of which make one that is flushed to zero in float32."""
LARGEST_EXPONENT = 700.0
"""Beyond which exp overflows."""
MANY = 2.0**10
"""Budgets up to which it is none if it is spread like rounding and small..."""


def lost_digits(judged: Judgement) -> CaseReport | None:
    """A report if an arithmetic that loses digits explains everything that is over budget: one that
    is known by name, one whose errors have one direction, or else one that loses few.
    """
    for rounding in low_precision.lossy_models(judged.case, judged.result.grads):
        if _is_far_beyond(judged, rounding):
            continue
        if _explains_loss(judged, rounding) and _explains_gradients(judged, rounding):
            return _imprecise(judged, low_precision.rounding_name(rounding))
    if not _within(judged, MANY):  # as most wrong formulas: what follows takes passes of its own
        return None
    if known := arithmetic_of_one_direction(judged):
        return _imprecise(judged, known)
    return _imprecise(judged, "") if _is_slight(judged) else None


def _is_far_beyond(judged: Judgement, rounding: RoundingModel) -> bool:
    """Whether errors are so far beyond what an arithmetic leaves that it need not be simulated.

    Rounding grows with the unit roundoff, but where trajectories diverge: there the units of the
    case itself are without end. What is flushed to zero is none of it. A function that keeps no
    digits of what it lacks to its bound loses so much more as that is smaller than the bound: at z
    that is exp(-2 |z|) for tanh, and more for the others.
    """
    own, case = judged.measurement.plain.subject, judged.case
    if isinstance(case, RecurrenceCase) or _has_tiny_numbers(case):  # of one, little is simulated
        return False
    if not judged.wrong_gradients or own.chaotic is not None:
        return False
    found, budgets = judged.sharpest()
    coarser = rounding.coarsest_unit / PRECISIONS[own.dtype].unit
    if not rounding.keeps_digits:
        coarser *= math.exp(min(2.0 * _largest_argument(case), LARGEST_EXPONENT))
    if rounding.factor_digits:  # they are believed by how all errors lie, of one size with theirs
        ratios = [d.error * _inverse(t := budgets.typical(n, own), t > 0) for n, d in found.items()]
        squares = np.concatenate([np.square(r / coarser).ravel() for r in ratios])
        return float(np.sqrt(squares.mean())) > FAR_SIZES
    allowed, tiniest = FAR * budgets.tolerance.units * coarser, PRECISIONS[rounding.dtype].tiniest
    return any(
        np.any(d.error > budgets.of(n) + allowed * (budgets.typical(n, own) + tiniest))
        for n, d in found.items()
    )


def _largest_argument(case: Case) -> float:
    """The largest size of what enters a function that saturates, softmax included."""
    _, loss = record(problem_of(case))
    entering = loss.tape.nonlinear_inputs
    return max((float(np.abs(z).max(initial=0.0)) for z in entering), default=0.0)


def _has_tiny_numbers(case: Case) -> bool:
    """Whether products of a few numbers of a case may leave the range of a narrower dtype."""
    sizes = [np.abs(a[a != 0]) for a in {**case.inputs, "targets": case.targets}.values()]
    return any(size.size and float(size.min()) < TINY for size in sizes)


def _imprecise(judged: Judgement, arithmetic: str) -> CaseReport:
    """The report of errors that are those of an arithmetic."""
    if not judged.wrong_gradients:
        cause = LossLostDigits(arithmetic, judged.loss_error, judged.measurement.loss)
        return judged.closed(Verdict.IMPRECISE, cause, "loss")
    judged = judged.rewritten(Verdict.IMPRECISE, Reason.NONE)
    worst = judged.worst_parameter(Verdict.IMPRECISE)
    return judged.closed(Verdict.IMPRECISE, LostDigits(arithmetic), worst)


def _is_slight(judged: Judgement) -> bool:
    """Whether errors are of a few budgets that leave most of the gradient; or, if they are spread
    like rounding, of some hundreds that are small beside the largest entry.

    Not in half precision, where ten budgets are as much as the gradient itself.
    """
    precision = PRECISIONS[judged.case.dtype]
    if precision.name != precision.stored:
        return False
    few = _within(judged, FEW) and _leaves_most(judged)
    return few or (_within(judged, MANY) and _are_small_and_spread(judged))


def _leaves_most(judged: Judgement) -> bool:
    """Whether errors over budget are small enough beside the largest entry of each gradient."""
    found, budgets = judged.sharpest()
    over = {n: np.where(d.error > budgets.of(n), d.error, 0.0) for n, d in found.items()}
    largest = {n: np.abs(d.want).max(initial=0.0) for n, d in found.items()}
    return all(np.all(over[n] < WHOLE * size) for n, size in largest.items() if size)


def _within(judged: Judgement, times: float) -> bool:
    """Whether the loss and all gradients are within so many times what rounding is allowed."""
    plain = judged.measurement.plain
    rounding = plain.tolerance.units * plain.subject.loss_error()
    if judged.loss_error > plain.of_loss() + times * rounding:
        return False
    return all(
        np.all(d.error <= budgets.allowed_in(n, _coarse(budgets, times)))
        for oracle, budgets in judged.measurement.budgets.items()
        for n, d in judged.measurement.differences[oracle].items()
    )


def _coarse(budgets: Budgets, times: float) -> Conditioning:
    """Rounding alone, so many times as large."""
    subject = budgets.subject
    grads = {n: times * g for n, g in subject.entries.items()}
    return Conditioning(subject.dtype, times * subject.loss, grads)


def _are_small_and_spread(judged: Judgement) -> bool:
    """Whether half of the digits are right, of the loss and beside the largest entry of each
    gradient, and errors are where those of rounding would be.
    """
    half = math.sqrt(PRECISIONS[judged.case.dtype].unit)
    found, budgets = judged.sharpest()
    small = judged.loss_error <= max(
        half * abs(judged.measurement.loss), judged.measurement.plain.of_loss()
    ) and all(
        np.all(d.error <= half * np.abs(d.want).max(initial=0.0) + budgets.of(n))
        for n, d in found.items()
    )
    coarse = _coarse(budgets, MANY)
    return small and (not judged.wrong_gradients or is_imprecise(found, budgets, coarse))


def _explains_loss(judged: Judgement, rounding: RoundingModel) -> bool:
    """Whether the loss is right as far as an arithmetic can tell."""
    if not judged.wrong_loss:
        return True
    plain, lost = judged.measurement.plain, low_precision.loss_error(judged.case, rounding)
    return judged.loss_error <= plain.of_loss() + plain.tolerance.units * lost


def _is_one_number(case: AnyCase) -> bool:
    """Whether a net is no more than one unit at one step."""
    if isinstance(case, RecurrenceCase):
        return False
    return case.sizes.T * case.sizes.B * case.sizes.H == 1


def _explains_gradients(judged: Judgement, rounding: RoundingModel) -> bool:
    """Whether the gradients are right as far as an arithmetic can tell. Products on few bits leave
    none without errors.
    """
    if not judged.wrong_gradients:
        return not rounding.factor_digits
    if rounding.factor_digits and not _may_be_of_factors(judged, rounding):
        return False
    lower = low_precision.conditioning_in(judged.case, rounding)
    found, budgets = judged.sharpest()
    if not rounding.factor_digits:
        one = _is_one_number(judged.case)
        return is_imprecise(found, budgets, lower, not rounding.keeps_digits, one)
    if any(np.any(d.error > budgets.allowed_in(name, lower)) for name, d in found.items()):
        return False
    weights = _weights(found, judged.measurement.plain, lower)
    assert isinstance(judged.case, Case)  # a recurrence has no model of such products
    return low_precision.errors_of_factors(judged.case, judged.result.grads, rounding, weights)


def _may_be_of_factors(judged: Judgement, rounding: RoundingModel) -> bool:
    """Whether errors may be those of products on few bits, by what is known already. Beyond a relu
    another sign tells nothing.
    """
    if isinstance(judged.case, RecurrenceCase):
        return False
    if judged.case.model.activation == "relu":
        return True
    if not _most_are_off(judged):
        return False
    own = judged.measurement.plain.subject
    weights = {n: _inverse(own.error(n), own.error(n) > 0) for n in judged.result.grads}
    return low_precision.errors_of_factors(judged.case, judged.result.grads, rounding, weights)


def _most_are_off(judged: Judgement) -> bool:
    """Whether half of the gradients that could show it are over budget, as where every product
    rounds its factors; asked first, as a term of one formula leaves the others right.
    """
    found, budgets = judged.sharpest()
    off = [
        bool(np.any(d.error > budgets.of(n)))
        for n, d in found.items()
        if np.any(np.abs(d.want) > budgets.of(n))
    ]
    return 2 * sum(off) >= len(off)


def _inverse(sizes: Array, counted: Array) -> Array:
    """One over some sizes, 0 for the others."""
    return np.where(counted, 1.0 / np.where(counted, sizes, 1.0), 0.0)


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
    return {n: _inverse(lost[n], counted[n]) for n in found}


def _astray(found: Mapping[str, Difference], lower: Conditioning) -> dict[str, Array]:
    """What chaos and kinks make of each entry, beside rounding."""
    return {
        n: np.broadcast_to(lower.unbounded(n) + lower.subgradient_width(n), lower.error(n).shape)
        for n in found
    }
