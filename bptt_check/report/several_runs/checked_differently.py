"""What two runs did not check alike: a difference there is none in what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...runs.records import Run
from ..called import label
from ..grouping import plural
from .comparison import Change, Comparison


@dataclass(frozen=True)
class CheckDifference:
    """One thing that was not the same: what, and how it was in the base and in the run."""

    what: str
    before: str
    after: str


def checked_differently(comparison: Comparison) -> list[CheckDifference]:
    """Numbers of cases, seeds, versions; models, oracles and gradients of only one of the runs."""
    return [
        *_settings(comparison.base, comparison.run),
        *_only_in_one(comparison, [c for c in comparison.changes if _is_of_checks(c)]),
    ]


def found_differently(comparison: Comparison) -> list[Change]:
    """The changes of what was found, in their order."""
    return [c for c in comparison.changes if c.kind != "same" and not _is_of_checks(c)]


def _is_of_checks(change: Change) -> bool:
    return change.kind in ("new", "gone") and not change.regressed


def _settings(base: Run, run: Run) -> Iterator[CheckDifference]:
    values = {
        "cases": (sum(base.cases.values()), sum(run.cases.values())),
        "seed": (base.seed, run.seed),
        "declared accuracy": (base.accuracy, run.accuracy),
        "quick": (base.quick is not None, run.quick is not None),
        "subject": (base.subject, run.subject),
    }
    for what, (before, after) in values.items():
        if before != after:
            yield CheckDifference(what, _shown(before), _shown(after))
    for name in dict.fromkeys((*base.environment, *run.environment)):
        before, after = base.environment.get(name, ""), run.environment.get(name, "")
        if before != after:
            yield CheckDifference(name, before or "not recorded", after or "not recorded")


def _shown(value: object) -> str:
    words = {True: "yes", False: "no"} if isinstance(value, bool) else {}
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return words.get(value, "several" if value is None else str(value))  # type: ignore[call-overload]


def _only_in_one(comparison: Comparison, changes: Iterable[Change]) -> Iterator[CheckDifference]:
    """Models, oracles and gradients that one of the runs has and the other has not, counted."""
    others = {"new": comparison.base, "gone": comparison.run}
    models = {kind: {label(r.check, r.model) for r in run.rows} for kind, run in others.items()}
    counts: Counter[tuple[str, str]] = Counter()
    for change in changes:
        row, kind = change.row, change.kind
        if (model := label(row.check, row.model)) not in models[kind]:
            counts[f"model {model}", kind] += 1
        elif row.oracle not in others[kind].oracles:
            counts[f"oracle {row.oracle}", kind] += 1
        else:
            counts[f"{row.parameter} of {model}", kind] += 1
    for (what, kind), count in counts.items():
        compared = plural(count, "comparison")
        sides = ("none", compared) if kind == "new" else (compared, "none")
        yield CheckDifference(what, *sides)
