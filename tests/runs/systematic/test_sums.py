"""What slopes of many cases add up to: the same in any order, and seldom much by chance."""

from __future__ import annotations

import functools
import itertools
import math
import random

import numpy as np
import pytest

from bptt_check.runs.systematic.slope import ErrorSlope
from bptt_check.runs.systematic.sums import (
    BAND,
    CLIP,
    Sums,
    added,
    needed_strength,
    sums_of,
)


def slopes(count: int, seed: int = 0, shift: float = 0.0) -> list[ErrorSlope]:
    """Slopes whose errors are symmetric about so many bands, and have heavy tails: Cauchy's, in
    cases of all sizes.
    """
    rng = np.random.default_rng(seed)
    typical = np.exp(rng.normal(size=count))
    scatter = rng.standard_cauchy(count) * np.exp(rng.normal(size=count))
    units = typical * BAND * (shift + scatter)
    return list(itertools.starmap(ErrorSlope, zip(units.tolist(), typical.tolist(), strict=True)))


def mild(count: int, scatter: float = 0.5, shift: float = 0.0) -> list[ErrorSlope]:
    """Slopes of equal cases, as many above as below `shift`, in units."""
    return [ErrorSlope(shift + scatter * (-1) ** n, 1.0) for n in range(count)]


def test_order_does_not_matter_to_the_last_bit():
    """Shuffled, and added up in parts that are then added: runs and campaigns add up so."""
    every = list(map(sums_of, slopes(300)))
    at_once = added(every)

    for seed in range(20):
        random.Random(seed).shuffle(every)
        cut = 10 + 13 * seed
        assert added(every) == at_once
        assert added(every[cut:]).and_those_of(added(every[:cut])) == at_once
        assert added([*every[:-1], every[0]]) != at_once


def test_floats_would_add_up_to_something_else_in_another_order():
    """So the test above is one."""
    every = [slope.units for slope in slopes(300)]
    other = list(every)
    random.Random(0).shuffle(other)

    def in_turn(numbers: list[float]) -> float:
        return functools.reduce(float.__add__, numbers)

    assert in_turn(every) != in_turn(other)


def test_strength_is_the_sum_beside_the_root_of_the_squares():
    """Of y = (q / (b s) - 1) / s above the band, of y = (-q / (b s) - 1) / s below it, with q / b s
    cut at the clip.
    """
    every = slopes(50, shift=0.5)
    bands = [max(-CLIP, min(CLIP, s.units / (BAND * s.typical))) for s in every]
    sides = [
        [(sign * q - 1.0) / s.typical for q, s in zip(bands, every, strict=True)]
        for sign in (1.0, -1.0)
    ]
    expected = max(math.fsum(y) / math.sqrt(math.fsum(v * v for v in y)) for y in sides)

    assert added(map(sums_of, every)).strength == pytest.approx(expected, rel=1e-12)


def test_one_case_convinces_nobody():
    """Alone its strength is 1, however far off it is; among others it counts up to the clip."""
    far = sums_of(ErrorSlope(1e9, 1.0))
    many = added(map(sums_of, mild(20)))

    assert far.strength == pytest.approx(1.0)
    assert many.and_those_of(far).strength < 1.0
    assert added([far] * 20).strength == pytest.approx(math.sqrt(20.0))


STRENGTHS = (1.0, 1.5, 2.0, 2.5, 3.0)


def share_beyond(shift: float, trials: int = 1500, cases: int = 16) -> list[float]:
    """How often the sum of so many cases is that strong above the band."""
    every = list(map(sums_of, slopes(trials * cases, seed=1, shift=shift)))
    found = [added(every[n : n + cases]) for n in range(0, len(every), cases)]
    above = np.array([one._replace(below=0, below_squared=0).strength for one in found])
    return [float((above >= t).mean()) for t in STRENGTHS]


def test_symmetric_errors_are_seldom_strong():
    """At most exp(-t^2 / 2) of them exceed t, whatever their sizes and tails, even where right code
    is off by all of the band.
    """
    for shift in (0.0, 0.5, 1.0):
        for t, share in zip(STRENGTHS, share_beyond(shift), strict=True):
            assert share <= math.exp(-0.5 * t * t)


def test_errors_off_by_more_than_the_band_are_often_strong():
    """The bound holds for nothing else."""
    assert share_beyond(3.0)[2] > 2.0 * math.exp(-2.0)


def test_needed_strength_counts_the_tests():
    """2 n exp(-t^2 / 2) is the chance that one of n parts is that strong in either direction."""
    for chance, tests in ((1e-6, 1), (1e-6, 8), (1e-2, 1000)):
        t = needed_strength(chance, tests)

        assert 2.0 * tests * math.exp(-0.5 * t * t) == pytest.approx(chance, rel=1e-9)


def test_estimate_weighs_cases_by_their_typical_error():
    """a = 1 / s^2; its standard error is from how far the cases are apart."""
    every = slopes(60)
    q = np.array([s.units for s in every])
    a = np.array([s.typical**-2 for s in every])
    estimate = (a * q).sum() / a.sum()
    uncertainty = math.sqrt((a**2 * (q - estimate) ** 2).sum()) / a.sum()

    sums = added(map(sums_of, every))

    assert sums.estimate == pytest.approx(estimate, rel=1e-9)
    assert sums.uncertainty == pytest.approx(uncertainty, rel=1e-9)
    assert sums.band == pytest.approx((a * BAND * a**-0.5).sum() / a.sum(), rel=1e-9)
    assert sums.counting == pytest.approx(a.sum() ** 2 / (a**2).sum(), rel=1e-9)
    assert sums.cases == 60


def test_as_many_cases_of_the_same_kind_are_known_better():
    """The uncertainty falls with the root of their number; estimate and band stay."""
    sums = added(map(sums_of, slopes(60)))
    more = sums.of_as_many(6000)

    assert (more.cases, sums.of_as_many(60)) == (6000, sums)
    assert more.uncertainty == pytest.approx(0.1 * sums.uncertainty, rel=1e-9)
    assert (more.estimate, more.band) == pytest.approx((sums.estimate, sums.band), rel=1e-9)
    assert more.counting == pytest.approx(100.0 * sums.counting, rel=1e-9)
    assert Sums().of_as_many(100) == Sums()


def test_smallest_that_is_seen_has_the_strength_that_is_asked_for():
    """Cases off by that together are as strong, a third of it is not, nor are too few cases."""
    sums = added(map(sums_of, mild(100)))
    for strength in (3.8, 5.8):
        smallest = sums.smallest_seen(strength)

        assert added(map(sums_of, mild(100, shift=smallest))).strength == pytest.approx(strength)
        assert added(map(sums_of, mild(100, shift=smallest / 3.0))).strength < 0.5 * strength
    assert added(map(sums_of, mild(14))).smallest_seen(3.8) == math.inf
    assert Sums().smallest_seen(3.8) == math.inf
