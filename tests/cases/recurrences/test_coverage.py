"""Levels and pairs of levels of the cases of a recurrence."""

from __future__ import annotations

from support.plain_recurrences import delta_rule_inputs, design_of_inputs

import bptt_check as bc
from bptt_check.cases.memory_layout import LAYOUTS
from bptt_check.cases.recurrences.cotangents import COTANGENTS
from bptt_check.cases.recurrences.design import RecurrenceDesign
from bptt_check.cases.recurrences.inputs import Inputs
from bptt_check.cases.recurrences.values import REGIMES

DESIGN = design_of_inputs(delta_rule_inputs(), dtypes=("float32", "bfloat16"))


def level_names(design: RecurrenceDesign, numbers) -> list[str]:
    names = [level for factor in design.covering.factors for level in factor.levels]
    return [names[n] for n in numbers]


def test_factors_are_classes_and_remainders_of_sizes_and_words():
    factors = {f.name: f.levels for f in DESIGN.covering.factors}

    assert factors == {
        "T": ("1", "2 to 3", "4 to 8", "9 to 16", "17 to 32", "33 to 64", "65 to 128"),
        "T mod 16": ("0", "1", "15", "others", "below 15"),
        "B": ("1", "2 to 3", "4 to 8"),
        "K": ("9 to 16", "17 to 32", "33 to 64"),
        "V": ("9 to 16", "17 to 32", "33 to 64"),
        "dtype": ("float32", "bfloat16"),
        "regime": REGIMES,
        "cotangents": COTANGENTS,
        "layout": LAYOUTS,
    }


def test_what_has_one_level_is_no_factor():
    sizes = {"T": 7, "B": (4, 6)}
    design = design_of_inputs(Inputs(x="T B", sizes=sizes))

    assert {f.name for f in design.covering.factors} == {"regime", "cotangents", "layout"}


def test_the_levels_of_a_spec():
    line = "plain T=65 B=3 K=16 V=64 dtype=bfloat16 regime=large layout=offset seed=5"

    told = level_names(DESIGN, DESIGN.covering.levels_of(DESIGN.model.spec_of(line)))

    assert told == [
        "65 to 128", "1", "2 to 3", "9 to 16", "33 to 64", "bfloat16", "large", "random", "offset",
    ]  # fmt: skip


def test_which_levels_can_occur_together():
    """All of a word, and of a size what it can be; nothing is too dear."""
    covering = DESIGN.covering
    names = level_names(DESIGN, range(covering.size))
    possible = covering.possible_table

    def pair(one: str, other: str) -> bool:
        return bool(possible[names.index(one), names.index(other)])

    assert possible.diagonal().all()
    assert pair("65 to 128", "large")
    assert pair("offset", "ones")
    assert pair("65 to 128", "15")  # T = 95
    assert not pair("2 to 3", "15")
    assert not pair("65 to 128", "33 to 64")
    assert not covering.too_dear_table.any()


def test_what_where_forbids_cannot_occur_together():
    inputs = Inputs(
        x="T B", y=bc.normal("B"), sizes={"T": (1, 40), "B": (1, 40)}, where=lambda T, B: T > B
    )
    design = design_of_inputs(inputs)
    numbers = {}
    for factor in design.covering.factors:
        for level in factor.levels:
            numbers[factor.name, level] = len(numbers)
    table = design.covering.possible_table

    assert table[numbers["T", "33 to 64"], numbers["B", "1"]]
    assert not table[numbers["T", "1"], :].any()
    assert not table[numbers["T", "9 to 16"], numbers["B", "17 to 32"]]
