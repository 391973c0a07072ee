"""The sentences of a whole run: what the worst failure is, or what could not be decided and why."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ..runs.records import Run
from ..verdicts.reproduction import reproduction
from ..verdicts.verdict import Verdict
from . import grouping

COLUMNS, LINES = 100, 24
LISTED = 6
"""Models named one by one in a message; the report names the rest."""

HEADLINES = {
    Verdict.PASS: "every gradient that the subject offers is right",
    Verdict.IMPRECISE: "the formulas are right, but the arithmetic loses digits",
    Verdict.FAIL: "something is wrong",
    Verdict.CONTRACT: "what the subject returns cannot be taken as loss and gradients",
    Verdict.ERROR: "the subject raised, died or ran out of time",
    Verdict.INCONCLUSIVE: "nothing was found wrong, but not everything could be decided",
}
"""The verdict of a run in one sentence."""


def message(run: Run) -> str:
    """The explanation of the worst failure, or of why there is no verdict; fits a screen."""
    if run.failures:
        first = run.failures[0]
        where = [f"in {first.check}"] if first.check else []
        return fit("\n".join([*where, first.message]))
    if run.verdict.failing:
        return fit("\n".join(_unexplained(run)))
    return fit("\n".join(_summary(run) if run.passed else _undecided(run)))


def headline(run: Run) -> str:
    """One sentence without names."""
    if run.verdict == Verdict.INCONCLUSIVE and run.interrupted:
        return "interrupted before everything was decided; nothing was found wrong so far"
    if run.verdict == Verdict.INCONCLUSIVE and not run.rows:
        return "nothing was checked"
    if not run.verdict.failing:
        return HEADLINES[run.verdict]
    found = grouping.models(run)
    bad = sum(m.verdict.failing for m in found)
    return f"{HEADLINES[run.verdict]}, in {bad} of {grouping.plural(len(found), 'model')}"


def fit(text: str, columns: int = COLUMNS, lines: int = LINES) -> str:
    """The text wrapped and cut to a screen.

    The line that reproduces the case is neither wrapped nor cut, so that it can be copied.
    """
    given = text.splitlines()
    at = max((i for i, line in enumerate(given) if _reproduces(line)), default=len(given))
    body = [piece for line in given[:at] for piece in _wrapped(line, columns)]
    tail = given[at:][: lines // 2]
    room = lines - len(tail)
    if len(body) > room:
        left = len(body) - room + 1
        body = [*body[: room - 1], f"  ... and {grouping.plural(left, 'more line')}"]
    return "\n".join([*body, *tail])


def _reproduces(line: str) -> bool:
    return line.lstrip().startswith("reproduce: ")


def _wrapped(line: str, columns: int) -> list[str]:
    if len(line) <= columns:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, columns, subsequent_indent=indent[:40], drop_whitespace=True)


def _summary(run: Run) -> list[str]:
    """What a passing run has shown."""
    cases = grouping.plural(grouping.total_cases(run), "case")
    deciding = [o.oracle for o in grouping.oracles(run) if o.decided]
    count = grouping.plural(len(grouping.models(run)), "model")
    return [
        f"PASS  {run.subject}: {headline(run)}",
        f"  {count}, {cases}, decided by {', '.join(deciding)}",
        *_proven(run),
        *_declined(run),
    ]


def _proven(run: Run) -> list[str]:
    settled, decided = grouping.proven(run)
    if not settled:
        return []
    return [
        f"  proven by interval arithmetic: {settled:,} of {grouping.plural(decided, 'gradient')}"
    ]


def _unexplained(run: Run) -> list[str]:
    """A run that was interrupted after a failure and before its explanation."""
    failing = {v: n for v, n in run.cases.items() if Verdict(v).failing}
    counts = ", ".join(f"{v}: {grouping.plural(n, 'case')}" for v, n in failing.items())
    lines = [f"{run.verdict.upper()}  {run.subject}: {headline(run)}", f"  {counts}"]
    if run.interrupted:
        lines.append("  the run was interrupted before this could be explained")
    bad = [m.worst for m in grouping.models(run) if m.worst and m.worst.verdict.failing]
    if not bad:
        return lines
    worst = bad[0]
    return [
        *lines,
        f"  worst so far: {worst.parameter} of {grouping.label(worst.check, worst.model)}, "
        f"{grouping.number(worst.max_budgets)} budgets (by {worst.oracle})",
        f"  reproduce: {reproduction(worst.worst_spec, run.subject)}",
    ]


def _undecided(run: Run) -> list[str]:
    lines = [f"INCONCLUSIVE  {run.subject}: {headline(run)}"]
    if run.interrupted:
        lines.append(f"  interrupted after {grouping.plural(grouping.total_cases(run), 'case')}")
    gaps = [g for m in grouping.models(run) for g in gaps_of(m, run)]
    lines += [f"  {g}" for g in gaps[:LISTED]]
    if len(gaps) > LISTED:
        lines.append(f"  and {grouping.plural(len(gaps) - LISTED, 'more gap')} of this kind")
    return [*lines, *_declined(run), *_advice(run, gaps)]


def gaps_of(model: grouping.ModelFacts, run: Run) -> list[str]:
    """A sentence for what was asked of a model and not answered."""
    name = grouping.label(model.check, model.model)
    if not model.gradients and model.verdict == grouping.Absent.NOT_CHECKED:
        return [f"{name}: {_why_nothing(model, run)}"]
    by_reason: dict[str, list[str]] = {}
    for gradient in model.undecided:
        by_reason.setdefault(gradient.reasons, []).append(gradient.parameter)
    return [
        f"{name}: {', '.join(names)} not decided: {reason or 'no reason given'}"
        for reason, names in by_reason.items()
    ]


def _why_nothing(model: grouping.ModelFacts, run: Run) -> str:
    part = next(p for p in run.parts if p.check == model.check)
    if part.interrupted:
        return "not checked, the run was interrupted before"
    if part.cases.get(Verdict.UNSUPPORTED):
        return "no case was compared; the subject declined them (bptt_check.Unsupported)"
    return "no case was compared"


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


def _advice(run: Run, gaps: Sequence[str]) -> list[str]:
    if run.interrupted:
        return ["  to do: run it again, to the end"]
    if not grouping.models(run):
        return ["  to do: name models that the subject supports, or check its supports()"]
    if any("vacuous" in gap for gap in gaps):
        return ["  to do: more cases, so that some of them can show an error in these gradients"]
    return ["  to do: other oracles; `bptt-check doctor` says which work here"] if gaps else []
