"""Says what is wrong: which known mistake gives exactly a subject's gradients, and when.

A list of searches, asked in order; the first that finds something ends it. All of them look at the
same answers of the subject: a few crafted cases and a few that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..cases.case import Case
from ..cases.result import Differentiator
from . import origin
from .clipping import clipped_in_loop
from .common_factor import signature
from .conditions import Ground, when
from .convention import which_convention
from .edit_search import Explanation, several, single
from .finding import Finding
from .mistakes import textbook
from .trials import Trial, gather
from .truncation import which_truncation
from .wording import of_explanation

Formula = Callable[[Differentiator, Sequence[Case]], str]
STATED: tuple[Formula, ...] = (signature,)
"""Closed formulas: sentences that explain all of a gradient, asked before the dictionary."""
STATED_LATER: tuple[Formula, ...] = (which_convention, which_truncation, clipped_in_loop)
"""The same, asked after single edits: they take longer, or explain with more words."""
CUTS = ("carry lost", "boundary")
"""Classes of mistakes that may also be a truncation, which then is told too."""
TELLING = 4
"""Failing cases on which a stated formula must hold: the longest tell most of them apart."""


def diagnose(
    subject: Differentiator, ground: Ground, timeout: float | None = None
) -> tuple[Finding, ...]:
    """What is wrong with the gradient of a model.

    Args:
        subject: has the loss right and the gradient wrong, on `ground.failing`.
        ground: which cases failed and which passed, and how to ask about others.
        timeout: seconds for one call of the subject.
    """
    longest = sorted(ground.failing, key=lambda spec: -spec.sizes.T)[:TELLING]
    cases = [spec.build() for spec in longest]
    if not cases:
        return ()
    stated = _stated(subject, cases, STATED)
    known = textbook.knows(cases[0].model)
    trials = gather(subject, ground.failing, timeout) if known else []
    wrong = [trial for trial in trials if trial.wrong]
    explained = single(wrong) if wrong else None
    if stated and explained is not None:
        return (_with_line(stated[0], explained, wrong),)
    if stated:
        return stated
    if explained is not None:
        short = [trial.case for trial in wrong[:TELLING]]
        cut = which_truncation(subject, short) if explained.edits[0].kind in CUTS else ""
        return (_in_words(explained, wrong, ground, cut),)
    stated = _stated(subject, cases, STATED_LATER)
    if stated:
        return stated
    explained = several(wrong) if wrong else None
    if explained is not None:
        return (_in_words(explained, wrong, ground),)
    return _where_it_starts(subject, wrong, ground, timeout)


def _stated(
    subject: Differentiator,
    cases: Sequence[Case],
    formulas: Sequence[Formula],
) -> tuple[Finding, ...]:
    """The sentence of the first formula that has one."""
    for formula in formulas:
        sentence = formula(subject, cases)
        if sentence:
            return (Finding(sentence, "certain", cases=len(cases)),)
    return ()


def _with_line(stated: Finding, explained: Explanation, wrong: Sequence[Trial]) -> Finding:
    """A stated formula with the line whose edit has the same effect."""
    line = of_explanation(explained, wrong)
    sentence = f"{stated.sentence}; {line.sentence}"
    return replace(line, sentence=sentence, confidence=stated.confidence)


def _in_words(
    explained: Explanation, wrong: Sequence[Trial], ground: Ground, cut: str = ""
) -> Finding:
    """An explanation as a finding, with the condition under which it holds.

    `cut` is the sentence of a truncation that gives the same gradients.
    """
    found = of_explanation(explained, wrong)
    if cut:
        sentence = f"{found.sentence}; in other words, {cut}"
        found = replace(found, sentence=sentence, confidence="one of several")
    condition = when(ground, explained.changes)
    if condition is None:
        return found
    return replace(
        found,
        sentence=f"{found.sentence}; {condition.text}",
        condition=condition.rule,
        confidence=found.confidence if condition.confirmed else "likely",
    )


def _where_it_starts(
    subject: Differentiator, wrong: Sequence[Trial], ground: Ground, timeout: float | None
) -> tuple[Finding, ...]:
    """Where the error begins, and when there is one."""
    place = origin.sentence(subject, wrong, timeout) if wrong else ""
    condition = when(ground, None)
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


__all__ = ["Ground", "diagnose"]
