"""The space of a target: which values each field may have, and which cases can be afforded."""

from __future__ import annotations

import re

import pytest
from support.drawn import design_of

from bptt_check.cases.design.recipe import SIZES, Recipe
from bptt_check.cases.design.space import Space, space_of, why_outside
from bptt_check.cases.design.within import Within
from bptt_check.cases.targets import parse_targets
from bptt_check.errors import SpecError


def space(name: str, within: str = "", dtypes: tuple[str, ...] = ("float64",)) -> Space:
    """The space of a target of a name."""
    return design_of(name, 0, within, dtypes).space


def test_usual_sizes_are_all_steps_and_what_is_beside_powers_of_two() -> None:
    """Widths at which tiles and vectors begin and end, and all small ones."""
    choices = space("lstm+mse").choices
    widths = (*range(1, 10), 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129)

    assert choices["T"] == tuple(range(1, 301))
    assert all(choices[name] == widths for name in ("B", "D", "H", "O"))


@pytest.mark.parametrize(
    ("name", "least"), [("lstm", 2), ("lstm+mse", 1), ("lstm+bce", 1), ("lstm+last", 2)]
)
def test_cross_entropy_has_two_classes_at_least(name: str, least: int) -> None:
    """With one it is the constant 0."""
    assert min(space(name).choices["O"]) == least  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("lstm", ("random", "zero", "zero_h", "zero_c")),
        ("gru", ("random", "zero")),
        ("sentiment_toy", ("random",)),
    ],
)
def test_initial_states_are_those_that_the_cell_has(name: str, states: tuple[str, ...]) -> None:
    """Only a cell with two states can have one of them zero; given data have their own."""
    assert space(name).choices["initial_state"] == states


@pytest.mark.parametrize(
    ("limit", "gru", "lstm"),
    [
        ("zero", ("zero",), ("zero",)),
        ("zero_c", ("random",), ("zero_c",)),
        ("zero_h", ("zero",), ("zero_h",)),
        ("zero,zero_h", ("zero",), ("zero", "zero_h")),
    ],
)
def test_limit_of_initial_states_means_of_one_state_what_it_says_of_h(
    limit: str, gru: tuple[str, ...], lstm: tuple[str, ...]
) -> None:
    """Code that starts from h = 0 gets that of every cell."""
    within = f"initial_state={limit}"

    assert space("gru", within).choices["initial_state"] == gru
    assert space("lstm", within).choices["initial_state"] == lstm


def test_head_and_truncation_and_lengths_are_factors_where_they_are_there() -> None:
    """What a model does not have cannot vary."""
    names = {
        name: {f.name for f in space(name).factors}
        for name in ("lstm", "lstm+linear", "lstm+truncated", "lstm+lengths")
    }

    assert names["lstm"] - names["lstm+linear"] == {
        "O", "O beside 2^k", "T = O", "B = O", "D = O", "H = O",
    }  # fmt: skip
    assert names["lstm+truncated"] - names["lstm"] == {
        "k1 against T", "k2 against k1 and T", "T mod k1",
    }  # fmt: skip
    assert names["lstm+lengths"] - names["lstm"] == {"lengths"}
    assert "dtype" not in names["lstm"]
    assert "dtype" in {f.name for f in space("lstm", "", ("float64", "float32")).factors}
    assert "layers" in {f.name for f in space("lstm", "layers=1..3").factors}


def test_chain_of_equal_sizes_has_one_that_is_free() -> None:
    """O = D and D = H: all are H."""
    chained = space("lstm+mse", "O=D D=H H=2..5")

    assert chained.choices.keys().isdisjoint({"O", "D"})
    assert chained.tied(Recipe(H=4)) == Recipe(H=4, D=4, O=4)


def test_size_that_the_classes_equal_has_two_at_least() -> None:
    """The limit of one is that of the other."""
    assert space("lstm", "O=D D=1..3").choices["D"] == (2, 3)
    assert space("lstm+mse", "O=D D=1..3").choices["D"] == (1, 2, 3)


def test_outputs_that_are_not_there_equal_nothing() -> None:
    """A model without head keeps all its sizes."""
    assert space("lstm+linear", "D=O") == space("lstm+linear")


