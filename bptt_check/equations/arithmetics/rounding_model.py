"""What rounds how: a dtype, and the odd ways of some code."""

from __future__ import annotations

from dataclasses import dataclass

from ...cases.precision import PRECISIONS
from .rounding import GridRounding

SAMPLES = 16
"""Runs whose scatter is measured."""


@dataclass(frozen=True)
class RoundingModel:
    """What rounds how: a dtype, whether bounded functions keep their digits when saturated, and on
    how many bits products read their factors (0: on all).
    """

    dtype: str
    keeps_digits: bool = True
    factor_digits: int = 0

    @property
    def unit(self) -> float:
        """The simulated unit roundoff."""
        return PRECISIONS[self.dtype].simulated

    def arithmetic(self) -> GridRounding:
        """An arithmetic that rounds like this, from the start of its offsets."""
        facts = PRECISIONS[self.dtype]
        return GridRounding(
            self.unit,
            SAMPLES,
            facts.functions,
            self.keeps_digits,
            sums_in_turn=facts.name == facts.stored,
            factors=2.0**-self.factor_digits if self.factor_digits else 0.0,
        )


FLOAT64 = RoundingModel("float64")
