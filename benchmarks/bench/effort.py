"""How much is measured: of everything, or of little in under two minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Args:
        models: whose verification is timed.
        rounds: of what starts a process.
        long_rounds: of what takes a minute each.
        cases: over which the cost of a case is amortised.
        entries: sizes of the cases that `gradcheck` is given.
        reference_rounds: of the reference beside PyTorch, at each size.
        whole_run: whether all models are run.
        growth: whether it is measured how costs grow.
        long: whether the memory of 20,000 cases is measured, too.
    """

    models: Sequence[str]
    rounds: int
    long_rounds: int
    cases: int
    entries: Sequence[int]
    reference_rounds: int
    whole_run: bool
    growth: bool
    long: bool = False
