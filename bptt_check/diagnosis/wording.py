"""The words of a diagnosis: what its searches found as findings, each with its sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .call_facts import OwnRandomNumbers
from .call_wording import listed
from .conditions import Condition
from .edit_search import Explanation, fully_explained
from .fact_wording import words_of
from .facts import Fact, FirstError, OtherTruncation
from .finding import Finding
from .mistakes.dictionary import Entry
from .mistakes.sections import equations_of, place_of
from .trials import Trial

SHOWN = 3
"""Alternatives that are told."""


def finding_of_fact(fact: Fact, cases: int) -> Finding:
    """The finding of a fact that holds on so many cases."""
    words = words_of(fact)
    return Finding(words, "certain", cases=cases, cause=words)


def finding_of_repeated_calls(fact: Fact) -> Finding:
    """The finding of a fact about several calls on one case: that numbers are drawn is guessed."""
    guessed = isinstance(fact, OwnRandomNumbers)
    return Finding(words_of(fact), "likely" if guessed else "certain", cases=1)


def with_line(formula: Finding, line: Finding) -> Finding:
    """What a formula says, with the line whose edit has the same effect."""
    sentence = f"{formula.sentence}; {line.sentence}"
    return replace(line, sentence=sentence, confidence=formula.confidence)


def in_other_words(finding: Finding, cut: OtherTruncation | None) -> Finding:
    """A finding with the truncation that gives the same gradients, if there is one."""
    if cut is None:
        return finding
    sentence = f"{finding.sentence}; in other words, {words_of(cut)}"
    return replace(finding, sentence=sentence, confidence="one of several")


def with_condition(finding: Finding, condition: Condition | None) -> Finding:
    """A finding with the condition under which the mistake is made, if there is one."""
    if condition is None:
        return finding
    return replace(
        finding,
        sentence=f"{finding.sentence}; {_condition(condition)}",
        condition=condition.rule,
        confidence=finding.confidence if condition.confirmed else "likely",
    )


def hints(
    first: FirstError | None, condition: Condition | None, wrong: Sequence[Trial]
) -> tuple[Finding, ...]:
    """Where the error begins, and when there is one; nothing if neither is known."""
    parts = [words_of(first)] if first else []
    parts += [_condition(condition)] if condition else []
    if not parts:
        return ()
    return (
        Finding(
            sentence="; ".join(parts),
            confidence="hint",
            parameters=tuple(sorted({name for trial in wrong for name, _ in trial.wrong})),
            cases=len(wrong),
            condition=condition.rule if condition else "",
        ),
    )


def finding_of(explained: Explanation, trials: Sequence[Trial]) -> Finding:
    """The finding of an explanation that holds on these trials."""
    model, first = trials[0].case.model, explained.edits[0]
    names = fully_explained(explained.explained, explained.left)
    equations = equations_of(model, [n for e in explained.edits for n in e.equations])
    return Finding(
        sentence=_sentence(explained, names, trials),
        confidence=confidence(explained, trials),
        parameters=tuple(names),
        cases=len(trials),
        right="; ".join(e.right for e in explained.edits),
        wrong="; ".join(e.wrong for e in explained.edits),
        equations=equations,
        place=place_of(model, first.change.function, equations),
        alternatives=tuple(e.phrase for e in explained.alternatives[:SHOWN]),
        cause=_made(explained),
    )


def confidence(explained: Explanation, trials: Sequence[Trial]) -> str:
    """How far an explanation can be trusted: one of `finding.CONFIDENCE`."""
    if explained.left or len(explained.edits) > 1 or len(trials) < 2:
        return "likely"
    return "one of several" if other_meanings(explained) else "certain"


def other_meanings(explained: Explanation) -> list[Entry]:
    """Alternatives that are other mistakes, not other ways to write the same one.

    Beside a named mistake that is another named one; beside an edit of a line, an edit of a line
    that computes something else.
    """
    first = explained.edits[0]
    if first.kind:
        return [e for e in explained.alternatives if e.kind]
    return [e for e in explained.alternatives if e.kind or e.target != first.target]


def _sentence(explained: Explanation, names: Sequence[str], trials: Sequence[Trial]) -> str:
    what = f"your gradient{'s' if len(names) > 1 else ''} of {listed(names)}"
    be = "are" if len(names) > 1 else "is"
    on = several_cases(len(trials))
    told = [f"{what} {be} exactly what you get when {_made(explained)} (on {on})"]
    if confidence(explained, trials) == "one of several":
        told.append(f"the same comes out when {other_meanings(explained)[0].phrase}")
    left = sorted({name for name, _ in explained.left})
    if left:
        told.append(f"what is wrong with {listed(left)} is something else")
    return "; ".join(told)


def _made(explained: Explanation) -> str:
    """What was done."""
    return listed([_phrase(e) for e in explained.edits], ", and ")


def _phrase(entry: Entry) -> str:
    """What was done, and in which layer if only in one."""
    only = entry.change.only
    if only is None:
        return entry.phrase
    reverse = ", reverse direction" if only[1].endswith("_reverse") else ""
    return f"{entry.phrase}, in layer {only[0]}{reverse} only"


def several_cases(count: int) -> str:
    """`1 case`, `2 cases`."""
    return f"{count} case" if count == 1 else f"{count} cases"


def _condition(condition: Condition) -> str:
    held = condition.held
    checked = f"on {held} fresh cases too" if held else "as far as was seen"
    return f"only when {condition.rule} ({checked})"


def derivation_lines(finding: Finding) -> Sequence[str]:
    """Where the line that is wrong is derived, the line, and the edit of it."""
    if not finding.right:
        return ()
    number = "equation" if len(finding.equations) == 1 else "equations"
    numbers = f"{number} ({'), ('.join(finding.equations)}), " if finding.equations else ""
    return (
        f"{numbers}{finding.place}",
        f"right  {finding.right}",
        f"yours  {finding.wrong}",
    )
