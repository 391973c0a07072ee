"""Says what is wrong: which known mistake gives exactly a subject's gradients, and when.

A list of searches, asked in order; the first that explains the gradients ends it. All of them look
at the same answers of the subject, which is called once on each of a few crafted cases and a few
that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, replace

from ..cases.case import Spec
from ..cases.result import Differentiator
from .clipping import clipped_after_loop, clipped_in_loop
from .common_factor import which_factor
from .conditions import FailureSample, condition_of
from .convention import which_convention
from .edit_search import Explanation, best_combination, best_single_edit
from .finding import Finding
from .first_error import first_error
from .mistakes import textbook
from .trials import Trial, Trials, telling_specs
from .truncation import which_truncation
from .wording import finding_of

Formula = Callable[[Sequence[Trial]], Finding | None]
"""Explains all of a gradient by a closed formula, on all of the cases, or not at all."""
FORMULAS_FIRST: tuple[Formula, ...] = (which_factor, clipped_after_loop)
"""Formulas that are tried before the dictionary of edits."""
FORMULAS_LAST: tuple[Formula, ...] = (which_convention, which_truncation, clipped_in_loop)
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
        subject: has the loss right and the gradient wrong, on `sample.failing`; it is called at
            most once on a case.
        sample: which cases failed and which passed, and how to check others.
        timeout: seconds for one call of the subject.
    """
    if not sample.failing:
        return ()
    trials = Trials(subject, timeout)
    longest = _longest(trials, sample.failing)
    formula = _first_that_holds(FORMULAS_FIRST, longest)
    wrong = _wrong_trials(trials, sample.failing)
    explained = best_single_edit(wrong) if wrong else None
    if formula is not None:
        return (_with_line(formula, explained, wrong) if explained else formula,)
    if explained is not None:
        cut = which_truncation(wrong[:LONGEST_CASES]) if explained.edits[0].kind in CUTS else None
        return (
            _with_condition(_in_other_words(finding_of(explained, wrong), cut), explained, sample),
        )
    formula = _first_that_holds(FORMULAS_LAST, longest)
    if formula is not None:
        return (formula,)
    explained = best_combination(wrong) if wrong else None
    if explained is not None:
        return (_with_condition(finding_of(explained, wrong), explained, sample),)
    return _hints(trials, wrong, sample)


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
    return next(filter(None, (formula(trials) for formula in formulas)), None)


def _wrong_trials(trials: Trials, failing: Sequence[Spec]) -> list[Trial]:
    """Trials that tell mistakes apart and are wrong; none of a model that no textbook knows."""
    if not textbook.knows(failing[0].model):
        return []
    return [trial for trial in trials.of(telling_specs(failing)) if trial.wrong]


def _with_line(formula: Finding, explained: Explanation, wrong: Sequence[Trial]) -> Finding:
    """What a formula says, with the line whose edit has the same effect."""
    line = finding_of(explained, wrong)
    sentence = f"{formula.sentence}; {line.sentence}"
    return replace(line, sentence=sentence, confidence=formula.confidence)


def _in_other_words(finding: Finding, cut: Finding | None) -> Finding:
    """A finding with the truncation that gives the same gradients, if there is one."""
    if cut is None:
        return finding
    sentence = f"{finding.sentence}; in other words, {cut.sentence}"
    return replace(finding, sentence=sentence, confidence="one of several")


def _with_condition(finding: Finding, explained: Explanation, sample: FailureSample) -> Finding:
    """A finding with the condition under which the mistake is made, if there is one."""
    condition = condition_of(sample, explained.changes)
    if condition is None:
        return finding
    return replace(
        finding,
        sentence=f"{finding.sentence}; {condition.text}",
        condition=condition.rule,
        confidence=finding.confidence if condition.confirmed else "likely",
    )


def _hints(trials: Trials, wrong: Sequence[Trial], sample: FailureSample) -> tuple[Finding, ...]:
    """Where the error begins, and when there is one."""
    place = first_error(trials, wrong) if wrong else ""
    condition = condition_of(sample, None)
    parts = [place, condition.text if condition else ""]
    if not any(parts):
        return ()
    names = sorted({name for trial in wrong for name, _ in trial.wrong})
    return (
        Finding(
            sentence="; ".join(p for p in parts if p),
            confidence="hint",
            parameters=tuple(names),
            cases=len(wrong),
            condition=condition.rule if condition else "",
        ),
    )


__all__ = ["FailureSample", "diagnose"]
