"""The tables of a study in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import tables
from .records import FalseAlarms, Power


def print_study(power: Power, console: Any) -> None:
    """Print everything that a study found, the worst last."""
    if power.outcomes:
        _print_counts(power, console)
        _print_caught_within(power, console)
        _print_checker_scores(power, console)
        _print_missed(power, console)
    if power.false_alarms is not None:
        _print_false_alarms(power.false_alarms, console)


def _print_counts(power: Power, console: Any) -> None:
    heads = ["edited", "mutants", "same formula", "stopped", "caught", "missed", *power.oracles]
    rows = [
        [
            c.name, *map(str, (c.mutants, c.equivalent, c.stopped, c.caught, c.missed)),
            *(share(c.alone[oracle]) for oracle in power.oracles),
        ]
        for c in tables.by_function(power)
    ]  # fmt: skip
    _table(console, "Mutants caught; at the right, by the rows of one oracle alone", heads, rows)


def _print_caught_within(power: Power, console: Any) -> None:
    names = tables.detectors(power)
    counts = {n: dict(tables.caught_within(power, n)) for n in names}
    rows = [[str(n), *(str(counts[name][n]) for name in names)] for n in counts[names[0]]]
    _table(console, "Caught within so many cases of a target", ["cases", *names], rows)


def _print_checker_scores(power: Power, console: Any) -> None:
    counted = ["caught", "passed", "not asked", "false alarm"]
    rows = [
        [
            c.check, c.setup, *map(str, (c.caught, c.passed, c.not_asked, c.false_alarm)),
            f"{100 * c.share:.1f} %", f"{c.rejected_right[0]} of {c.rejected_right[1]}",
        ]
        for c in tables.checker_scores(power)
    ]  # fmt: skip
    if rows:
        heads = ["check", "set-up", *counted, "share", "right rejected"]
        _table(console, "Other libraries' checks on the same wrong mutants that run", heads, rows)


def _print_missed(power: Power, console: Any) -> None:
    for outcome in power.missed:
        edit = f"  {outcome.before}  ->  {outcome.after}"
        difference = f"  {tables.same_formula_text(outcome.comparison)}"
        console.print(f"MISSED {outcome.name}", style="bold red", highlight=False, markup=False)
        console.print(edit, highlight=False, markup=False)
        console.print(difference, highlight=False, markup=False)


def _print_false_alarms(false_alarms: FalseAlarms, console: Any) -> None:
    rows = [[name, str(checks)] for name, checks in false_alarms.checks.items()]
    rows.append(["all", str(false_alarms.total)])
    _table(console, "Checks of right implementations", ["implementation", "checks"], rows)
    console.print(f"false alarms: {len(false_alarms.alarms)}", highlight=False)
    for alarm in false_alarms.alarms:
        head = f"FALSE ALARM {alarm.subject} {alarm.verdict}: {alarm.spec}"
        console.print(head, style="bold red", highlight=False, markup=False)
        console.print(alarm.message, highlight=False, markup=False)


def share(pair: tuple[int, int]) -> str:
    """`40/41`, or a dash where nothing was asked."""
    return f"{pair[0]}/{pair[1]}" if pair[1] else "-"


def _table(console: Any, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table

    made = Table(title=title, box=box.SIMPLE, title_justify="left")
    for n, head in enumerate(heads):
        # names whole, also where the terminal is narrow: the numbers beside them fold instead
        made.add_column(
            head, justify="left" if n == 0 else "right", no_wrap=n == 0, overflow="fold"
        )
    for row in rows:
        made.add_row(*row)
    console.print(made)
