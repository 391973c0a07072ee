"""What remainders by step say of a gradient: order two is right, order one is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bptt_check.own_loss.differencing.taylor_curve import (
    FITTED,
    SETTLED,
    Remainder,
    fitted_order,
    has_order_one,
    judge_remainders,
    usable_steps,
)
from bptt_check.verdicts.verdict import Verdict


def remainders(
    value: Callable[[float], float], rounding: float = 1e-12, smooth_below: float = 1.0
) -> list[Remainder]:
    """Those of 20 halved steps; rounding is what is left where nothing else is."""
    steps = [2.0**-k for k in range(1, 21)]
    return [
        Remainder(s, value(s), value(-s), rounding, slope=s, smooth=s <= smooth_below)
        for s in steps
    ]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_order_two_passes(scale: float) -> None:
    """Whatever the curvature is."""
    points = remainders(lambda s: scale * s**2, rounding=1e-12 * scale)
    verdict, reason, order, first, last = judge_remainders(points)

    assert (verdict, reason, order) == (Verdict.PASS, "", pytest.approx(2.0))
    assert last - first == FITTED


def test_order_one_fails() -> None:
    """However small its part is beside the rest, once the step is small enough."""
    verdict, reason, order, *_ = judge_remainders(remainders(lambda s: 0.1 * s + 0.001 * s**2))

    assert (verdict, order) == (Verdict.FAIL, pytest.approx(1.0, abs=0.01))
    assert reason == "the remainder shrinks like the step, not like its square"


def test_order_one_is_known_long_before_rounding() -> None:
    """A remainder that has halved ten times is not looked at any further."""
    points = remainders(lambda s: 3.0 * s + 1e-4 * s**2)

    assert has_order_one(points)
    assert judge_remainders(points[:12])[0] == Verdict.FAIL
    assert not has_order_one(points[:SETTLED])


@pytest.mark.parametrize(
    ("value", "rounding", "smooth_below"),
    [
        (lambda s: s**2, 1e-12, 1.0),
        (lambda s: 1e-3 * s + s**2, 1e-12, 1.0),
        (lambda s: s, 1.0, 1.0),
        (lambda s: s, 1e-12, 0.0),
    ],
    ids=["order two", "curvature still larger", "rounding", "never smooth"],
)
def test_other_remainders_are_looked_at_until_rounding(value, rounding, smooth_below) -> None:
    """Smaller steps may tell more of them."""
    assert not has_order_one(remainders(value, rounding, smooth_below)[:12])


def test_order_one_of_the_odd_part_fails() -> None:
    """Where curvature hides it from the remainder itself."""
    verdict, reason, *_ = judge_remainders(remainders(lambda s: 1e-4 * s + 1e4 * s**2, 1e-9))

    assert verdict == Verdict.FAIL
    assert reason == "the part of it that changes sign shrinks like the step"


def test_kink_at_the_point_is_inconclusive() -> None:
    """Its part has order 1 too, and both signs of it agree."""
    verdict, reason, *_ = judge_remainders(remainders(abs))

    assert verdict == Verdict.INCONCLUSIVE
    assert reason == "a kink lies at the point itself: its two slopes differ"


def test_order_between_one_and_two_is_inconclusive() -> None:
    """It is no clear answer."""
    points = remainders(lambda s: abs(s) ** 1.5 * (1.0 if s > 0 else -0.9))
    verdict, reason, *_ = judge_remainders(points)

    assert (verdict, reason) == (Verdict.INCONCLUSIVE, "no clear order: 1.50")


@pytest.mark.parametrize(
    ("rounding", "smooth_below", "reason"),
    [
        (1.0, 1.0, "linear along this direction: the remainder is rounding at every step"),
        (9.0, 1.0, "flat: nothing changes by more than rounding along this direction"),
        (0.02, 1.0, "rounding leaves 2 of 3 steps"),
        (1e-12, 0.0, "a kink, or a bend, lies within every step"),
    ],
)
def test_reason_is_given_where_no_order_is_left(
    rounding: float, smooth_below: float, reason: str
) -> None:
    """Each for what it lacks; only a linear function passes."""
    points = remainders(lambda s: s**2, rounding, smooth_below)
    if rounding == 1.0:
        points = [Remainder(p.step, 0.0, 0.0, rounding, 3.0, True) for p in points]
    verdict, why, order, *_ = judge_remainders(points)

    assert (why, order) == (reason, None)
    assert verdict == (Verdict.PASS if rounding == 1.0 else Verdict.INCONCLUSIVE)


def test_usable_steps_are_the_smallest_above_rounding() -> None:
    """Between the last kink and the first remainder that is rounding."""
    points = remainders(lambda s: s**2, rounding=1e-4, smooth_below=0.25)
    first, last = usable_steps(points, [p.remainder for p in points])

    assert [points[i].step for i in (first, last - 1)] == [2.0**-2, 2.0**-6]
    assert fitted_order(points[:2], [1.0, 0.5]) is None