def test_steps_without_a_possible_truncation_are_left_out() -> None:
    """One step has no window that is shorter than it."""
    assert space("gru+truncated", "truncation=k2<T").choices["T"][0] == 2
    assert space("gru+truncated", "truncation=k1<k2,k2<T").choices["T"][0] == 3
    assert space("gru+truncated", "truncation=k1<k2,k2<T H=T").choices["T"][0] == 3


@pytest.mark.parametrize(
    ("name", "within", "why"),
    [
        ("lstm+truncated", "truncation=False", "truncation is left out by within"),
        ("truncated_100_10", "truncation=False", "truncation is left out by within"),
        ("truncated_100_10", "truncation=k1=k2", "k1=100 k2=10 is left out by within"),
        ("truncated_100_10", "T=1..16", "T=110 is left out by within"),
        ("sentiment_toy", "O=D", "O=1 is left out by within"),
        ("lstm+lengths", "lengths=False", "lengths are left out by within"),
        ("lstm+onehot", "regimes=normal", "regime=one_hot is left out by within"),
        ("lstm", "O=1", "one class shows nothing, and within leaves no more"),
        ("lstm+truncated", "T=2 truncation=k1<k2,k2<T", "within leaves no T for its truncation"),
        ("gru", "H=100000 D=H", "its smallest case would hold 6e+10 numbers"),
        ("lstm", "B=2000000..3000000 T=H H=100..200", "its smallest case would hold 2e+10 numbers"),
    ],
)
def test_target_outside_of_the_limits_says_why(name: str, within: str, why: str) -> None:
    """Nothing of it can be drawn."""
    target, limits = parse_targets(name)[0], Within.parse(within)

    assert why_outside(target, limits) == why
    with pytest.raises(SpecError, match=re.escape(why)):
        space_of(target, ("float64",), limits)


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("lstm", "truncation=False lengths=False"),
        ("lstm", "truncation=k1=1"),
        ("truncated_100_10", "truncation=k2<k1 T=100..120 D=H"),
        ("sentiment_toy", "T=3 O=1 H=D"),
        ("lstm+onehot", "regimes=one_hot,normal"),
        ("lstm+mse", "O=1"),
        ("lstm+mse", "T=500 H=512"),
        ("gru", "H=1..100000 D=H"),
        ("lstm", "B=20000..3000000 T=H H=100..200"),
    ],
)
def test_target_within_the_limits_is_not_outside(name: str, within: str) -> None:
    """Siblings of the above."""
    assert why_outside(parse_targets(name)[0], Within.parse(within)) == ""


@pytest.mark.parametrize("name", ["lstm", "gru+2layers+bidirectional", "lstm+truncated+mse"])
def test_large_cases_are_not_affordable(name: str) -> None:
    """Each size can be large, not all of them at once."""
    of_name = space(name)
    small = Recipe(2, 2, 2, 2, 2, (2, 2) if of_name.truncated else None)
    large = {"T": 100, "B": 129, "D": 129, "H": 33, "O": 129}

    assert of_name.allowed(small)
    for size, value in large.items():
        assert of_name.allowed(small._replace(**{size: value})), size
    assert not of_name.allowed(small._replace(**dict.fromkeys(SIZES, 129)))


def test_windows_cost_their_steps() -> None:
    """A window of nearly all steps after each step is not affordable where a short one is."""
    of_name = space("lstm+truncated")
    long = Recipe(T=60, H=2)

    assert of_name.allowed(long._replace(cut=(1, 2)))
    assert not of_name.allowed(long._replace(cut=(1, 59)))
    assert of_name.allowed(long._replace(cut=(59, 59)))


@pytest.mark.parametrize("within", ["T=500 H=512", "T=1000..2000", "B=4096 D=300", "layers=50"])
def test_who_asks_for_large_cases_gets_them(within: str) -> None:
    """The cheapest of them can always be afforded."""
    of_name = space("lstm", within)
    cheapest = Recipe(**{n: v[0] for n, v in of_name.values})  # type: ignore[arg-type]

    assert of_name.allowed(cheapest)
    assert of_name.allowed(cheapest._replace(layout="strided", inputs="zero"))
