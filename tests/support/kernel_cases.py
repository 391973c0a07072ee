"""Cases of a recurrence for tests of kernels: two outputs, of which one has no time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import bptt_check as bc
from bptt_check.cases.recurrences.inputs import Inputs
from bptt_check.cases.recurrences.recurrence import RecurrenceCase, RecurrenceSpec
from bptt_check.subjects.calling import call

from .plain_recurrences import plain_recurrence


def decayed_sums(x, decay, S):
    """All states of S = decay S + x, and the last."""
    states = []
    for t in range(len(x)):
        S = decay[t] * S + x[t]
        states.append(S)
    return np.stack(states), S


INPUTS = Inputs(
    x="T B",
    decay=bc.between(0, 1, "T B", dtype="float32"),
    S="B",
    mask=bc.normal("T B", constant=True),
    lengths=bc.integers(1, 3, "B"),
    chunk=16,
    sizes={"T": 4, "B": 3},
    time="T",
)
PLACES = ("output[0]", "output[1]")


def case_of(dtype: str = "float64", **words: Any) -> RecurrenceCase:
    """A case in which the reference is NumPy code without gradients."""
    recurrence = plain_recurrence(INPUTS, lambda x, decay, S, **_: decayed_sums(x, decay, S))
    return RecurrenceSpec(recurrence, (("T", 4), ("B", 3)), dtype=dtype, **words).build()


def wanted_of(case: RecurrenceCase) -> dict[str, Any]:
    """The gradients, by hand in float64."""
    x, decay, S = (np.asarray(case.arrays[n]) for n in ("x", "decay", "S"))
    states, _ = decayed_sums(x, decay, S)
    bars = [
        case.cotangents.get(p, np.zeros(s)) for p, s in zip(PLACES, ((4, 3), (3,)), strict=True)
    ]
    S_bar, x_bar, decay_bar = bars[1], np.zeros((4, 3)), np.zeros((4, 3))
    for t in reversed(range(4)):
        S_bar = S_bar + bars[0][t]
        x_bar[t] = S_bar
        decay_bar[t] = S_bar * (states[t - 1] if t else S)
        S_bar = S_bar * decay[t]
    return {"x": x_bar, "decay": decay_bar, "S": S_bar}


def breaches_of(subject: Callable[..., Any], case: RecurrenceCase | None = None) -> list[str]:
    """What is broken when a subject is called as a run calls it."""
    answer = call(subject, case_of() if case is None else case)
    return [breach.message for breach in answer.breaches] + ([answer.text] if answer.text else [])
