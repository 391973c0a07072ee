"""Results of two checkouts, compared."""

from __future__ import annotations

import json
import math
from dataclasses import astuple, replace

import pytest

from benchmarks.same_results import (
    Apart,
    Key,
    Result,
    differences,
    distance,
    lines,
    read,
    relative,
    table,
)

CASE = Key("lstm", "lstm T=1")
ROW = Key("lstm", "lstm T=1", "W_hy", "torch")
OURS = {CASE: Result("pass"), ROW: Result("pass", "NONE", (1, 2), 0.25, 1e-12, 2e-12)}


def test_equal_results_are_the_same():
    """Numbers that are not there are equal, too."""
    found = differences(OURS, dict(OURS))

    assert found.same
    assert (found.compared, found.places, found.reasons) == (2, [], [])
    assert found.budgets == found.floors == Apart(0.0, CASE)


@pytest.mark.parametrize(
    ("theirs", "line"),
    [
        ({CASE: Result("fail")}, "1 have another verdict"),
        ({ROW: replace(OURS[ROW], verdict="fail")}, "1 have another verdict"),
        ({Key("gru", "gru T=1"): Result("pass")}, "1 are of one checkout alone"),
    ],
)
def test_another_verdict_or_row_is_not_the_same(theirs, line):
    """Whatever the numbers say; it is named."""
    found = differences(OURS, OURS | theirs)

    assert not found.same
    assert line in list(lines(found))


def test_a_missing_result_is_not_the_same():
    """On either side."""
    assert differences(OURS, {CASE: OURS[CASE]}).only_one == [ROW]
    assert differences({CASE: OURS[CASE]}, OURS).only_one == [ROW]


def test_an_oracle_that_one_alone_asked_is_counted_and_no_difference():
    """A share of the cases is proven. A case that one of them declined is another verdict."""
    found = differences(OURS, OURS | {ROW: Result("unsupported", "NOT_DECIDED")})
    assert found.same
    assert (found.asked_by_one, found.compared, found.budgets.difference) == ([ROW], 1, 0.0)

    declined = differences(OURS, OURS | {CASE: Result("unsupported")})
    assert (declined.asked_by_one, declined.verdicts) == ([], [CASE])
    assert not declined.same


def test_largest_differences_are_told_with_their_place():
    """Worst entries in budgets, floors beside their size; verdicts are equal all the same."""
    moved = replace(OURS[ROW], reason="AT_KINK", index=(1, 3), budgets=0.5, floor_any=4e-12)
    found = differences(OURS, OURS | {ROW: moved})

    assert found.same
    assert found.places == found.reasons == [ROW]
    assert found.budgets == found.at_other_places == Apart(0.25, ROW)
    assert found.floors == Apart(0.5, ROW)
    assert (
        "largest difference: relative difference of a floor: 0.5 at lstm: lstm T=1 W_hy by torch"
        in (list(lines(found)))
    )


def test_table_tells_oracles_apart():
    """What differs by one oracle is not counted at another, nor among the cases."""
    other = ROW._replace(oracle="jax")
    ours = OURS | {other: OURS[ROW]}
    told = table(ours, ours | {other: replace(OURS[ROW], verdict="fail", budgets=0.5)})

    assert [line.split() for line in told][1:] == [
        ["cases", "1", "0", "0", "0", "0", "0", "0", "0"],
        ["torch", "1", "0", "0", "0", "0", "0", "0", "0"],
        ["jax", "1", "0", "1", "0", "0", "0.25", "0", "0"],
    ]


def test_a_number_that_only_one_has_is_infinitely_far():
    """It must not be lost in a comparison with NaN."""
    assert distance(math.nan, 1.0) == relative(1.0, math.inf) == math.inf
    assert distance(math.inf, math.inf) == relative(0.0, 0.0) == 0.0


def test_a_written_line_is_read_back():
    """As the process of a checkout writes it."""
    line = json.dumps([ROW, astuple(OURS[ROW])])

    assert read(line) == (ROW, OURS[ROW])
