"""Specs of a recurrence of a few sizes, for tests of what is said of many cases."""

from __future__ import annotations

from typing import Any

from bptt_check.cases.recurrences.inputs import Inputs
from bptt_check.cases.recurrences.recurrence import RecurrenceSpec

from .plain_recurrences import plain_recurrence

INPUTS = Inputs(x="T B", w="D", sizes={"T": (1, 40), "B": (1, 3), "D": (16, 32, 64)}, time="T")
PLAIN = plain_recurrence(INPUTS)


def spec_of(T: int, B: int = 1, D: int = 16, **words: Any) -> RecurrenceSpec:
    """A spec of these sizes."""
    return RecurrenceSpec(PLAIN, (("T", T), ("B", B), ("D", D)), **words)
