"""The sentences of a whole run: what fails most, or what could not be decided and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from ..cases.message import reproduction_lines
from ..cases.written.reproduction import reproduction
from ..runs.records import Failure, Run
from ..runs.repairs.sentences import search_lines
from ..verdicts.verdict import Verdict
from . import coverage, grouping
from .called import called_in, label
from .effort.quick_sentences import quick_lines
from .facts import gaps, shares
from .facts.advice import what_to_do
from .headline import headline_with_extent
from .systematic.floor_sentences import floor_lines, rounded_once_lines
from .systematic.told import is_of_all

COLUMNS, LINES = 100, 24
LISTED = 6
"""Models named one by one in a message; the report names the rest."""


def message(run: Run) -> str:
    """The explanation of the first failure, or of why there is no verdict; fits a screen."""
    if run.failures:
        first = run.failures[0]
        where = [f"in {first.check}"] if first.check else []
        lines, kept = failure_lines(run, first), kept_lines(first)
        at = len(lines) - kept
        return fit([*where, *lines[:at], *_other_kinds(run), *lines[at:]], kept)
    return fit(*without_failure(run))


def told_failures(run: Run) -> list[Failure]:
    """The failures, of those that say the same only the first."""
    return [failure for failure in run.failures if not failure.same_as]


def failure_lines(run: Run, failure: Failure, with_cause: bool = True) -> list[str]:
    """The lines of a failure's message, with how many cases it is in, and in which other models it
    is the same.

    Args:
        run: that it is of.
        failure: what is told.
        with_cause: whether also what a search and a diagnosis have found.
    """
    message = failure.message if with_cause else failure.without_diagnosis or failure.message
    told, share = lines_of(message), shares.share_line(run, failure)
    search = _search(run, failure) if with_cause else []
    lines = [*told[:1], *([f"  {share}"] if share else []), *search, *told[1:]]
    about = failure.model, failure.check, failure.verdict
    same = (f.model for f in run.failures if (f.same_as, f.check, f.verdict) == about)
    alike = list(dict.fromkeys(same))
    more = [f"  the same in {grouping.plural(len(alike), 'other model')}: {_some(alike)}"]
    more = more if alike else []
    if run.left_out and failure is run.failures[0]:
        more.append(f"  left out after that: {grouping.plural(len(run.left_out), 'further model')}")
    at = len(lines) - kept_lines(failure)
    return [*lines[:at], *more, *lines[at:]]


def _search(run: Run, failure: Failure) -> list[str]:
    """What a search for a repair has found, at the first failure of its check."""
    first = next(f for f in run.failures if f.check == failure.check)
    of_check = [s for s in run.searches if s.check == failure.check] if failure is first else []
    return [line for searched in of_check for line in search_lines(searched)]


def kept_lines(failure: Failure) -> int:
    """How many lines at the end of a failure's message reproduce its case."""
    return len(reproduction_lines(failure.reproduction))


def _other_kinds(run: Run) -> Iterator[str]:
    """The titles of failures of other kinds than the first, each kind once."""
    seen = {(run.failures[0].verdict, run.failures[0].kind)}
    for failure in told_failures(run):
        if (kind := (failure.verdict, failure.kind)) not in seen and failure.kind is not None:
            seen.add(kind)
            cases = sum(f.cases for f in run.failures if (f.verdict, f.kind) == kind)
            title = " ".join(lines_of(failure.message)[:1])
            of = "over all cases together" if is_of_all(failure) else f"in {_cases(cases)}"
            yield f"  besides, {of}: {title}"


def _cases(count: int) -> str:
    return grouping.plural(count, "case")


def without_failure(run: Run) -> tuple[list[str], int]:
    """What is said of a run that has no explained failure, and how many lines at its end reproduce
    a case.

    The first line is the title: verdict, subject and headline.
    """
    if run.verdict.failing:
        return _unexplained(run)
    return (_summary(run) if run.passed else _undecided(run)), 0


def lines_of(text: str) -> list[str]:
    """The lines of a text that a record holds as a whole, to lay them out on a screen."""
    return text.splitlines()


def fit(given: Sequence[str], kept: int, columns: int = COLUMNS, lines: int = LINES) -> str:
    """Lines wrapped and cut to a screen.

    Args:
        given: the lines.
        kept: how many lines at the end reproduce the case; they are neither wrapped nor cut, so
            that they can be copied.
        columns, lines: of the screen.
    """
    at = len(given) - kept
    body = [piece for line in given[:at] for piece in _wrapped(line, columns)]
    tail = given[at:]
    room = lines - min(len(tail), 1)  # a block that is pasted is read by nobody
    if len(body) > room:
        left = len(body) - room + 1
        body = [*body[: room - 1], f"  ... and {grouping.plural(left, 'more line')}"]
    return "\n".join([*body, *tail])


