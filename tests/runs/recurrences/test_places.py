"""Where an array is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bptt_check.runs.recurrences.places import SameFactor, WrongRange, ZeroGradient, wrong_places
from bptt_check.verdicts.difference import Difference

AXES = ("T", "B", "K")
SHAPE = (6, 3, 4)
BUDGET = 1e-6


class EqualBudgets:
    """The same budget of every entry."""

    def of(self, name: str) -> Any:
        return np.full(SHAPE, BUDGET)


def places(change: Any) -> list[Any]:
    """What is said of a changed array."""
    want = np.random.default_rng(0).normal(size=SHAPE)
    got = change(want.copy())
    return [*wrong_places("k", AXES, Difference("k", got, want), EqualBudgets())]  # type: ignore[arg-type]


def with_part(part: Any, value: float = 9.0) -> Any:
    def change(array: Any) -> Any:
        array[part] = value
        return array

    return change


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (np.s_[-1], [WrongRange("k", "T", 5, 5, 6)]),
        (np.s_[:2], [WrongRange("k", "T", 0, 1, 6)]),
        (np.s_[3:5, 1], [WrongRange("k", "T", 3, 4, 6), WrongRange("k", "B", 1, 1, 3)]),
        (np.s_[:, :, 2:], [WrongRange("k", "K", 2, 3, 4)]),
        (np.s_[2, 0, 0], [
            WrongRange("k", "T", 2, 2, 6), WrongRange("k", "B", 0, 0, 3),
            WrongRange("k", "K", 0, 0, 4),
        ]),
    ],
)  # fmt: skip
def test_a_part_of_an_axis(part, found):
    """Of each axis that is not wrong from end to end."""
    assert places(with_part(part)) == found


def test_nothing_is_said_of_what_is_wrong_everywhere():
    """From the first to the last of every axis, by nothing in common."""
    assert places(lambda a: a + np.random.default_rng(1).normal(size=SHAPE)) == []
    assert places(with_part(np.s_[::5, ::2, ::3])) == []


def test_nothing_is_said_of_what_is_right():
    assert places(lambda a: a) == []
    assert places(lambda a: a + 0.9 * BUDGET) == []


def test_zeros_are_told_as_what_they_are():
    assert places(np.zeros_like) == [ZeroGradient("k")]


def test_zeros_where_some_should_be_are_a_part():
    """The rest is right."""
    assert places(with_part(np.s_[2:4], 0.0)) == [WrongRange("k", "T", 2, 3, 6)]


@pytest.mark.parametrize("factor", [2.0, 0.5, -1.0, 1.05])
def test_one_factor_of_all_entries(factor):
    (place,) = places(lambda a: factor * a)

    assert isinstance(place, SameFactor)
    assert place.factor == pytest.approx(factor, rel=1e-12)


def test_a_factor_of_most_entries_is_none():
    """One entry has another."""

    def change(array: Any) -> Any:
        array *= 2.0
        array[3, 1, 1] /= 2.0
        return array

    assert not [p for p in places(change) if isinstance(p, SameFactor)]
