"""The few cases of a quick run: of the design, and better for their price than its first ones."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.cases.case import Spec
from bptt_check.cases.design.design import Design
from bptt_check.cases.design.recipe import recipe_of
from bptt_check.cases.design.selection import specs_covering_most
from bptt_check.cases.design.within import Within
from bptt_check.cases.targets import parse_targets

LSTM = Design(parse_targets("lstm")[0])
FEW = 24


def covered(design: Design, specs: list[Spec]) -> int:
    """How many pairs of levels some specs have."""
    covering = design.covering
    seen = np.zeros((covering.size, covering.size), dtype=bool)
    for spec in specs:
        levels = covering.levels(recipe_of(spec))
        seen[levels[:, None], levels] = True
    return sum(seen[pair] for pair in covering.witnesses)


def steps(specs: list[Spec]) -> int:
    """Steps of some specs together."""
    return sum(spec.sizes.T for spec in specs)


def test_few_cases_cover_as_much_as_the_first_in_a_part_of_their_steps() -> None:
    """Two of three pairs of levels."""
    few, first = list(specs_covering_most(LSTM, FEW)), list(LSTM.specs(FEW))
    possible = len(LSTM.covering.witnesses)

    assert len({*few}) == FEW
    assert covered(LSTM, few) >= 0.65 * possible
    assert covered(LSTM, few) >= 0.95 * covered(LSTM, first)
    assert steps(few) <= steps(first) / 5


def test_first_cases_are_those_that_cover_most() -> None:
    """So that fewer of them are a choice as good; they are the same however many are asked for."""
    few = list(specs_covering_most(LSTM, FEW))

    assert list(specs_covering_most(LSTM, 5)) == few[:5]
    assert covered(LSTM, few[:8]) > covered(LSTM, few[-8:])


@pytest.mark.parametrize("count", [1, 30])
def test_there_are_so_many_as_asked_for_also_of_a_small_design(count: int) -> None:
    """Where few cases have every pair, the rest are later ones of the design."""
    within = Within.parse("T=2 B=1 D=1 H=2 O=2 regimes=normal inputs=random")
    design = Design(parse_targets("rnn-tanh")[0], within=within)
    specs = list(specs_covering_most(design, count))

    assert len({*specs}) == count
    assert all(map(design.contains, specs))


def test_chosen_cases_are_of_the_design() -> None:
    """A case is the same in a quick run and in any other of the seed."""
    assert {*specs_covering_most(LSTM, FEW)} <= {*LSTM.specs(LSTM.covered_after)}
