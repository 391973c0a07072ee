"""What follows from a convention and a model is worked out once, and never of another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import bptt_check as bc
from bptt_check.cases.model import Model
from bptt_check.conventions.layout import chain, unsupported_reason
from bptt_check.conventions.memoised import memoised
from bptt_check.conventions.options import Options

LSTM, GRU = bc.models()["lstm"], bc.models()["gru"]


def counted() -> tuple[Callable[[Options, Model], int], list[tuple[Options, Model]]]:
    """A function that is memoised, and what it was asked."""
    asked: list[tuple[Options, Model]] = []

    def function(options: Options, model: Model) -> int:
        asked.append((options, model))
        return len(asked)

    return memoised(function), asked


def test_the_same_is_worked_out_once() -> None:
    """Also of a convention that is another object and says the same."""
    known, asked = counted()
    options = {"names": {"W_xh": "U"}, "transposed": ("W_hh",)}

    assert known(Options(**options), LSTM) == known(Options(**options), LSTM) == 1  # type: ignore[arg-type]
    assert len(asked) == 1


@pytest.mark.parametrize(
    "other",
    [
        Options(names={"W_xh": "V"}),
        Options(names={"W_xh": "U"}, rows=True),
        Options(names={"W_xh": "U"}, gate_order={"lstm": "ifog"}),
        Options(names={"W_xh": "U"}, gradients=Options()),
        Options(names={"W_xh": "U"}, loss_factor=1.0),
    ],
)
def test_another_convention_is_another(other: Options) -> None:
    """Whatever it is that it says."""
    known, _ = counted()

    assert known(Options(names={"W_xh": "U"}), LSTM) != known(other, LSTM)


def test_another_model_is_another() -> None:
    """Whose steps and reasons differ."""
    options = Options(gate_order="ifog")

    assert unsupported_reason(options, LSTM) == ""
    assert unsupported_reason(options, GRU) != ""
    assert len(chain(Options(), LSTM)) == 0
    assert len(chain(Options(per_gate=True), LSTM)) == 1


def test_a_name_that_is_changed_afterwards_counts() -> None:
    """A mapping is the caller's own."""
    names = {"W_xh": "U"}
    options, (known, _) = Options(names=names), counted()
    before = known(options, LSTM)
    names["W_xh"] = "V"

    assert known(options, LSTM) != before
