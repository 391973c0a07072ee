"""A cell that is not built in: one step, and every oracle judges a hand-written gradient of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bptt_check as bc
from bptt_check import oracles
from bptt_check.cases import model
from bptt_check.equations import cells
from bptt_check.subjects.loading import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "minimal_gated_unit.py"
SPEC = "mgu T=3 B=2 D=2 H=3 O=2 seed=1"


@pytest.fixture
def mgu() -> Iterator[Any]:
    """Loads a subject of the example; its cell is forgotten afterwards."""
    yield lambda name: load(f"{EXAMPLE}:{name}")
    cells.CELLS.pop("mgu", None)
    model.LAYOUTS.pop("mgu", None)


@pytest.mark.parametrize("oracle", oracles.names())
def test_every_oracle_judges_the_cell(mgu: Any, oracle: str) -> None:
    """The right gradient passes, its broken twin fails, whoever is asked."""
    if not oracles.available(oracle):
        pytest.skip(f"{oracle} is not installed")
    right, broken = mgu("right"), mgu("broken")
    case = bc.Spec.parse(SPEC).build()
    passed, failed = (bc.check(subject, case, [oracle]) for subject in (right, broken))

    assert passed.passed, passed.message
    assert failed.verdict == "fail"
    assert "(gate f, unit " in failed.message
    assert "  right: W_hy, b_y\n" in failed.message


def test_drawn_cases_of_the_cell_pass(mgu: Any) -> None:
    """Both precisions, with biases and without."""
    report = bc.verify(
        mgu("right"), ["mgu", "mgu+nobias"], cases=8, oracles=["complex_step"],
        dtypes=["float64", "float32"],
    )  # fmt: skip

    assert report.passed, report.message


def test_the_broken_twin_is_found_on_the_smallest_case(mgu: Any) -> None:
    """The gate's gradient lacks what goes through the candidate."""
    report = bc.verify(mgu("broken"), ["mgu"], cases=8, oracles=["complex_step"])

    assert report.verdict == "fail"
    assert "'mgu T=1 B=1 D=1 H=1 O=2 seed=" in report.message


def test_what_the_example_does_not_do_is_declined(mgu: Any) -> None:
    """Truncation by raising, other models by `supports`."""
    report = bc.verify(
        mgu("right"), ["mgu+truncated", "mgu+2layers"], cases=2, oracles=["complex_step"]
    )

    assert set(report.declined) == {"mgu+truncated", "mgu+2layers"}
