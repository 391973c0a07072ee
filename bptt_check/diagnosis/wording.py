"""Explanations in words."""

from __future__ import annotations

from collections.abc import Sequence

from .edit_search import Explanation, fully_explained
from .finding import Finding
from .mistakes.dictionary import Entry
from .mistakes.sections import equations_of, place_of
from .trials import Trial

SHOWN = 3
"""Alternatives that are told."""


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
    what = f"your gradient{'s' if len(names) > 1 else ''} of {_listed(names)}"
    be = "are" if len(names) > 1 else "is"
    made = _listed([_phrase(e) for e in explained.edits], ", and ")
    on = several_cases(len(trials))
    told = [f"{what} {be} exactly what you get when {made} (on {on})"]
    if confidence(explained, trials) == "one of several":
        told.append(f"the same comes out when {other_meanings(explained)[0].phrase}")
    left = sorted({name for name, _ in explained.left})
    if left:
        told.append(f"what is wrong with {_listed(left)} is something else")
    return "; ".join(told)


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


def _listed(names: Sequence[str], last: str = " and ") -> str:
    *most, end = names or [""]
    return f"{', '.join(most)}{last}{end}" if most else end
