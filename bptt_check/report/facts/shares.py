"""How many cases ended in which way, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ...runs.records import Failure, KindCount, Run
from ...verdicts.case_kind import CaseKind
from ..grouping import plural

_WORDS = {
    CaseKind.RIGHT: "right",
    CaseKind.WRONG_GRADIENT: "with a wrong gradient",
    CaseKind.WRONG_LOSS: "with a wrong loss",
    CaseKind.WRONG_OUTPUTS: "with wrong outputs",
    CaseKind.NOT_FINITE: "with inf or NaN",
    CaseKind.BROKEN_CONTRACT: "against the contract",
    CaseKind.NO_SUBJECT: "with something that is no subject",
    CaseKind.LOST_DIGITS: "imprecise",
    CaseKind.WRONG_FOLLOW_UP: "right only when asked once",
    CaseKind.TRAINING_STEP: "wrong in a training step",
    CaseKind.RAISED: "raised",
    CaseKind.TIMED_OUT: "ran out of time",
    CaseKind.DIED: "died",
    CaseKind.NOT_CALLED: "not tried any more",
    CaseKind.UNDECIDED: "undecided",
    CaseKind.DECLINED: "declined",
    CaseKind.SYSTEMATIC: "wrong only together",
}
"""What is said of so many cases, in the order in which equal numbers are listed."""
Counts = Counter[CaseKind]


def kind_counts(run: Run) -> Counts:
    """The number of cases of each kind; empty for a record without them."""
    return _counted(run.kinds)


def of_model(run: Run, failure: Failure) -> Counts:
    """The same of the model, in the check, that a failure is about."""
    about = (failure.check, failure.model)
    return _counted(entry for entry in run.kinds if (entry.check, entry.model) == about)


def _counted(entries: Iterable[KindCount]) -> Counts:
    counts = Counts()
    for entry in entries:
        counts[entry.kind] += entry.cases
    return counts


def mostly_right(counts: Counts) -> bool:
    """Whether half of the cases or more are."""
    return 2 * counts[CaseKind.RIGHT] >= counts.total() > 0


def share_sentence(counts: Counts) -> str:
    """`88 of 100 cases right, 12 with inf or NaN`: what is right first where most is."""
    first = [CaseKind.RIGHT] if mostly_right(counts) else []
    ordered = list(dict.fromkeys([*first, *_by_number(counts)]))
    head, *rest = [k for k in ordered if counts[k]]
    total = plural(counts.total(), "case")
    return ", ".join([f"{counts[head]:,} of {total} {_WORDS[head]}", *_listed(counts, rest)])


def share_line(run: Run, failure: Failure) -> str:
    """How many cases of its model failed as a failure did, and what came of the others; empty where
    that says nothing, as of a failure that no case has by itself.
    """
    others, total = of_model(run, failure), of_model(run, failure).total()
    if failure.kind in (None, CaseKind.SYSTEMATIC) or total < 2:
        return ""
    if failure.cases >= total:
        return f"so in all {total:,} cases"
    others[failure.kind] -= failure.cases
    rest = ", ".join(_listed(others, _by_number(others)))
    return f"so in {failure.cases:,} of {total:,} cases; the others: {rest}"


def _by_number(counts: Counts) -> list[CaseKind]:
    """The kinds that there are, the most frequent first."""
    return sorted((k for k in _WORDS if counts[k] > 0), key=lambda kind: -counts[kind])


def _listed(counts: Counts, kinds: list[CaseKind]) -> list[str]:
    return [f"{counts[kind]:,} {_WORDS[kind]}" for kind in kinds]
