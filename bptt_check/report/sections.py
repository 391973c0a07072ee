"""What is on the page, in its order: one function per section, listed in `SECTIONS`.

A section turns a run into a `Section`, the name of its template and what that shows, or into None
where there is nothing to say. To add one: a function here, its line in `SECTIONS`, a template.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..records import Flow, TaylorCurve
from ..verdict import NOT_OFFERED, VERDICTS
from . import facts, sentences
from .document import FailureEntry, RowEntry, Run

OPEN_FAILURES = 5
"""Failures shown unfolded; a subject that is wrong everywhere has hundreds."""

MARKS = {
    "pass": "✓", "fail": "✗", "error": "✗", "contract": "✗", "imprecise": "≈",
    "inconclusive": "?", "unsupported": "–", "not offered": "·",
}  # fmt: skip
LEGEND = {
    "✓": "within budget", "✗": "wrong", "≈": "loses digits", "?": "could not decide",
    "–": "cannot judge this model", "·": "not offered by the subject",
}  # fmt: skip
LIMITS = (0.1, 0.3)
"""Shares of the budget at which the colour of a passing error changes."""


@dataclass(frozen=True)
class Section:
    """One section: its heading, its anchor and template, and the variables of the template."""

    title: str
    name: str
    shown: Mapping[str, Any] = field(default_factory=dict[str, Any])


def summary(run: Run) -> Section:
    """How much was done, against what, with what."""
    decided = [o for o in facts.oracles(run) if o.decided]
    counts = {
        "model": len(facts.models(run)),
        "gradient": sum(len(m.gradients) for m in facts.models(run)),
        "case": facts.total_cases(run),
        "comparison": facts.comparisons(run),
    }
    return Section("Summary", "summary", {"counts": counts, "decided": decided})


def failures(run: Run) -> Section | None:
    """Every failure with its explanation and its counterexample, the worst first."""
    if not run.failures and run.verdict not in facts.FAILING:
        return None
    shown = [(f, sentences.fit(f.message, 140, 80)) for f in run.failures]
    missing = "" if run.failures else sentences.message(run)
    found = {"failures": shown, "open": OPEN_FAILURES, "missing": missing, "heading": _heading}
    return Section("Failures", "failures", found)


def _heading(failure: FailureEntry) -> str:
    where = facts.label(failure.check, failure.model)
    return f"{where}: {failure.parameter}" if failure.parameter else where


def gaps(run: Run) -> Section | None:
    """What was not checked, and why."""
    declined = _by_value(run.declined.items())
    undecided = _by_value(_undecided(run))
    missing = _by_value(
        (facts.label(m.check, m.model), ", ".join(m.not_offered))
        for m in facts.models(run)
        if m.not_offered
    )
    silent = [o for o in facts.oracles(run) if o.decided < o.asked or not o.asked]
    if not (declined or undecided or missing or silent or run.interrupted):
        return None
    found = {"declined": declined, "undecided": undecided, "missing": missing, "silent": silent}
    return Section("Not checked", "gaps", found)


def _undecided(run: Run) -> list[tuple[str, str]]:
    """Pairs of a model and what was not decided about it."""
    found: list[tuple[str, str]] = []
    for model in facts.models(run):
        name = facts.label(model.check, model.model)
        found += [(name, gap.removeprefix(f"{name}: ")) for gap in sentences.gaps_of(model, run)]
    return found


def _by_value(pairs: Any) -> list[tuple[str, list[str]]]:
    """Names grouped by what holds for them."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(value, []).append(name)
    return list(found.items())


def checks(run: Run) -> Section | None:
    """The checks that were collected, if there were several."""
    if not run.checks:
        return None
    ordered = sorted(run.checks, key=lambda c: VERDICTS.index(c.verdict))
    return Section("Tests", "checks", {"checks": ordered})


@dataclass(frozen=True)
class Cell:
    """Model x parameter: the largest error over layers, directions and oracles, and a mark each."""

    look: str
    text: str
    marks: str
    words: str


def matrix(run: Run) -> Section | None:
    """Models x parameters, coloured by the worst error, with a mark per oracle."""
    models = [m for m in facts.models(run) if m.gradients]
    if not models:
        return None
    columns = _columns(run.rows)
    lines = [(m, [_cell(m, column, run.oracles) for column in columns]) for m in models]
    shown = {"columns": columns, "lines": lines, "legend": LEGEND, "limits": LIMITS}
    return Section("Models and parameters", "matrix", shown)


def _columns(rows: Sequence[RowEntry]) -> list[str]:
    """Names without layer and direction: those of layers first, then the head and the inputs."""
    last = ("W_hy", "b_y", "x", "h0", "c0")
    bases = dict.fromkeys(facts.base_name(row.parameter) for row in rows)
    return sorted(bases, key=lambda base: last.index(base) if base in last else -1)


def _cell(model: facts.ModelFacts, column: str, oracles: Sequence[str]) -> Cell | None:
    found = [g for g in model.gradients if facts.base_name(g.parameter) == column]
    if not found:
        return None
    worst = found[0]
    verdicts = [(o, _of_oracle(found, o)) for o in oracles]
    return Cell(
        look=_look(worst),
        text="" if worst.verdict == "not offered" else facts.number(worst.worst.max_budgets),
        marks="".join(MARKS[v] for _, v in verdicts),
        words=", ".join(f"{oracle} {verdict}" for oracle, verdict in verdicts),
    )


