"""A recurrence without a framework, for tests of what cases of one are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import bptt_check as bc
from bptt_check.cases.recurrences.design import RecurrenceDesign
from bptt_check.cases.recurrences.inputs import Inputs
from bptt_check.cases.recurrences.outputs import named_outputs
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceTarget

SIZES = {"T": (1, 100), "B": (1, 4), "K": (16, 32, 64), "V": (16, 32, 64)}


@dataclass(frozen=True)
class OutputsAlone:
    """Reference code that has outputs and no gradients."""

    function: Callable[..., Any]
    framework: str = "numpy"

    def outputs(self, arrays: Any) -> dict[str, Any]:
        """By their places."""
        return {n: np.asarray(a) for n, a in named_outputs(self.function(**arrays)).items()}


def plain_recurrence(
    inputs: Inputs, function: Callable[..., Any] = lambda x, **_: x, name: str = "plain"
) -> Recurrence:
    """A recurrence that a function of NumPy arrays defines."""
    return Recurrence(name, inputs, OutputsAlone(function))  # type: ignore[arg-type]


def delta_rule_inputs(**options: Any) -> Inputs:
    """What a gated delta rule takes."""
    return Inputs(
        q="T B K",
        k=bc.unit("T B K"),
        v="T B V",
        beta=bc.between(0, 1, "T B"),
        g=bc.between(-5, 0, "T B"),
        S0="B K V",
        **{"sizes": SIZES, "time": "T", **options},
    )


def design_of_inputs(
    inputs: Inputs, seed: int = 0, dtypes: tuple[str, ...] = ("float32",), name: str = "plain"
) -> RecurrenceDesign:
    """The cases of a recurrence of these inputs."""
    return RecurrenceDesign(RecurrenceTarget(name, plain_recurrence(inputs)), dtypes, seed)
