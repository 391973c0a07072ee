"""Values of a field: how they are ordered by cost."""

from __future__ import annotations

import itertools

import pytest
from support.drawn import design_of

from bptt_check.cases.design.field_values import FieldValues
from bptt_check.cases.design.level_pairs import LevelPairs
from bptt_check.cases.design.picks import Picks

SPACES = (
    ("rnn-tanh", ""),
    ("lstm+truncated", "T=1..40"),
    ("lstm+truncated+linear", "T=1..12 H=T"),
    ("gru+mse+lengths", "T=1..12 O=D layers=1..3"),
)


def values_of(name: str, within: str) -> FieldValues:
    return FieldValues(LevelPairs(design_of(name, 0, within).space))


@pytest.mark.parametrize(("name", "within"), SPACES)
def test_values_of_a_field_are_ordered_as_their_costs(name: str, within: str) -> None:
    """Where the short way to compare costs says one is dearer, so says the long one."""
    values, picks = values_of(name, within), Picks("cost")
    recipe = values.pairs.cheapest
    for field in values.fields:
        options = [values.current(recipe, field), *values.others(recipe, field, picks)]
        short = values.dearness(recipe, field, options)
        costs = [values.cost(values.having(recipe, field, value)) for value in options]
        for a, b in itertools.combinations(range(len(options)), 2):
            assert (short[a] < short[b]) == (costs[a] < costs[b]), (field, options[a], options[b])


def test_value_keeps_sizes_tied_and_names_the_others_that_it_equals() -> None:
    """O is D here, and 5 is H too."""
    values = values_of("gru+mse+lengths", "T=1..12 H=1..9 D=1..9 O=D layers=1..3")
    recipe = values.having(values.pairs.cheapest, "H", (5, None))
    other = values.having(recipe, "D", (5, None))
    names = [f.name for f in values.pairs.factors]
    equal = {names[values.pairs.starts.tolist().index(n)] for n in values.equal_to(recipe, "D", 5)}

    assert (other.D, other.O) == (5, 5)
    assert equal == {"D = H", "H = O"}
    assert values.equal_to(recipe, "D", 7) == []
