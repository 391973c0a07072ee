"""A recipe is a spec without its model's kind and its numbers; what a case of it costs."""

from __future__ import annotations

import itertools

import pytest
from support.drawn import specs_of_target

from bptt_check.cases.case import Spec
from bptt_check.cases.design.recipe import SIZES, Recipe, recipe_of, steps_of, work_of
from bptt_check.cases.model import Model

LINES = (
    "lstm T=130 B=9 D=31 H=16 O=5 k1=13 k2=40 regime=sparse lengths=one inputs=alike "
    "initial_state=zero_c layout=strided dtype=float32 seed=4711",
    "gru+2layers+bidirectional T=2 B=3 D=4 H=5 O=6 lengths",
    "rnn-relu+mse",
)


@pytest.mark.parametrize("line", LINES)
def test_spec_of_the_recipe_of_a_spec_is_that_spec(line: str) -> None:
    """Nothing of a spec gets lost."""
    spec = Spec.parse(line)

    assert recipe_of(spec).spec(spec.model, spec.seed) == spec


def test_recipe_of_the_spec_of_a_recipe_is_that_recipe() -> None:
    """Layers included, which a model without them gets."""
    recipe = Recipe(T=3, B=2, cut=(2, 1), layers=3, lengths="full", layout="offset")
    spec = recipe.spec(Model("gru"), 5)

    assert spec.model == Model("gru", layers=3)
    assert recipe_of(spec) == recipe


@pytest.mark.parametrize("T", [1, 2, 5, 12])
def test_steps_are_those_of_every_window(T: int) -> None:
    """After each block losses flow back over a window, which begins no earlier than the sequence;
    counted step by step.
    """
    assert steps_of(T, None) == T
    for k1, k2 in itertools.product(range(1, T + 3), repeat=2):
        ends = [t for t in range(1, T + 1) if t % k1 == 0 or t == T]
        steps = [t for end in ends for t in range(end) if t >= end - k2]
        assert steps_of(T, (k1, k2)) == len(steps)


def test_work_grows_with_every_size() -> None:
    """The first value of a size is the cheapest: what is not wanted large can be made small."""
    recipe = Recipe(4, 4, 4, 4, 4)

    for name in (*SIZES, "layers"):
        more = recipe._replace(**{name: getattr(recipe, name) + 1})
        assert work_of(1, more) > work_of(1, recipe)
    assert work_of(2, recipe) > work_of(1, recipe)
    assert work_of(1, recipe._replace(T=8)) == 2 * work_of(1, recipe)


def test_work_of_drawn_cases_is_about_the_numbers_that_they_hold() -> None:
    """The entries of all weights at every step, and some vectors for every sequence."""
    for spec in specs_of_target("lstm", 50):
        case = spec.build()
        weights = sum(a.size for n, a in case.params.items() if n.startswith("W"))
        vectors = 10 * case.h0.size + case.x[0].size + 2 * case.sizes.B * case.sizes.O
        assert work_of(1, recipe_of(spec)) == case.sizes.T * (weights + vectors)
