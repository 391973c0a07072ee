"""Directions of signs: what a gradient says along them, and how far an error may reach."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.cases.directions import SignDirections

RNG = np.random.default_rng(3)
SHARED = SignDirections("W_hh_l0", RNG.choice((-1.0, 1.0), (4, 5, 5)))
OWN = SignDirections("x", RNG.choice((-1.0, 1.0), (4, 6, 3, 2)))


@pytest.mark.parametrize("along", [SHARED, OWN])
def test_slopes_are_sums_of_entries_times_signs(along):
    """Of an input that sequences have for themselves one sum for each of them."""
    gradient = RNG.normal(size=along.signs.shape[1:])
    slopes = along.slopes(gradient)
    products = along.signs * gradient

    assert slopes.shape == ((4, 3) if along is OWN else (4,))
    assert slopes == pytest.approx(products.sum(axis=(1, 3) if along is OWN else (1, 2)))


@pytest.mark.parametrize("along", [SHARED, OWN])
def test_slopes_are_off_by_no_more_than_the_reach_of_errors(along):
    """Errors with the very signs of a direction reach it; no others go beyond."""
    sizes = RNG.uniform(0.1, 1.0, along.signs.shape[1:])
    reach = along.reach(sizes)

    assert along.slopes(along.signs[2] * sizes)[2] == pytest.approx(reach[2])
    assert np.all(np.abs(along.slopes(RNG.uniform(-1, 1, sizes.shape) * sizes)) < reach)


def test_one_wrong_entry_shows_in_every_direction():
    """There is no other for it to cancel against."""
    error = np.zeros((5, 5))
    error[3, 1] = 0.25

    assert np.abs(SHARED.slopes(error)).tolist() == [0.25] * 4


def test_one_wrong_entry_shows_in_its_own_sequence_alone():
    """Sequences do not meet before the loss."""
    error = np.zeros((6, 3, 2))
    error[4, 1, 0] = 0.25

    assert np.abs(OWN.slopes(error)).tolist() == [[0.0, 0.25, 0.0]] * 4


def test_an_entry_without_a_budget_leaves_its_slopes_without_one():
    """Infinite stays infinite, and no NaN comes of it."""
    sizes = np.zeros((6, 3, 2))
    sizes[0, 2, 1] = np.inf

    assert OWN.reach(sizes).tolist() == [[0.0, 0.0, np.inf]] * 4


def test_scatter_is_that_of_independent_errors():
    """The root of the sum of squares, of however small numbers."""
    assert SHARED.scatter(np.full((5, 5), 2e-200)) == pytest.approx([1e-199] * 4, abs=0)
    assert SHARED.scatter(np.zeros((5, 5))).tolist() == [0.0] * 4
