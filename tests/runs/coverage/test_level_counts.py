"""Counts of levels and pairs of levels, added up by name."""

from __future__ import annotations

import numpy as np

from bptt_check.runs.coverage.level_counts import IMPOSSIBLE, TOO_DEAR, LevelCounts, added_counts


def counts(levels: list[tuple[str, str]], table: list[list[int]]) -> LevelCounts:
    return LevelCounts(tuple(levels), np.array(table))


ONE = counts([("T", "1"), ("H", "1")], [[2, 2], [2, 3]])


def test_counts_of_the_same_names_are_added() -> None:
    """Whatever the order of the factors."""
    other = counts([("H", "1"), ("T", "1")], [[5, 4], [4, 7]])
    total = added_counts([ONE, other])

    assert total.levels == ONE.levels
    assert total.table.tolist() == [[9, 6], [6, 8]]


def test_levels_that_one_has_alone_stay_its_own() -> None:
    """Levels of one factor follow each other; two that never met are impossible together."""
    other = counts([("T", "2"), ("layout", "offset")], [[1, 0], [0, 4]])
    total = added_counts([ONE, other])

    assert total.factors == [("T", 0, 2), ("H", 2, 3), ("layout", 3, 4)]
    assert total.table[0].tolist() == [2, IMPOSSIBLE, 2, IMPOSSIBLE]
    assert total.table[1].tolist() == [IMPOSSIBLE, 1, IMPOSSIBLE, 0]


def test_what_is_possible_somewhere_is_possible() -> None:
    """A pair that no case of one target can have, and none of another had, is missing; what one
    cannot afford is told from what cannot be.
    """
    states = [IMPOSSIBLE, TOO_DEAR, 0, 3]
    total = {
        (a, b): int(added_counts([_alone(a), _alone(b)]).table[0, 0])
        for a in states
        for b in states
    }

    assert total[IMPOSSIBLE, TOO_DEAR] == total[TOO_DEAR, IMPOSSIBLE] == TOO_DEAR
    assert total[IMPOSSIBLE, 0] == total[0, TOO_DEAR] == 0
    assert total[IMPOSSIBLE, 3] == total[TOO_DEAR, 3] == 3
    assert total[IMPOSSIBLE, IMPOSSIBLE] == IMPOSSIBLE


def _alone(count: int) -> LevelCounts:
    return counts([("T", "1")], [[count]])


def test_sum_of_nothing_is_empty() -> None:
    """A run without a target."""
    assert added_counts([]).factors == []
    assert list(added_counts([]).pairs) == []


def test_each_pair_that_can_be_counts_once() -> None:
    """Not the levels themselves, and not what is impossible."""
    three = counts(
        [("T", "1"), ("H", "1"), ("H", "2")],
        [[5, 2, 0], [2, 2, IMPOSSIBLE], [0, IMPOSSIBLE, 3]],
    )

    assert sorted(three.pairs) == [0, 2]
