"""The study as one self-contained page."""

from __future__ import annotations

from ..report.html.standalone_page import plain_page
from ..verdicts.verdict import Verdict
from . import tables
from .records import Power
from .terminal import share


def render_study(power: Power) -> str:
    """The page: the same records give the same page, to the last byte."""
    return plain_page(
        "bptt_check.power",
        "power",
        {
            "share": share,
            "thousands": lambda number: f"{number:,}",
            "explained": tables.same_formula_text,
        },
        power=power,
        verdict=Verdict.PASS if power.passed else Verdict.FAIL,
        detectors=tables.detectors(power),
        by_function=tables.by_function(power) if power.outcomes else [],
        by_operator=tables.by_operator(power) if power.outcomes else [],
        within={n: tables.caught_within(power, n) for n in tables.detectors(power)},
        checker_scores=tables.checker_scores(power),
    )
