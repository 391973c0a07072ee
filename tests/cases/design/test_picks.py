"""Choices that a seed decides."""

from __future__ import annotations

from bptt_check.cases.design.picks import Picks


def test_picks_are_the_same_on_every_machine() -> None:
    """Written out, as what a seed draws may never change."""
    picks = Picks("0 lstm")

    assert [picks.below(1000) for _ in range(6)] == [141, 356, 425, 403, 989, 472]
    assert picks.order(6) == [5, 3, 1, 2, 4, 0]
    assert picks.of("abc") == "a"


def test_picks_of_another_seed_are_others() -> None:
    """A seed is a text: "1" and "10" are not near each other."""
    one, other = Picks("1"), Picks("10")

    assert [one.below(100) for _ in range(9)] != [other.below(100) for _ in range(9)]


def test_order_has_every_number_once() -> None:
    """And numbers below a count are below it, all of them."""
    picks = Picks("order")

    assert sorted(picks.order(50)) == list(range(50))
    assert {picks.below(5) for _ in range(200)} == set(range(5))
