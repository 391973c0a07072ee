"""The tables of a study in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import tables
from .records import Power, Quiet


def show(power: Power, console: Any) -> None:
    """Print everything that a study found, the worst last."""
    if power.fates:
        _power(power, console)
    if power.quiet is not None:
        _quiet(power.quiet, console)


def _power(power: Power, console: Any) -> None:
    lines = tables.by_function(power)
    heads = ["edited", "mutants", "same formula", "stopped", "caught", "missed", *power.oracles]
    rows = [
        [
            one.name, *map(str, (one.mutants, one.equivalent, one.stopped, one.caught, one.missed)),
            *(share(one.alone[o]) for o in power.oracles),
        ]
        for one in lines
    ]  # fmt: skip
    _table(console, "Mutants caught; at the right, by the rows of one oracle alone", heads, rows)
    names = tables.columns(power)
    counts = {n: dict(tables.within(power, n)) for n in names}
    steps = list(counts[names[0]])
    rows = [[str(n), *(str(counts[name][n]) for name in names)] for n in steps]
    _table(console, "Caught within so many cases of a target", ["cases", *names], rows)
    heads = ["check", "set-up", "caught", "passed", "not asked", "blind", "share", "right rejected"]
    rows = [
        [
            c.check, c.setup, *map(str, (c.caught, c.passed, c.not_asked, c.blind)),
            f"{100 * c.share:.1f} %", f"{c.rejected[0]} of {c.rejected[1]}",
        ]
        for c in tables.contests(power)
    ]  # fmt: skip
    if rows:
        _table(console, "Other libraries' checks on the same wrong mutants that run", heads, rows)
    for fate in power.missed:
        console.print(f"MISSED {fate.name}", style="bold red", highlight=False, markup=False)
        console.print(f"  {fate.before}  ->  {fate.after}", highlight=False, markup=False)
        console.print(f"  {fate.shown}", highlight=False, markup=False)


def _quiet(quiet: Quiet, console: Any) -> None:
    rows = [[name, str(checks)] for name, checks in quiet.checks.items()]
    rows.append(["all", str(quiet.total)])
    _table(console, "Checks of right implementations", ["implementation", "checks"], rows)
    console.print(f"false alarms: {len(quiet.alarms)}", highlight=False)
    for alarm in quiet.alarms:
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
