"""Factors: the page on coverage names every one and every level that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bptt_check.cases.design.design import Design
from bptt_check.cases.design.factors import Factor
from bptt_check.cases.design.within import Within
from bptt_check.cases.targets import parse_targets

PAGE = (Path(__file__).parents[3] / "docs" / "coverage.md").read_text("utf-8")
TABLE = PAGE.partition("## Factors")[2].partition("## Within")[0]
NAMES = ["lstm+truncated", "lstm+linear+truncated+lengths"]
FACTORS = {
    f.name: f
    for name in NAMES
    for target in parse_targets(name)
    for f in Design(target, ("float64", "float32"), within=Within(layers=(1, 3))).space.factors
}
FREE = {"layers", "dtype"}
"""Factors whose levels are what somebody asks for."""


def documented(name: str) -> str:
    """The levels that the page has for a factor; a row with dots is of all equal sizes."""
    rows = [row.split(" | ") for row in TABLE.splitlines() if row.startswith("| `")]
    equal = re.fullmatch("[TBDHO] = [TBDHO]", name)
    return next(
        (levels for names, levels in rows if f"`{name}`" in names or (equal and "..." in names)), ""
    )


@pytest.mark.parametrize("factor", FACTORS.values(), ids=list(FACTORS))
def test_every_level_is_documented(factor: Factor) -> None:
    """As a reader meets it in a report."""
    levels = documented(factor.name)

    assert levels
    if factor.name not in FREE:
        listed = {level.strip(" |") for level in re.split("[;,] ", levels)}
        in_parts = {part for level in factor.levels for part in level.split(", ")}
        assert in_parts == listed


def test_factor_that_is_not_there_has_no_levels() -> None:
    """The tests above would not take one for another."""
    assert documented("T mod 7") == ""
    assert documented("T = X") == ""
