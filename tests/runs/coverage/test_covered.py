"""The record of what was covered: written, read back, added up, and few told from enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support import made

from bptt_check.runs.coverage.covered import CoveredTarget, added_records, counts_of, factors_of
from bptt_check.runs.coverage.level_counts import IMPOSSIBLE, TOO_DEAR


def test_record_says_its_counts_again() -> None:
    """Counts, what cannot be and what cannot be afforded; symmetric."""
    counts = counts_of(made.covered().factors)

    assert factors_of(counts) == made.covered().factors
    assert np.array_equal(counts.table, counts.table.T)
    assert counts.table[0].tolist() == [4, IMPOSSIBLE, IMPOSSIBLE, 3, IMPOSSIBLE, TOO_DEAR]


def test_pairs_are_counted_up_to_nine() -> None:
    """More is as good, and one character holds it; the cases of a level are counted all."""
    counts = counts_of(made.covered().factors)
    counts.table[0, 0] = 1234
    counts.table[0, 3] = counts.table[3, 0] = 57
    first, _ = factors_of(counts)

    assert first.cases[0] == 1234
    assert first.pairs[0] == "9-!"


def test_records_add_up_by_name() -> None:
    """Levels, calls and targets of both; of sizes the larger."""
    other = replace(made.covered("gru"), largest={"T": 9, "B": 3}, calls={"third_call": 1, "x": 2})
    total = added_records([made.covered(), other])

    assert total.factors[0].cases == (8, 12, 0)
    assert total.factors[0].pairs == ("6-!", "49!", "00-")
    assert total.factors[1].too_dear == ("129",)
    assert [t.model for t in total.targets] == ["lstm", "gru"]
    assert total.calls == {"third_call": 5, "x": 2}
    assert total.largest == {"T": 9, "H": 2, "B": 3}
    assert len(total.limits) == 2


def test_label_tells_equal_targets_of_two_checks_apart() -> None:
    """As every entry of a run names its check."""
    labelled = made.covered().labelled("a test")

    assert labelled.target("a test", "lstm") is not None
    assert labelled.target("", "lstm") is None
    assert labelled.limits[0].check == "a test"


@pytest.mark.parametrize(
    ("decided", "asked", "few"),
    [(0, 0, False), (1, 1, False), (0, 1, True), (50, 100, False), (49, 100, True), (4, 8, False)],
)
def test_fewer_than_half_are_few(decided: int, asked: int, few: bool) -> None:
    """Half of the cases is the least that a pass may rest on."""
    assert CoveredTarget("lstm", asked, decided, 0, 0, 0, 0).few_decided is few
