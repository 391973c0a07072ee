"""Says what is wrong: which known mistake gives exactly a subject's gradients, and when.

A list of searches, asked in order; the first that explains the gradients ends it. All of them look
at the same answers of the subject, which is called once on each of a few crafted cases and a few
that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple

from ..cases.case import Spec
from ..cases.result import Differentiator
from .conditions import FailureSample, condition_of
from .edit_search import Explanation, best_combination, best_single_edit
from .facts import Fact
from .finding import Finding
from .first_error import first_error
from .formulas.clipping import clipped_after_loop, clipped_in_loop
from .formulas.common_factor import which_factor, which_factor_of_some
from .formulas.convention import which_convention
from .formulas.loss_epsilon import which_epsilon
from .formulas.truncation import which_truncation
from .formulas.weight_decay import which_decay
from .formulas.zero_gradients import all_zero, some_zero
from .missing_gradients import never_given
from .mistakes import textbook
from .repeated_calls import left_of_calls
from .trials import Trial, Trials, telling_specs
from .unused_inputs import unused_inputs
from .wording import (
    finding_of,
    finding_of_fact,
    finding_of_repeated_calls,
    hints,
    in_other_words,
    with_condition,
    with_line,
)

Formula = Callable[[Sequence[Trial]], Fact | None]
"""Explains all of a gradient by a closed formula, on all of the cases, or not at all."""
FORMULAS_FIRST: tuple[Formula, ...] = (all_zero, which_factor, clipped_after_loop, which_decay)
"""Formulas that are tried before the dictionary of edits."""
FORMULAS_LAST: tuple[Formula, ...] = (
    some_zero,
    which_factor_of_some,
    which_convention,
    which_truncation,
    clipped_in_loop,
)
"""Those tried after single edits: they take longer, or explain with more words."""
CUTS = ("carry lost", "boundary")
"""Classes of mistakes that may also be a truncation, which then is told too."""
LONGEST_CASES = 4
"""Failing cases on which a formula must hold: the longest tell most of them apart."""
LONGEST, WIDEST = 48, 33
"""Steps and other sizes above which a case tells no formulas apart that shorter ones do not."""


def diagnose(
    subject: Differentiator, sample: FailureSample, timeout: float | None = None
) -> tuple[Finding, ...]:
    """What is wrong with the gradient of a model.

    Args:
        subject: fails on `sample.failing`; it is called at most once on a case.
        sample: which cases failed and which passed, and how to check others.
        timeout: seconds for one call of the subject.
    """
    if not sample.failing:
        return ()
    trials = Trials(subject, timeout)
    longest = _longest(trials, sample.failing)
    unused = unused_inputs(trials, longest)
    if unused is not None:
        return (finding_of_fact(unused, len(longest)),)
    epsilon = which_epsilon(longest)
    of_loss = (finding_of_fact(epsilon, len(longest)),) if epsilon else ()
    if epsilon and epsilon.gradients:
        return of_loss
    return (*of_loss, *_of_gradients(trials, longest, sample))


def diagnose_lost_digits(
    subject: Differentiator, sample: FailureSample, timeout: float | None = None
) -> tuple[Finding, ...]:
    """What makes a right formula lose digits, where that has a name; arguments as of `diagnose`."""
    longest = _longest(Trials(subject, timeout), sample.failing)
    epsilon = which_epsilon(longest)
    return (finding_of_fact(epsilon, len(longest)),) if epsilon else ()


def diagnose_breach(
    subject: Differentiator, sample: FailureSample, timeout: float | None = None
) -> tuple[Finding, ...]:
    """Why a gradient is missing, or calls on the same case give other answers; arguments as of
    `diagnose`.
    """
    longest = _longest(Trials(subject, timeout), sample.failing)
    missing = never_given(longest)
    if missing is not None:
        return (finding_of_fact(missing, len(longest)),)
    fact = left_of_calls(subject, sample.failing, timeout)
    return (finding_of_repeated_calls(fact),) if fact else ()


def _of_gradients(
    trials: Trials, longest: Sequence[Trial], sample: FailureSample
) -> tuple[Finding, ...]:
    """What is wrong with the gradients, or with loss and gradients alike."""
    formula = _first_that_holds(FORMULAS_FIRST, longest)
    wrong = _wrong_trials(trials, sample.failing)
    sample = sample.with_failing(*[trial.case for trial in wrong])
    explained = best_single_edit(wrong) if wrong else None
    if formula is not None:
        return (with_line(formula, finding_of(explained, wrong)) if explained else formula,)
    if explained is not None:
        return (_of_edit(explained, wrong, sample),)
    formula = _first_that_holds(FORMULAS_LAST, longest)
    if formula is not None:
        return (formula,)
    explained = best_combination(wrong) if wrong else None
    if explained is not None:
        return (_of_edit(explained, wrong, sample),)
    return hints(first_error(trials, wrong) if wrong else None, condition_of(sample, None), wrong)


def _of_edit(explained: Explanation, wrong: Sequence[Trial], sample: FailureSample) -> Finding:
    """What edits explain, and when; with the truncation that comes to the same."""
    alone = len(explained.edits) == 1 and explained.edits[0].kind in CUTS
    cut = which_truncation(wrong[:LONGEST_CASES]) if alone else None
    finding = in_other_words(finding_of(explained, wrong), cut)
    return with_condition(finding, condition_of(sample, explained.changes))


def _longest(trials: Trials, failing: Sequence[Spec]) -> list[Trial]:
    """The trials of the longest failing cases among those that are not large; none if one of them
    got no answer.
    """

    def rank(spec: Spec) -> tuple[bool, int]:
        large = spec.sizes.T > LONGEST or max(astuple(spec.sizes)[1:]) > WIDEST
        return large, spec.sizes.T if large else -spec.sizes.T

    specs = sorted(failing, key=rank)[:LONGEST_CASES]
    answered = trials.of(specs)
    return answered if len(answered) == len(specs) else []


def _first_that_holds(formulas: Sequence[Formula], trials: Sequence[Trial]) -> Finding | None:
    """What the first formula that explains the gradients says."""
    fact = next(filter(None, (formula(trials) for formula in formulas)), None)
    return finding_of_fact(fact, len(trials)) if fact else None


def _wrong_trials(trials: Trials, failing: Sequence[Spec]) -> list[Trial]:
    """Trials that tell mistakes apart and are wrong; none of a model that no textbook knows."""
    if not textbook.knows(failing[0].model):
        return []
    return [trial for trial in trials.of(telling_specs(failing)) if trial.wrong]


__all__ = ["FailureSample", "diagnose", "diagnose_breach", "diagnose_lost_digits"]
