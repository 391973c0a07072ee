"""The gallery as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bptt_check.errors import ReportError
from bptt_check.report.files import write_file
from bptt_check.report.html.standalone_page import plain_page
from bptt_check.report.sentences import fit
from bptt_check.verdicts.verdict import Verdict

from .entry import Formula
from .judge import JudgedEntry, judge_gallery

PAGE = "gallery.html"
LABELS = {
    "printed": "As printed",
    "printed-second-reading": "As printed, second reading",
    "printed-half-mended": "As printed, its other slips mended",
    "as-printed": "As printed",
    "corrected": "Corrected",
}
"""How the variants of an entry are called on the page."""


@dataclass(frozen=True)
class Exhibit:
    """A formula with all that was evaluated of it."""

    formula: Formula
    judged: tuple[JudgedEntry, ...]


def page(folder: str | Path, judged: Sequence[JudgedEntry] | None = None) -> Path:
    """Write `gallery.html` into a folder, judging the gallery unless that was done.

    Returns:
        The path of the page.

    Raises:
        ReportError: the folder cannot be made or written.
    """
    path = Path(folder) / PAGE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(f"{folder} cannot be made: {error.strerror or error}.") from error
    write_file(path, render(judge_gallery() if judged is None else judged).encode())
    return path


def render(judged: Sequence[JudgedEntry]) -> str:
    """The page: the same judgements give the same page, to the last byte."""
    return plain_page(
        "gallery",
        "gallery",
        {"label": _label, "message": _message},
        exhibits=_exhibits(judged),
        as_expected=sum(j.expected for j in judged),
        rejected=sum(j.report.verdict != Verdict.PASS for j in judged),
        count=len(judged),
    )


def _exhibits(judged: Sequence[JudgedEntry]) -> list[Exhibit]:
    """Judgements by formula, in their order."""
    by_formula: dict[Formula, list[JudgedEntry]] = {}
    for one in judged:
        by_formula.setdefault(one.entry.formula, []).append(one)
    return [Exhibit(formula, tuple(entries)) for formula, entries in by_formula.items()]


def _label(variant: str) -> str:
    return LABELS.get(variant, variant)


def _message(judged: JudgedEntry) -> str:
    """What the harness says, without the cut that a terminal needs."""
    ends_in_command = any(failure.reproduction for failure in judged.report.failures[:1])
    return fit(judged.report.message.splitlines(), ends_in_command, 140, 80)