def _wrapped(line: str, columns: int) -> list[str]:
    if len(line) <= columns:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(
        line, columns, subsequent_indent=indent[:40],
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _summary(run: Run) -> list[str]:
    """What a passing run has shown."""
    cases = coverage.decided_sentence(run)
    deciding = [o.oracle for o in grouping.oracle_facts(run) if o.decided]
    count = grouping.plural(len(grouping.model_facts(run)), "model")
    return [
        f"PASS  {run.subject}: {headline_with_extent(run)}",
        f"  {count}, {cases} by {', '.join(deciding)}",
        *([f"  right to the declared accuracy of {run.accuracy:g}"] if run.accuracy else []),
        *_proven(run),
        *_subgradients(run),
        *_in_some_cases(run),
        *coverage.coverage_lines(run),
        *floor_lines(run),
        *rounded_once_lines(run),
        *quick_lines(run),
        *_declined(run),
    ]


def _proven(run: Run) -> list[str]:
    settled, decided = grouping.proven(run)
    if not settled:
        return []
    return [
        f"  proven by interval arithmetic: {settled:,} of {grouping.plural(decided, 'gradient')}"
    ]


def _subgradients(run: Run) -> list[str]:
    """How many entries are right only because any slope is, at a kink of relu."""
    most: dict[tuple[str, str, str], int] = {}
    for row in run.rows:
        place = (row.check, row.model, row.parameter)
        most[place] = max(most.get(place, 0), row.subgradients)
    count = sum(most.values())
    if not count:
        return []
    entries = "entry is" if count == 1 else "entries are"
    return [
        f"  at kinks of relu: {count:,} {entries} another subgradient than an oracle's, as right"
    ]


def _in_some_cases(run: Run) -> list[str]:
    """Gradients that only some cases show, each with its count; the same of several models once."""
    models: dict[str, list[str]] = {}
    for model, count in gaps.in_some_cases(run):
        models.setdefault(count, []).append(model)
    alone = len(grouping.model_facts(run)) == 1
    lines = [f"  {c}{'' if alone else f' ({_some(names)})'}" for c, names in models.items()]
    rest = len(lines) - LISTED
    return [*lines[:LISTED], *([f"  and {rest:,} more of this kind"] if rest > 0 else [])]


def _unexplained(run: Run) -> tuple[list[str], int]:
    """A run that was interrupted after a failure and before its explanation.

    With it, how many lines at the end reproduce the worst case so far.
    """
    failing = {v: n for v, n in run.cases.items() if Verdict(v).failing}
    counts = ", ".join(f"{v}: {grouping.plural(n, 'case')}" for v, n in failing.items())
    lines = [f"{run.verdict.upper()}  {run.subject}: {headline_with_extent(run)}", f"  {counts}"]
    if run.interrupted:
        lines.append("  the run was interrupted before this could be explained")
    bad = [m.worst for m in grouping.model_facts(run) if m.worst and m.worst.verdict.failing]
    if not bad:
        return lines, 0
    worst = bad[0]
    last = reproduction_lines(reproduction(worst.worst_spec, run.origin))
    return [
        *lines,
        f"  worst so far: {called_in(run).of_row(worst)} of {label(worst.check, worst.model)}, "
        f"{grouping.number(worst.max_budgets)} budgets (by {worst.oracle})",
        *last,
    ], len(last)


def _undecided(run: Run) -> list[str]:
    lines = [f"INCONCLUSIVE  {run.subject}: {headline_with_extent(run)}"]
    if run.interrupted:
        lines.append(f"  interrupted after {grouping.plural(grouping.total_cases(run), 'case')}")
    found = gaps.gaps_of_run(run)
    lines += [f"  {gap.model}: {gap.text}" for gap in found[:LISTED]]
    if len(found) > LISTED:
        lines.append(f"  and {grouping.plural(len(found) - LISTED, 'more gap')} of this kind")
    told = [*_in_some_cases(run), *quick_lines(run), *_declined(run)]
    return [*lines, *told, *what_to_do(run, found)]


def _declined(run: Run) -> list[str]:
    pairs = [(reason, model) for model, reason in run.declined.items()]
    if not pairs:
        return []
    by_reason: dict[str, list[str]] = {}
    for reason, model in pairs:
        by_reason.setdefault(reason, []).append(model)
    return [
        f"  declined by the subject, not checked: {_some(names)} ({reason})"
        for reason, names in list(by_reason.items())[:3]
    ]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
