"""Formulas of docs/systematic.md that are of no one module: floors, and shares of an error."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.runs.systematic.candidates import Candidate
from bptt_check.runs.systematic.confirmation import CHANCE, LOOKS
from bptt_check.runs.systematic.findings import (
    FRESH_THAT_COUNT,
    TYPICAL_SUSPECTS,
    smallest_found,
)
from bptt_check.runs.systematic.screening import SUSPICIOUS
from bptt_check.runs.systematic.slope import Errors, ErrorSlope, Regressor, RegressorKind
from bptt_check.runs.systematic.sums import Sums, added, needed_strength, sums_of

UNIT = 2.0**-8
SHAPE, CASES = (6, 4), 12
WHOLE = Regressor("W", RegressorKind.WHOLE)
GATE = Regressor("W", RegressorKind.GATE, "f")
TERM = Regressor("W", RegressorKind.TERM, "h_prev")
ARITHMETIC = Regressor("W", RegressorKind.ARITHMETIC, "truncating")
Form = tuple[Errors, dict[Regressor, np.ndarray]]


def sums_off_by(units: float, cases: int, scatter: float = 0.25) -> Sums:
    """Those of equal cases whose slopes are off by so much, and scatter about it."""
    return added(sums_of(ErrorSlope(units + scatter * (-1) ** n, 1.0)) for n in range(cases))


def is_found(units: float, cases: int) -> bool:
    """Whether an error stands out of so many cases, and fresh ones confirm it."""
    needed = needed_strength(CHANCE, TYPICAL_SUSPECTS * LOOKS)
    stands_out = sums_off_by(units, cases).strength > SUSPICIOUS
    return stands_out and sums_off_by(units, FRESH_THAT_COUNT).strength >= needed


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


def tried(
    multiples: dict[Regressor, float], noise: float = 1.0
) -> tuple[list[Form], list[Candidate]]:
    """Candidates on cases whose errors are multiples of some of them, and rounding."""
    rng = np.random.default_rng(0)
    candidates = {part: Candidate(part) for part in (WHOLE, GATE, TERM, ARITHMETIC)}
    cases: list[Form] = []
    for _ in range(CASES):
        true, s = rng.normal(size=SHAPE), UNIT * np.exp(rng.normal(size=SHAPE))
        rows = np.where(np.arange(SHAPE[0])[:, None] < 2, true, 0.0)
        forms = {WHOLE: true, GATE: rows}
        forms |= {part: rng.normal(size=SHAPE) for part in (TERM, ARITHMETIC)}
        error = noise * s * rng.normal(size=SHAPE)
        error += sum(c * forms[part] for part, c in multiples.items())
        errors = Errors(error, 1.0 / s**2, UNIT)
        cases.append((errors, forms))
        for part, form in forms.items():
            candidates[part].add(errors, form)
    return cases, list(candidates.values())


def test_share_is_of_the_square_of_the_errors():
    """What is left of each case's, taken by the one multiple, counts alike."""
    cases, candidates = tried({TERM: -0.02})
    for candidate in candidates:
        c = candidate.multiple
        shares = [
            1.0 - (e.weight * (e.error - c * f[candidate.part]) ** 2).sum()
            / (e.weight * e.error**2).sum()
            for e, f in cases
        ]  # fmt: skip

        assert candidate.share == pytest.approx(np.mean(shares), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_no_other_multiple_explains_as_much(factor: float):
    """The multiple is the one of the largest mean share."""
    cases, candidates = tried({WHOLE: 0.05})
    for candidate in candidates:
        other = factor * candidate.multiple
        moved = [
            1.0 - (e.weight * (e.error - other * f[candidate.part]) ** 2).sum()
            / (e.weight * e.error**2).sum()
            for e, f in cases
        ]  # fmt: skip

        assert float(np.mean(moved)) < candidate.share
