"""The floor of a run: the smallest systematic error that it would have found."""

from __future__ import annotations

import pytest

from bptt_check.runs.systematic.confirmation import CHANCE
from bptt_check.runs.systematic.findings import TYPICAL_SUSPECTS, smallest_found
from bptt_check.runs.systematic.fresh import FRESH_CASES
from bptt_check.runs.systematic.screening import SUSPICIOUS
from bptt_check.runs.systematic.slope import ErrorSlope
from bptt_check.runs.systematic.sums import Sums, added, needed_strength, sums_of


def sums_off_by(units: float, cases: int, scatter: float = 0.25) -> Sums:
    """Those of equal cases whose slopes are off by so much, and scatter about it."""
    return added(sums_of(ErrorSlope(units + scatter * (-1) ** n, 1.0)) for n in range(cases))


def is_found(units: float, cases: int) -> bool:
    """Whether an error stands out of so many cases, and fresh ones confirm it."""
    needed = needed_strength(CHANCE, TYPICAL_SUSPECTS)
    stands_out = sums_off_by(units, cases).strength > SUSPICIOUS
    return stands_out and sums_off_by(units, FRESH_CASES).strength >= needed


@pytest.mark.parametrize("cases", [20, 40, 100, 1000])
def test_error_at_the_floor_is_found_and_a_third_of_it_is_not(cases: int):
    """Whether few cases make it that nothing stands out, or the fresh ones that nothing is
    confirmed.
    """
    floor = smallest_found(sums_off_by(0.0, cases))

    assert is_found(1.001 * floor, cases)
    assert not is_found(0.999 * floor, cases)
    assert not is_found(floor / 3.0, cases)


def test_floor_falls_with_the_cases_until_fresh_ones_decide():
    """More of them find no less; so few that nothing stands out find nothing."""
    few, many, most = (smallest_found(sums_off_by(0.0, n)) for n in (16, 100, 10_000))

    assert few > many >= most > 0.0
    assert smallest_found(sums_off_by(0.0, 14)) == float("inf")
