"""The cells of the overview: a model and a gradient over all layers, directions and oracles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from ...cases.directions import is_initial_state
from ...cases.model import HEAD
from ...runs.records import Summary
from ...verdicts.verdict import Reason, Verdict
from .. import grouping
from ..called import base_name
from ..grouping import Absent

MARKS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.ERROR: "✗",
    Verdict.CONTRACT: "✗",
    Verdict.IMPRECISE: "≈",
    Verdict.INCONCLUSIVE: "?",
    Verdict.UNSUPPORTED: "–",
    Absent.NOT_OFFERED: "·",
}
LEGEND = {
    "✓": "within budget", "✗": "wrong", "≈": "loses digits", "?": "could not decide",
    "–": "cannot judge this model", "·": "not offered by the subject",
}  # fmt: skip
LIMITS = (0.1, 0.3)
"""Shares of the budget at which the colour of a passing error changes."""


@dataclass(frozen=True)
class MatrixCell:
    """Model x parameter: the largest error over layers, directions and oracles, and a mark each."""

    base: str
    names: str
    link: str
    look: str
    text: str
    marks: str
    words: str


def link(check: str, model: str, parameter: str) -> str:
    """The address of a gradient within the page."""
    words = {"model": model, "check": check, "parameter": parameter}
    return "#gradient&" + urlencode({name: word for name, word in words.items() if word})


def columns(bases: Sequence[str]) -> list[str]:
    """Names without layer and direction: those of layers first, then the head and the inputs."""
    last = (*HEAD, "x", "h0", "c0", *filter(is_initial_state, bases))
    return sorted(bases, key=lambda base: last.index(base) if base in last else -1)


def cell(model: grouping.ModelFacts, column: str, oracles: Sequence[str]) -> MatrixCell | None:
    """The cell of a model in a column; None where it has no such gradient."""
    gradients = [g for g in model.gradients if base_name(g.parameter) == column]
    if not gradients:
        return None
    worst = gradients[0]
    verdicts = [(o, _of_oracle(gradients, o)) for o in oracles]
    return MatrixCell(
        base=column,
        names=" ".join(g.called for g in gradients),
        link=link(model.check, model.model, worst.parameter),
        look=_look(worst),
        text=_text(worst),
        marks="".join(MARKS[v] for _, v in verdicts),
        words=", ".join(f"{oracle} {verdict}" for oracle, verdict in verdicts),
    )


def _text(gradient: grouping.Gradient) -> str:
    if gradient.verdict is Absent.NOT_OFFERED:
        return ""
    return grouping.number(gradient.worst.max_budgets)


def _of_oracle(gradients: Sequence[grouping.Gradient], oracle: str) -> Verdict | Absent:
    """What one oracle says of some gradients."""
    rows = [r for g in gradients for r in g.rows if r.oracle == oracle]
    verdicts = {_shown(row) for row in rows}
    return min(verdicts, key=grouping.ORDER.index, default=Absent.NOT_OFFERED)


def _shown(row: Summary) -> Verdict | Absent:
    return Absent.NOT_OFFERED if row.reason_kind is Reason.NOT_OFFERED else row.verdict


def _look(gradient: grouping.Gradient) -> str:
    """The class of a cell."""
    if gradient.verdict != Verdict.PASS:
        return gradient.verdict.replace(" ", "-")
    return f"pass level{sum(gradient.worst.max_budgets > limit for limit in LIMITS)}"
