"""Factors: each level is what its words say, and the page on coverage names every one."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.levels import words_of

from bptt_check.cases.design.design import Design
from bptt_check.cases.design.factors import Factor
from bptt_check.cases.design.recipe import Recipe
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


SMALL = Recipe(T=2, B=2, D=2, H=2, O=2, cut=(1, 1))


def recipes() -> Iterator[Recipe]:
    """Every size up to 140 and T up to 600, every truncation of up to 20 steps, every word."""
    for T in range(1, 601):
        yield SMALL._replace(T=T)
    for name, size in itertools.product(("B", "D", "H", "O"), range(1, 141)):
        yield SMALL._replace(**{name: size})
    for one, other in itertools.combinations(("T", "B", "D", "H", "O"), 2):
        yield SMALL._replace(**{one: 7, other: 7})
    yield SMALL._replace(T=1, B=1, H=1)
    for T in range(1, 21):
        for cut in itertools.product(range(1, T + 3), repeat=2):
            yield SMALL._replace(T=T, cut=cut)
    for field, values in WORDS.items():
        yield from (SMALL._replace(**{field: value}) for value in values)


WORDS = {
    "layers": [1, 2, 3],
    "dtype": ["float64", "float32"],
    "regime": ["normal", "saturated", "tiny", "vanishing", "exploding", "sparse"],
    "lengths": [True, "full", "one", "equal"],
    "inputs": ["random", "zero", "negative_zero", "large", "subnormal", "alike"],
    "initial_state": ["random", "zero", "zero_h", "zero_c"],
    "layout": ["contiguous", "fortran", "strided", "offset", "expanded"],
}


def test_level_of_a_recipe_is_the_one_whose_words_fit() -> None:
    """Read off the words by other code; and every level of every factor occurs."""
    seen: dict[str, set[str]] = defaultdict(set)
    for recipe in recipes():
        words = words_of(recipe)
        for name, factor in FACTORS.items():
            if recipe.lengths is False and name == "lengths":
                continue
            level = factor.levels[factor.level(recipe)]
            assert level == words[name], (name, recipe)
            seen[name].add(level)

    assert dict(seen) == {name: set(factor.levels) for name, factor in FACTORS.items()}
