"""The rows of the table and their goals."""

from __future__ import annotations

import pytest

import bptt_check as bc
from benchmarks.bench.rows import ENTRIES, MODELS, SPECS, Measured, Row, met, row_of
from benchmarks.bench.spread import Spread
from bptt_check.cases.targets import parse_targets


def test_entries_are_those_of_the_sizes_beside_them():
    """All gradients of an LSTM: parameters, x and initial states."""
    for entries, sizes in ENTRIES.items():
        case = bc.Spec(bc.Model("lstm"), bc.Sizes(*sizes)).build()

        assert sum(a.size for a in case.inputs.values()) == entries


def test_models_are_targets():
    """Each name is one target."""
    assert [t.name for m in MODELS for t in parse_targets(m)] == list(MODELS)


@pytest.mark.parametrize(
    ("key", "row", "answer"),
    [
        ("verify/lstm", Row(Spread(9, 9, 9), Spread(9, 9, 12)), True),
        ("verify/lstm", Row(Spread(9, 9, 9), Spread(9, 11, 12)), False),
        ("stage/draw", Row(Spread(1, 1, 1), Spread(9, 99, 999)), True),
        ("stage/draw", Row(Spread(1, 2, 2), Spread(0, 0, 0)), False),
        ("gradcheck/183/slow/without", Row(None, Spread(20, 20, 20)), True),
        ("gradcheck/183/slow/without", Row(None, Spread(19, 19, 30)), False),
        ("stage/draw", Row(), None),
    ],
)
def test_goal_is_met_by_the_median_of_what_it_is_a_goal_of(key, row, answer):
    """The ratio or the amount, from below or from above."""
    assert met(SPECS[key], row) is answer


def test_row_has_what_was_measured_and_compares_its_ratio():
    """Without a peer the amount is all there is."""
    assert row_of(Measured("run/json", [3.0])) == Row(Spread(3.0, 3.0, 3.0), None)
    assert row_of(Measured("run/json", [3.0])).compared == Spread(3.0, 3.0, 3.0)
    assert row_of(Measured("run/cold", [9.0], [2.0])).compared == Spread(2.0, 2.0, 2.0)
