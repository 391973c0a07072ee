"""The parts of docs/performance.md that are written by the benchmark."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from .chart import exponent
from .record import Growth, Record, Worse
from .rows import SPECS, Row, RowSpec, met
from .spread import Spread

FIGURE = "images/performance-growth.svg"
"""Below docs/."""
HEAD = "| work | measured | goal | ratio | to | met |\n| --- | --- | --- | --- | --- | --- |"


def filled(page: str, parts: Mapping[str, str]) -> str:
    """A page with its parts put between their marks, `<!-- measured: NAME -->` and `<!-- end -->`.

    Raises:
        SystemExit: the page lacks the marks of a part; the message says which.
    """
    for name, text in parts.items():
        marks = re.compile(rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page, count = marks.subn(lambda found, text=text: f"{found[1]}\n{text}\n\n{found[2]}", page)
        if count != 1:
            raise SystemExit(
                f"the page has {count} places marked <!-- measured: {name} --> ... <!-- end -->; "
                f"it needs one."
            )
    return page


def parts_of(record: Record, notes: Mapping[str, str]) -> dict[str, str]:
    """The generated parts of the page, by name."""
    return {
        "setting": setting(record),
        "table": table(record),
        "notes": explanations(record, notes),
        "growth": growth_part(record.growth),
    }


def setting(record: Record) -> str:
    """When, where and of what."""
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    machine = f"{record.machine['processor']}, {record.machine['cores']} cores"
    return f"Measured on {record.date} at commit {record.commit}: {machine}; {versions}."


def table(record: Record) -> str:
    """A line per row that was measured."""
    lines = (line(SPECS[key], row) for key, row in _in_order(record))
    return "\n".join([HEAD, *lines])


def _in_order(record: Record) -> Iterator[tuple[str, Row]]:
    return ((key, record.rows[key]) for key in SPECS if key in record.rows)


def line(spec: RowSpec, row: Row) -> str:
    amount, ratio = (None if s is None else spread_text(s) for s in (row.amount, row.ratio))
    measured = "" if amount is None else f"{amount} {spec.unit}"
    answer = {True: "yes", False: "no", None: ""}[met(spec, row)]
    cells = (spec.work, measured, goal_text(spec), ratio or "", spec.peer, answer)
    return f"| {' | '.join(cells)} |"


def goal_text(spec: RowSpec) -> str:
    """The goal of a row with its unit."""
    if spec.goal is None:
        return ""
    unit = "times" if spec.goal_is_ratio else spec.unit
    bound = "at least" if spec.higher_is_better else "at most"
    return f"{bound} {spec.goal:g} {unit}"


def spread_text(spread: Spread) -> str:
    """The median, and the quartiles where there are any."""
    if spread.lower == spread.upper:
        return number(spread.median)
    return f"{number(spread.median)} ({number(spread.lower)} to {number(spread.upper)})"


def number(value: float) -> str:
    """To three digits, without an exponent."""
    digits = f"{value:.3g}"
    return f"{float(digits):,.0f}" if "e" in digits or abs(value) >= 1000 else digits


def explanations(record: Record, notes: Mapping[str, str]) -> str:
    """What is known of the rows that miss their goal."""
    missed = [key for key, row in _in_order(record) if met(SPECS[key], row) is False]
    lines = [f"- *{SPECS[key].work}*: {notes.get(key, UNEXPLAINED)}" for key in missed]
    return "\n".join(lines) or "Every goal is met."


UNEXPLAINED = "nothing is known yet of why."


def unexplained(record: Record, notes: Mapping[str, str]) -> list[str]:
    """Keys of rows that miss their goal and have no note."""
    missed = (key for key, row in _in_order(record) if met(SPECS[key], row) is False)
    return [key for key in missed if key not in notes]


def growth_part(growths: Sequence[Growth]) -> str:
    """The exponents, the costs that they are fitted to, and the figure."""
    if not growths:
        return "Not measured."
    lines = map(growth_line, growths)
    head = "| over | `verify` | reference | `verify`, ms | reference, ms |"
    figure = f"![Cost of `verify` and of the reference over each size, log-log]({FIGURE})"
    return "\n".join([head, "| --- | --- | --- | --- | --- |", *lines, "", figure])


def growth_line(growth: Growth) -> str:
    """The line of an axis: two exponents, and the costs."""
    columns = (growth.verify, growth.reference)
    slopes = [f"{exponent(growth.sizes, costs):.2f}" for costs in columns]
    cells = (growth.axis, *slopes, *(_costs(growth.sizes, costs) for costs in columns))
    return f"| {' | '.join(cells)} |"


def _costs(sizes: Sequence[int], values: Sequence[float]) -> str:
    return ", ".join(f"{s}: {number(v)}" for s, v in zip(sizes, values, strict=True))


def regressions(worse: Sequence[Worse], before: Record | None) -> str:
    """What got worse since the last run, for the terminal."""
    if before is None:
        return "No earlier run on this kind of machine to compare with."
    since = f"the run of {before.date} at commit {before.commit}"
    if not worse:
        return f"Nothing got worse beyond its spread since {since}."
    lines = [
        f"  {SPECS[w.key].work}: {spread_text(w.before)} before, {spread_text(w.now)} now"
        for w in worse
    ]
    return "\n".join([f"Worse beyond its spread than in {since}:", *lines])
