"""A run on a terminal: plain words and one table, never wider than 80 columns where that can be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..cases.message import reproduction_lines
from ..cases.own_names import OwnNames
from ..diagnosis.finding import Finding
from ..errors import clean
from ..own_loss.differencing.taylor_curve import TaylorCurve
from ..runs.diagnosed.told_findings import with_diagnosis
from ..runs.errors.compared_arrays import ComparedArray
from ..runs.records import Run
from ..verdicts.case_report import CaseReport
from ..verdicts.row import Row
from ..verdicts.verdict import Verdict, worst
from . import grouping
from .called import label
from .effort.quick_sentences import quick_lines
from .facts.compared_table import compared_table, table_lines
from .headline import headline_with_extent
from .sentences import (
    LINES,
    failure_lines,
    fit,
    kept_lines,
    told_failures,
    without_failure,
)

if TYPE_CHECKING:
    from rich.console import Console

    from ..own_loss.taylor import TaylorTest

CONTRACT = OwnNames()
"""The names of the contract."""
FAILURES_SHOWN = 3
MODELS_SHOWN = 20
STYLES: dict[str, str] = {
    Verdict.PASS: "green",
    Verdict.IMPRECISE: "yellow",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.UNSUPPORTED: "yellow",
}
"""Style of a verdict; everything else is red."""


def show(run: Run, console: Console) -> None:
    """Print a run: verdict, worst models, failures, gaps. Nothing in it is taken for markup."""
    _verdict(run.verdict, f"{run.subject}: {headline_with_extent(run)}", console)
    _table(grouping.model_facts(run), console)
    _failures(run, console)
    if run.verdict.failing:
        _quick(run, console)
    if not run.failures:
        lines, kept = without_failure(run)  # the title is the verdict, said above
        if lines[1:]:
            _plain("\n" + fit(lines[1:], kept, console.width, LINES - 1), console)
    counts = ", ".join(f"{n:,} {verdict}" for verdict, n in run.cases.items()) or "none"
    end = ", interrupted" if run.interrupted else ""
    _plain(f"\ncases: {counts}; {run.seconds:.1f} s{end}", console)


def _quick(run: Run, console: Console) -> None:
    """What a quick run that failed left out; any other says it in its summary."""
    for line in quick_lines(run):
        _plain(f"\n{line.strip()}", console)


def show_case(
    report: CaseReport,
    console: Console,
    findings: Sequence[Finding] = (),
    compared: Sequence[ComparedArray] = (),
) -> None:
    """Print all about one case: the answer, what was measured per gradient and oracle, the wrong
    gradients entry by entry, and what was found out about why they are.
    """
    _verdict(report.verdict, clean(f"{report.case.model}, {report.subject}"), console)
    if report.spec:
        _plain(f"  case      {report.spec}", console)
    _plain(f"  loss      {report.loss:.17g}", console)
    _plain(f"  expected  {report.expected_loss:.17g}", console)
    _plain("", console)
    for parameter, rows in _by_gradient(report.rows).items():
        _gradient(clean(report.own.of(parameter)), rows, report.own, console)
    for array in compared:
        _plain("\n" + "\n".join(table_lines(compared_table(array), console.width)), console)
    told = with_diagnosis(report.explanation, report.own, findings)
    if str(told):
        lines = clean(str(told), lines=True).splitlines()
        kept = len(reproduction_lines(told.reproduction))
        _plain("\n" + fit(lines, kept, console.width, 10 * LINES), console)


def show_taylor(test: TaylorTest, console: Console, own: OwnNames = CONTRACT) -> None:
    """Print the order of each remainder, in one line each; `own` are the reader's names."""
    _plain(
        "\nTaylor test: the order of the remainder, 2 where a gradient is right, 1 if not", console
    )
    if test.reason:
        _plain(f"  inconclusive: {clean(test.reason)}", console)
    for curve in test.curves:
        name = clean(own.of(curve.parameter))
        console.print(f"  {name:<18} ", end="", markup=False, highlight=False)
        console.print(f"{curve.verdict:<13}", end="", style=_style(curve.verdict), highlight=False)
        _plain(_order(curve), console)


def _order(curve: TaylorCurve) -> str:
    """The order and the steps it is fitted to, or why there is none."""
    if curve.order is None:
        return clean(curve.reason)
    largest, *_, smallest = (math.log2(s) for s in curve.steps[curve.first : curve.last])
    return f"order {curve.order:.2f} for steps of 2^{largest:.0f} to 2^{smallest:.0f}"


