"""The smallest errors that a run would have found."""

from __future__ import annotations

from support import made
from support.shared_errors import floor, with_floors

from bptt_check.report.facts.floors import (
    SharedSensitivity,
    entry_floors,
    shared_sensitivities,
)


def test_floors_are_those_of_each_dtype() -> None:
    """With those of a family apart, whose gradients are others."""
    assert shared_sensitivities(with_floors().run) == [
        SharedSensitivity("bfloat16", False, 3, 0.001, 0.002, 0.003),
        SharedSensitivity("float16", False, 1, 2e-4, 2e-4, 2e-4),
        SharedSensitivity("bfloat16", True, 1, 5e-4, 5e-4, 5e-4),
    ]


def test_a_run_without_floors_has_none() -> None:
    """As one of few cases."""
    assert shared_sensitivities(made.report().run) == []


def test_the_sharpest_oracle_of_each_gradient_counts() -> None:
    """Gradients of which nothing is known are left out; equal ones of other tests are others."""
    rows = (
        made.row(floor_any=1e-3), made.row(oracle="jax", floor_any=1e-12),
        made.row(check="another", floor_any=1e-2), made.vacuous(parameter="x", floor_any=made.NAN),
    )  # fmt: skip

    assert entry_floors(made.report(rows=rows, systematic_floors=(floor(),)).run) == {
        ("", "lstm", "W_hh_l0"): 1e-12,
        ("another", "lstm", "W_hh_l0"): 1e-2,
    }
