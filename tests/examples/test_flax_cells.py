"""The cells of Flax, and what is wrong with them when a gate is put in another's place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import bptt_check as bc
from bptt_check.subjects.loading import load

pytestmark = pytest.mark.flax

SPECS = {
    "lstm": ["lstm T=3 B=2 D=2 H=3 O=2 seed=1", "lstm+linear T=1 B=1 D=1 H=2 dtype=float32 seed=2"],
    "gru": ["gru+mean T=3 B=2 D=2 H=3 O=2 seed=1", "gru T=2 B=1 D=1 H=2 O=2 dtype=float32 seed=2"],
    "rnn": ["rnn-tanh+last T=3 B=2 D=2 H=3 O=2 seed=1"],
}


@pytest.fixture
def cells() -> str:
    """The file of the example."""
    pytest.importorskip("flax")
    return str(Path(__file__).parents[2] / "examples" / "flax_cells.py")


@pytest.mark.parametrize("cell", SPECS)
def test_a_cell_of_flax_passes(cells: str, cell: str) -> None:
    """Its scan and its backward pass, against an oracle that is no framework."""
    subject = load(f"{cells}:{cell}")

    for spec in SPECS[cell]:
        report = bc.check(subject, bc.Spec.parse(spec).build(), ["complex_step"])
        assert report.passed, report.message


def test_swapped_gates_are_another_model(cells: str) -> None:
    """The sibling: parameters under the wrong names give another loss."""
    right = load(f"{cells}:lstm")

    def swapped(case: Any) -> Any:
        rows = [*range(3, 6), *range(3), *range(6, 12)]  # f i g o
        names = ("W_xh_l0", "W_hh_l0", "b_h_l0")
        return right(case.with_inputs({n: case.params[n][rows] for n in names}))

    report = bc.check(swapped, bc.Spec.parse(SPECS["lstm"][0]).build(), ["complex_step"])

    assert report.verdict == "fail"
    assert "the loss is not that of this model" in report.message
