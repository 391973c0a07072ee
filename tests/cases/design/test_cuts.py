"""Truncations: of every kind some, and only those that keep to relations."""

from __future__ import annotations

import itertools
import time

import pytest
from support.levels import blocks_of, reach_of, remainder_of

from bptt_check.cases.design.cuts import cut_keeps, possible_cuts


def kinds(T: int, cuts: list[tuple[int, int]]) -> set[tuple[str, str, str]]:
    """What truncations of T steps are like."""
    return {(blocks_of(k1, T), reach_of(k1, k2, T), remainder_of(T, k1)) for k1, k2 in cuts}


@pytest.mark.parametrize("T", [1, 2, 3, 4, 5, 8, 12, 13, 31, 64, 100])
def test_every_kind_of_truncation_is_there(T: int) -> None:
    """Of all that there are: blocks of each kind, each with windows of each kind; of the larger
    blocks not all remainders with all windows.
    """
    every = list(itertools.product(range(1, T + 3), repeat=2))
    some = possible_cuts(T, "")

    assert len(set(some)) == len(some) <= 200
    assert {k[:2] for k in kinds(T, list(some))} == {k[:2] for k in kinds(T, every)}
    assert some[0] == (1, 1)


@pytest.mark.parametrize(
    ("relations", "holds"),
    [
        ("k1 = 1", lambda k1, k2, T: k1 == 1),
        ("k1 = k2", lambda k1, k2, T: k1 == k2),
        ("k1 | T, k2 < T", lambda k1, k2, T: T % k1 == 0 and k2 < T),
        ("k2 >= T", lambda k1, k2, T: k2 >= T),
        ("k1 = 6, k2 <= 10", lambda k1, k2, T: k1 == 6 and k2 <= 10),
        ("k1 > 20", lambda k1, k2, T: k1 > 20),
        ("7 | k2", lambda k1, k2, T: k2 % 7 == 0),
    ],
)
def test_only_what_keeps_to_the_relations_is_there(relations: str, holds: object) -> None:
    """And of every number of steps that has one up to where all are looked through."""
    assert callable(holds)
    for T in (1, 2, 3, 7, 12, 30, 60, 300):
        cuts = possible_cuts(T, relations)
        assert all(holds(k1, k2, T) for k1, k2 in cuts)
        assert all(cut_keeps(cut, T, relations) for cut in cuts)
        possible = any(holds(*cut, T) for cut in itertools.product(range(1, T + 3), repeat=2))
        assert bool(cuts) >= possible


def test_relation_that_no_truncation_keeps_to_leaves_none() -> None:
    """One step has no window that is shorter than it."""
    assert possible_cuts(1, "k2 < T") == ()
    assert possible_cuts(2, "k1 < k2, k2 < T") == ()
    assert possible_cuts(3, "k1 < k2, k2 < T") == ((1, 2),)


def test_looking_for_what_there_is_not_takes_no_time() -> None:
    """A hundred thousand truncations are not gone through."""
    begin = time.process_time()

    assert possible_cuts(299, "k1 = k2, k1 < k2") == ()
    assert time.process_time() - begin < 0.5


def test_truncation_that_breaks_a_relation_does_not_keep_to_it() -> None:
    """Nor does none at all."""
    assert cut_keeps((3, 4), 9, "k1 | T, k2 < T")
    assert not cut_keeps((4, 4), 9, "k1 | T, k2 < T")
    assert not cut_keeps((3, 9), 9, "k1 | T, k2 < T")
    assert cut_keeps((4, 9), 9, "")
    assert not cut_keeps(None, 9, "")