def _of_oracle(gradients: Sequence[facts.Gradient], oracle: str) -> str:
    """What one oracle says of some gradients."""
    rows = [r for g in gradients for r in g.rows if r.oracle == oracle]
    verdicts = {"not offered" if r.reason == NOT_OFFERED else r.verdict for r in rows}
    order = (*facts.FAILING, "inconclusive", "pass", "unsupported", "not offered")
    return next((v for v in order if v in verdicts), "not offered")


def _look(gradient: facts.Gradient) -> str:
    """The class of a cell."""
    if gradient.verdict != "pass":
        return gradient.verdict.replace(" ", "-")
    return f"pass level{sum(gradient.worst.max_budgets > limit for limit in LIMITS)}"


def details(run: Run) -> Section | None:
    """Every row, in a table per model that is unfolded where something failed."""
    models = facts.models(run)
    if not models:
        return None
    return Section("Every gradient", "details", {"models": models, "failing": facts.FAILING})


SHADES = 6
"""Steps of grey for a path, each a factor of ten."""


@dataclass(frozen=True)
class FlowTable:
    """Gradient flow ready to be shown: of each path its decimal exponent and its shade."""

    flow: Flow
    lines: list[list[tuple[str, str]]]


def flow(run: Run) -> Section | None:
    """Which path of the gradient carries how much, for one case of each family."""
    if not run.flows:
        return None
    tables = [
        FlowTable(f, [[_path(f, value) for value in row] for row in f.paths]) for f in run.flows
    ]
    return Section("Gradient flow", "flow", {"tables": tables, "shades": range(SHADES)})


def _path(flow: Flow, value: float) -> tuple[str, str]:
    """Text and class of one path, relative to the strongest one."""
    strongest = max(max(row) for row in flow.paths)
    if not value or not strongest:
        return "", "path void"
    decades = math.log10(value / strongest)
    return f"{decades:.1f}", f"path shade{min(SHADES - 1, int(-decades))}"


WIDTH, HEIGHT, MARGIN = 520, 260, 44
"""Size of a plot of remainders, and room for its labels, in user units of the drawing."""


@dataclass(frozen=True)
class Plot:
    """Remainders by step, both logarithmic, as points of a drawing.

    Args:
        curve: the curve.
        line, rounding: points of the remainders and of what rounding explains.
        slopes: order to the points of the line of that slope through the last step used.
        left, width: the range of steps that the order was fitted to.
        steps, sizes: position and exponent of the labels: powers of 2 across, of 10 upwards.
    """

    curve: TaylorCurve
    line: str
    rounding: str
    slopes: Mapping[int, str]
    left: float
    width: float
    steps: list[tuple[float, int]]
    sizes: list[tuple[float, int]]


def taylor(run: Run) -> Section | None:
    """The Taylor test of one case of each family: its curve, and the order along each input."""
    models = list(dict.fromkeys(c.model for c in run.taylor))
    if not models:
        return None
    tests = [[c for c in run.taylor if c.model == model] for model in models]
    shown = {"tests": [(curves, _plot(curves[0])) for curves in tests]}
    size = {"wide": WIDTH, "high": HEIGHT, "margin": MARGIN}
    return Section("Taylor test", "taylor", shown | size)


def _plot(curve: TaylorCurve) -> Plot:
    """The drawing of one curve; steps without a remainder have no point."""
    across = [math.log2(s) for s in curve.steps]
    upwards = [math.log10(r) for r in (*curve.remainders, *curve.rounding) if r > 0]
    low, high = math.floor(min(upwards, default=-1.0)), math.ceil(max(upwards, default=0.0))
    high = max(high, low + 1)

    def x(exponent: float) -> float:
        share = (exponent - across[-1]) / max(across[0] - across[-1], 1.0)
        return round(MARGIN + share * (WIDTH - 2 * MARGIN), 1)

    def y(exponent: float) -> float:
        return round(HEIGHT - MARGIN - (exponent - low) / (high - low) * (HEIGHT - 2 * MARGIN), 1)

    def points(values: Sequence[float]) -> str:
        pairs = zip(across, values, strict=True)
        return " ".join(f"{x(s)},{y(math.log10(v))}" for s, v in pairs if v > 0)

    used = slice(curve.first, curve.last)
    slopes: dict[int, str] = {}
    if curve.order is not None:
        foot = across[curve.last - 1], math.log10(curve.remainders[curve.last - 1])
        for order in (1, 2):
            top = min(high, foot[1] + order * math.log10(2.0) * (across[0] - foot[0]))
            end = foot[0] + (top - foot[1]) / (order * math.log10(2.0))
            slopes[order] = f"{x(foot[0])},{y(foot[1])} {x(end)},{y(top)}"
    range_of = [x(s) for s in across[used]] or [0.0]
    return Plot(
        curve=curve,
        line=points(curve.remainders),
        rounding=points(curve.rounding),
        slopes=slopes,
        left=min(range_of),
        width=round(max(range_of) - min(range_of), 1),
        steps=[(x(s), round(s)) for s in across if round(s) % 6 == 0],
        sizes=[(y(e), e) for e in range(low, high + 1) if e % 4 == 0],
    )


SECTIONS: list[Callable[[Run], Section | None]] = [
    summary,
    failures,
    gaps,
    checks,
    matrix,
    flow,
    taylor,
    details,
]
