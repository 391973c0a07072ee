"""Quartiles of measurements, and when one got worse."""

from __future__ import annotations

import pytest

from benchmarks.bench.spread import SMALLEST, Spread, got_worse, spread_of


def test_spread_is_quartiles_around_the_median():
    """Of five rounds, the second and the fourth."""
    assert spread_of([5.0, 1.0, 2.0, 4.0, 3.0]) == Spread(2.0, 3.0, 4.0)


def test_one_measurement_has_no_width():
    """It is lower quartile, median and upper quartile."""
    assert spread_of([2.5]) == Spread(2.5, 2.5, 2.5)


def test_no_measurement_is_refused():
    """There is no spread of nothing."""
    with pytest.raises(ValueError, match="no spread of no measurement; measure at least one"):
        spread_of([])


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        (Spread(9, 10, 11), Spread(12, 13, 14), True),
        (Spread(9, 10, 11), Spread(10.9, 12, 13), False),  # quartiles overlap
        (Spread(9, 10, 11), Spread(6, 7, 8), False),  # better
        (Spread(10, 10, 10), Spread(10.9, 10.9, 10.9), False),  # within what is never believed
        (Spread(10, 10, 10), Spread(11.5, 11.5, 11.5), True),
    ],
)
def test_worse_is_what_lies_beyond_both_spreads(before, now, worse):
    """On the worse side alone, and by more than the least width of both."""
    assert got_worse(before, now) is worse


def test_worse_side_is_below_where_higher_is_better():
    """Of how many times as fast something is."""
    fast, slow = Spread(19, 20, 21), Spread(9, 10, 11)

    assert got_worse(fast, slow, higher_is_better=True)
    assert not got_worse(slow, fast, higher_is_better=True)


def test_least_width_holds_for_each_side():
    """A side that is wider stays as wide."""
    widened = Spread(100.0, 100.0, 120.0).widened

    assert widened == Spread(100.0 * (1 - SMALLEST), 100.0, 120.0)
