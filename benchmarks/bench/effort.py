"""How much is measured: of everything, or of little in under two minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Args:
        models: whose verification is timed.
        rounds: of what starts a process, or takes long.
        cases: over which the cost of a case is amortised.
        entries: sizes of the cases that `gradcheck` is given.
        reference_rounds: of the reference beside PyTorch, at each size.
        whole_run: whether all models are run.
        growth: sizes of each axis; "" where it is not measured.
        long: whether what takes an hour is measured: the memory of 20,000 cases.
    """

    models: Sequence[str]
    rounds: int
    cases: int
    entries: Sequence[int]
    reference_rounds: int
    whole_run: bool
    growth: bool
    long: bool = False
