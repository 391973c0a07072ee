"""Cases of a recurrence by design: number i is the same everywhere, and fifty have what matters."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from support.plain_recurrences import delta_rule_inputs, design_of_inputs, plain_recurrence
from support.processes import printed_elsewhere

import bptt_check as bc
from bptt_check.cases.design.picks import Picks
from bptt_check.cases.memory_layout import LAYOUTS
from bptt_check.cases.recurrences.cotangents import COTANGENTS
from bptt_check.cases.recurrences.design import RecurrenceDesign, regimes_of
from bptt_check.cases.recurrences.inputs import Inputs
from bptt_check.cases.recurrences.levels import class_of
from bptt_check.cases.recurrences.recurrence import RecurrenceSpec, RecurrenceTarget
from bptt_check.cases.recurrences.values import REGIMES
from bptt_check.errors import SpecError

RANGES: dict[str, Any] = {
    "tiles": {"T": (1, 100), "B": (1, 4), "K": (16, 32, 64), "V": (16, 32, 64)},
    "long": {"T": (1, 300), "B": (1, 4), "K": (16, 32, 64), "V": (16, 32, 64)},
    "small": {"T": (1, 100), "B": (1, 3), "K": (1, 8), "V": (1, 8)},
}
RUNS = [(name, seed) for name in RANGES for seed in (0, 1)]


@functools.cache
def design(name: str, seed: int) -> RecurrenceDesign:
    inputs = delta_rule_inputs(sizes=RANGES[name])
    return design_of_inputs(inputs, seed, dtypes=("float32", "bfloat16"))


@functools.cache
def fifty(name: str, seed: int) -> tuple[RecurrenceSpec, ...]:
    return tuple(design(name, seed).specs(50))


def numbers_in(specs) -> int:
    """Numbers of all inputs of cases."""
    shapes = (shape for s in specs for shape in s.model.inputs.shapes(s.sizes).values())
    return sum(math.prod(shape) for shape in shapes)


# --- case number i ------------------------------------------------------------------------------


def test_a_case_is_the_same_however_many_are_drawn():
    whole = fifty("tiles", 0)

    assert [*design("tiles", 0).specs(1, 7)] == [whole[7]]
    assert [*design("tiles", 0).specs(5, 20)] == [*whole[20:25]]
    other = design_of_inputs(delta_rule_inputs(), 0, dtypes=("float32", "bfloat16"))
    assert [*map(str, other.specs(8))] == [*map(str, whole[:8])]


def test_other_seeds_and_names_have_other_cases():
    inputs = delta_rule_inputs()
    drawn = [
        tuple(str(s).partition(" ")[2] for s in design_of_inputs(inputs, seed, name=name).specs(6))
        for seed, name in ((0, "plain"), (1, "plain"), (0, "other"))
    ]

    assert len({*drawn}) == 3


SCRIPT = """
from support.plain_recurrences import delta_rule_inputs, design_of_inputs
for spec in design_of_inputs(delta_rule_inputs(), 3, ("float32", "float64")).specs(6, 4):
    print(spec)
