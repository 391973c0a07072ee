"""The entry that is wrong, where only sums over entries were measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.functions import LARGE, Arrays, layer

import bptt_check as bc

rng = np.random.default_rng(3)
MANY = {"E": rng.normal(size=(64, 26))}
"""1,664 entries."""


def wrong_at(index: tuple[int, int], factor: float = 1.5) -> Any:
    """The sum of fourth powers, with one wrong entry."""

    def function(a: Arrays) -> Any:
        grad = 4 * a["E"] ** 3
        grad[index] *= factor
        return (a["E"] ** 4).sum(), {"E": grad}

    return function


@pytest.mark.parametrize("index", [(0, 0), (17, 25), (63, 25)])
def test_wrong_entry_among_many_is_named(index: tuple[int, int]) -> None:
    """It was in none of the entries that were measured one by one."""
    report = bc.verify_function(wrong_at(index), MANY, max_calls=400)

    assert report.verdict == "fail"
    assert f"worst entry E[{index[0]}, {index[1]}]" in report.message
    assert report.calls < 1200
    assert bc.verify_function(wrong_at(index, 1.0), MANY, max_calls=400).passed


def test_one_of_several_wrong_entries_is_named() -> None:
    """Which one depends on the directions."""

    def function(a: Arrays) -> Any:
        loss, grads = layer(a)
        grads["W"][3:6, 7] *= 1.5
        return loss, grads

    report = bc.verify_function(function, LARGE, max_calls=1500)
    row = next(r for r in report.rows if r.parameter == "W")

    assert row.verdict == "fail"
    assert row.index in {(3, 7), (4, 7), (5, 7)}