def _by_gradient(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of each gradient, in the order of the first."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.parameter, []).append(row)
    return grouped


def _gradient(name: str, rows: Sequence[Row], own: OwnNames, console: Console) -> None:
    """A gradient: in one line, unless something is wrong with it, so that this is seen."""
    decided = [row for row in rows if row.verdict.decided]
    verdict = worst([row.verdict for row in decided or rows])
    console.print(f"{name:<18} ", end="", markup=False, highlight=False)
    console.print(f"{verdict:<13}", end="", style=_style(verdict), highlight=False)
    by = ", ".join(row.oracle for row in decided)
    if verdict.failing:
        _plain(f"{sum(r.verdict.failing for r in decided)} of {len(decided)} oracles", console)
        for row in rows:
            _row(row, own, console)
    elif decided:
        most = max(row.max_budgets for row in decided)
        said = f"at most {most:.2g} budgets, by {by}"
        _plain(_after(max(len(name), 18) + 14, said, console), console)
    else:
        reasons = dict.fromkeys(clean(row.reason) for row in rows)
        _plain("; ".join(reasons), console)


def _row(row: Row, own: OwnNames, console: Console) -> None:
    """One gradient against one oracle, in two lines."""
    console.print(f"  {row.oracle:<18} ", end="", markup=False, highlight=False)
    console.print(f"{row.verdict:<13}", end="", style=_style(row.verdict), highlight=False)
    if not row.entries:
        _plain(clean(row.reason), console)
        return
    sizes = {"abs": row.max_abs, "rel": row.max_rel, "ulps": row.max_ulps}
    text = "  ".join(f"{name} {value:.2g}" for name, value in sizes.items())
    _plain(f"{row.max_budgets:.3g} budgets  {text}", console)
    if not row.verdict.failing:
        return
    _plain(f"    {_place(row, own)}  got {row.got:.17g}  want {row.want:.17g}", console)
    if row.reason:
        _plain(f"    {clean(row.reason)}", console)


def _place(row: Row, own: OwnNames) -> str:
    """Where the largest error of a row is, in the reader's own arrays if these are others."""
    if row.directions:
        return f"along {row.directions} directions"
    place = f"[{', '.join(map(str, row.index))}]"
    return f"at {own.words.get(row.parameter + place, place)}"


def _verdict(verdict: str, text: str, console: Console) -> None:
    style, word = f"bold {_style(verdict)}", verdict.upper()
    console.print(word, style=style, end="  ", markup=False, highlight=False)
    _plain(_after(len(word) + 2, text, console), console)


def _after(used: int, text: str, console: Console) -> str:
    """A text that begins behind so many characters of a line, wrapped, the rest indented."""
    first, *rest = fit(["." * used + text], 0, console.width).splitlines()
    return "\n".join([first[used:], *rest])


def _table(models: Sequence[grouping.ModelFacts], console: Console) -> None:
    """The worst entry of each model; failing models first, then those with the largest errors."""
    from rich.table import Table
    from rich.text import Text

    if not models:
        return
    table = Table(box=None, pad_edge=False, show_edge=False)
    for heading in ("model", "verdict", "worst", "oracle"):
        table.add_column(heading, overflow="fold")
    table.add_column("budgets", justify="right", no_wrap=True)
    for model in models[:MODELS_SHOWN]:
        cells = [Text(c) for c in _cells(model)]
        cells[1].stylize(_style(model.verdict))
        table.add_row(*cells)
    console.print()
    console.print(table)
    if len(models) > MODELS_SHOWN:
        rest = len(models) - MODELS_SHOWN
        _plain(f"and {grouping.plural(rest, 'model')} that did no worse, in the report", console)


def _cells(model: grouping.ModelFacts) -> list[str]:
    name, worst = label(model.check, model.model), model.worst
    if worst is None:
        return [name, model.verdict, "-", "-", "-"]
    size = grouping.number(worst.max_budgets)
    return [name, model.verdict, model.gradients[0].called, worst.oracle, size]


def _failures(run: Run, console: Console) -> None:
    told = told_failures(run)
    for failure in told[:FAILURES_SHOWN]:
        where = f"\nin {failure.check}" if failure.check else ""
        said = fit(failure_lines(run, failure), kept_lines(failure), console.width)
        _plain(f"{where}\n{said}", console)
    rest = told[FAILURES_SHOWN:]
    if rest:
        listed = ", ".join(f"{f.model} ({f.verdict})" for f in rest)
        more = f"and {grouping.plural(len(rest), 'more failure')}: {listed}"
        _plain(fit(["", more], 0, console.width), console)


def _style(verdict: str) -> str:
    return STYLES.get(verdict, "red")


def _plain(text: str, console: Console) -> None:
    """Text as it is: long lines are left to the terminal, so that they can be copied whole."""
    console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)