"""


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_a_case_is_the_same_in_another_process(hash_seed):
    here = design_of_inputs(delta_rule_inputs(), 3, ("float32", "float64")).specs(6, 4)

    found = printed_elsewhere(SCRIPT, PYTHONHASHSEED=hash_seed).splitlines()

    assert found == [*map(str, here)]


def test_lines_alone_are_meant():
    lines = ("plain T=3 B=1 K=16 V=16 seed=1", "plain T=4 B=1 K=16 V=16 seed=2")
    target = RecurrenceTarget("plain", plain_recurrence(delta_rule_inputs()))
    own = RecurrenceDesign(target, lines=lines)

    assert [*map(str, own.specs(50))] == [*lines]
    assert [*map(str, own.specs(1, 1))] == [lines[1]]


# --- what occurs --------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_every_class_of_steps_occurs_and_most_are_more_than_one_tile(name, seed):
    steps = [spec.sizes["T"] for spec in fifty(name, seed)]
    classes = Counter(map(class_of, steps))

    assert {*classes} == {class_of(n) for n in design(name, seed).model.inputs.ranges["T"]}
    assert min(classes.values()) >= 3
    assert sum(n > 16 for n in steps) >= 20


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_steps_lie_on_both_sides_of_tiles(name, seed):
    steps = [spec.sizes["T"] for spec in fifty(name, seed)]
    beside = Counter(n % 16 for n in steps if n >= 15)

    assert min(beside[0], beside[1], beside[15]) >= 3
    assert any(n > 64 and n % 64 for n in steps)
    assert any(n >= 64 and n % 64 in (0, 1, 63) for n in steps)


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_every_regime_occurs_with_every_kind_of_cotangents_and_layout(name, seed):
    specs = fifty(name, seed)

    for one, other in itertools.combinations(
        [("regime", REGIMES), ("cotangents", COTANGENTS), ("layout", LAYOUTS)], 2
    ):
        seen = {(getattr(s, one[0]), getattr(s, other[0])) for s in specs}
        assert seen == {*itertools.product(one[1], other[1])}


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_nearly_all_pairs_of_levels_are_had(name, seed):
    """Of as many cases drawn at random, twice as many pairs are missing."""
    covering = design(name, seed).covering
    possible = np.triu(covering.possible_table, 1)

    def share(rows) -> float:
        seen = np.zeros_like(possible)
        for levels in rows:
            seen[levels[:, None], levels] = True
        return float((seen & possible).sum() / possible.sum())

    picks = Picks(f"{name} {seed}")
    at_random = [covering.levels(design(name, seed).row(picks)) for _ in range(50)]
    designed = share(covering.levels_of(spec) for spec in fifty(name, seed))
    assert 2 * (1 - designed) < 1 - share(at_random)


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_cases_together_cost_no_more_than_a_few_of_the_largest(name, seed):
    """All fifty have as many numbers as seven of the largest sizes, or fewer."""
    largest = {n: max(v) for n, v in design(name, seed).model.inputs.free.items()}

    assert numbers_in(fifty(name, seed)) < 7 * design(name, seed).cost(largest)


@pytest.mark.parametrize(("name", "seed"), RUNS)
def test_the_first_dozen_cases_have_long_ones_too(name, seed):
    """Twelve are what somebody looks at first."""
    steps = [spec.sizes["T"] for spec in fifty(name, seed)[:12]]

    assert sum(n > 16 for n in steps) >= 3
    assert any(n == 1 for n in steps)


def test_dtypes_are_even():
    counts = Counter(spec.dtype for spec in fifty("tiles", 0))

    assert abs(counts["float32"] - counts["bfloat16"]) <= 4


def test_sizes_are_what_where_allows():
    inputs = delta_rule_inputs(where=lambda T, K: T > K)

    assert all(s.sizes["T"] > s.sizes["K"] for s in design_of_inputs(inputs).specs(20))


def test_where_that_allows_no_sizes_is_refused():
    never = design_of_inputs(delta_rule_inputs(where=lambda T: T > 1000))
    words = "where= of Inputs holds for none of 100 draws of the sizes."
    with pytest.raises(SpecError, match=re.escape(words)):
        [*never.specs(1)]


# --- words that make a difference ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "left_out"),
    [
        (delta_rule_inputs(), set()),
        (Inputs(x="T B", sizes={"T": 2, "B": 2}, time="T"),
         {"lowest", "highest", "extremes", "zero_states"}),
        (Inputs(x="T B", h="B", sizes={"T": 2, "B": 2}),
         {"lowest", "highest", "extremes", "zero_states", "repeated"}),
        (Inputs(x=bc.between(0, 1, "T B"), sizes={"T": 2, "B": 2}, time="T"),
         {"large", "small", "zero_states"}),
        (Inputs(x=bc.unit("T B"), h=bc.unit("B"), sizes={"T": 2, "B": 2}, time="T"),
         {"lowest", "highest", "extremes", "large", "small", "zero_states"}),
    ],
)  # fmt: skip
def test_regimes_that_make_no_difference_are_left_out(inputs, left_out):
    assert {*regimes_of(inputs)} == {*REGIMES} - left_out


def test_without_time_no_cotangent_is_of_the_last_step():
    inputs = Inputs(x="T B", sizes={"T": (1, 4), "B": 2})

    assert "last_step" in design("tiles", 0).words["cotangents"]
    assert "last_step" not in design_of_inputs(inputs).words["cotangents"]


# --- what keeps to the design -------------------------------------------------------------------

BASE = "plain T=22 B=3 K=16 V=64 dtype=float32 seed=5"


@pytest.mark.parametrize(
    ("change", "contained"),
    [
        ("T=22", True),
        ("T=100", True),
        ("T=101", False),
        ("K=32", True),
        ("K=17", False),
        ("dtype=bfloat16", True),
        ("dtype=float64", False),
        ("B=5", False),
    ],
)
def test_what_a_design_contains(change, contained):
    word = change.partition("=")[0]
    line = re.sub(rf"{word}=\w+", change, BASE)

    spec = design("tiles", 0).model.spec_of(line)

    assert design("tiles", 0).contains(spec) == contained


def test_what_where_forbids_is_not_contained():
    own = design_of_inputs(delta_rule_inputs(where=lambda T, B: T > B))

    assert own.contains(own.model.spec_of(BASE))
    assert not own.contains(own.model.spec_of(BASE.replace("T=22", "T=3")))


def test_sizes_that_are_not_equal_as_they_must_be_are_not_contained():
    inputs = Inputs(x="T B", sizes={"T": (1, 9), "B": "T"})
    own = design_of_inputs(inputs)
    equal = RecurrenceSpec(own.model, (("T", 3), ("B", 3)), dtype="float32")
    unequal = RecurrenceSpec(own.model, (("T", 3), ("B", 4)), dtype="float32")

    assert own.contains(equal)
    assert not own.contains(unequal)


def test_what_is_asked_instead_of_a_declined_case():
    """Plainer words first, then others; all of them are contained, and the same every time."""
    own = design("tiles", 0)
    spec = own.model.spec_of(BASE + " layout=offset cotangents=ones")

    found = [*own.alternatives(spec)]

    assert found[0] == own.model.spec_of(BASE + " cotangents=ones")
    assert found[1] == own.model.spec_of(BASE + " layout=offset")
    assert len({*map(str, found)}) > 20
    assert all(own.contains(other) for other in found)
    assert found == [*own.alternatives(spec)]
