"""The layers of Keras on JAX, in float32, and their gates in the wrong order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import bptt_check as bc
from bptt_check.subjects.loading import load

ORACLES = ["finite_difference", "jax"]

pytestmark = pytest.mark.keras

SPECS = {
    "lstm": ["lstm T=3 B=2 D=2 H=3 O=2 dtype=float32 seed=1"],
    "gru": [
        "gru+linear T=2 B=2 D=2 H=3 dtype=float32 seed=1",
        "gru-reset-before T=2 B=1 D=1 H=2 O=2 dtype=float32 seed=2",
    ],
    "rnn": ["rnn-relu+last T=3 B=2 D=2 H=3 O=2 dtype=float32 seed=1"],
}
"""float32: in a float64 layer Keras takes tanh in float32 unless the whole process is float64."""


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> str:
    """The file of the example; Keras reads its backend when it is imported."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    pytest.importorskip("keras")
    return str(Path(__file__).parents[2] / "examples" / "keras_layers.py")


@pytest.mark.parametrize("cell", SPECS)
def test_a_layer_of_keras_passes(cells: str, cell: str) -> None:
    """Its scan and its backward pass, relu included."""
    subject = load(f"{cells}:{cell}")

    for spec in SPECS[cell]:
        report = bc.check(subject, bc.Spec.parse(spec).build(), ORACLES)
        assert report.passed, report.message


def test_swapped_gates_are_another_model(cells: str) -> None:
    """The sibling: parameters under the wrong names give another loss."""
    right = load(f"{cells}:lstm")

    def swapped(case: Any) -> Any:
        rows = [*range(3, 6), *range(3), *range(6, 12)]  # f i g o
        names = ("W_xh_l0", "W_hh_l0", "b_h_l0")
        return right(case.with_inputs({n: case.params[n][rows] for n in names}))

    report = bc.check(swapped, bc.Spec.parse(SPECS["lstm"][0]).build(), ORACLES)

    assert report.verdict == "fail"
    assert "the loss is not that of this model" in report.message
