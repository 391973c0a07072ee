"""What rounds how: a dtype, and the odd ways of some code."""

from __future__ import annotations

from dataclasses import dataclass

from ...cases.precision import PRECISIONS
from .rounding import GridRounding

SAMPLES = 16
"""Runs whose scatter is measured."""

FINEST = 2.0**-48
"""The finest unit that can be simulated in float64: what its own rounding adds is a thirtieth."""


@dataclass(frozen=True)
class RoundingModel:
    """What rounds how: a dtype, whether bounded functions keep their digits when saturated, and on
    how many bits products read their factors (0: on all).
    """

    dtype: str
    keeps_digits: bool = True
    factor_digits: int = 0
    finest: bool = False
    """Whether the simulated unit is as near to that of the dtype as can be."""

    @property
    def unit(self) -> float:
        """The simulated unit roundoff."""
        simulated = PRECISIONS[self.dtype].simulated
        return min(simulated, FINEST) if self.finest else simulated

    @property
    def coarsest_unit(self) -> float:
        """The unit roundoff of its results, or of the factors of its products."""
        return 2.0**-self.factor_digits if self.factor_digits else PRECISIONS[self.dtype].unit

    @property
    def has_finer(self) -> bool:
        """Whether a finer unit than the simulated one can be simulated, and is not below that of
        the dtype.
        """
        return self.unit > FINEST >= PRECISIONS[self.dtype].unit

    def arithmetic(self, samples: int) -> GridRounding:
        """An arithmetic that rounds like this, from the start of its offsets."""
        facts = PRECISIONS[self.dtype]
        return GridRounding(
            self.unit,
            samples,
            facts.functions,
            self.keeps_digits,
            sums_in_turn=facts.name == facts.stored,
            factors=2.0**-self.factor_digits if self.factor_digits else 0.0,
        )


FLOAT64 = RoundingModel("float64")
