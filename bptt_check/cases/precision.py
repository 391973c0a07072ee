"""The precisions that a case can have: the facts of each in one place.

bfloat16 and float16 have no arrays of their own here: a case of theirs holds float32 arrays whose
values lie on their grid, which is what a kernel with such inputs reads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import SpecError, UnknownName
from .types import Array


@dataclass(frozen=True)
class Precision:
    """A floating-point format.

    Args:
        name: as in `Case.dtype`.
        stored: NumPy dtype of the arrays, and of the gradients that a subject returns.
        digits: bits of the significand, the leading one included.
        lowest: exponent of the smallest normal number, `2**lowest`; below it results may be
            flushed to zero.
        highest: exponent of the largest number, which lies below `2**highest`.
        simulated: unit roundoff at which rounding is simulated. That of float64 is coarser than
            float64's own, so that this does not matter.
        functions: units of roundoff by which a library's tanh or exp may be off. Half precision is
            computed in float32 and rounded once.
    """

    name: str
    stored: str
    digits: int
    lowest: int
    highest: int
    simulated: float
    functions: float = 4.0

    @property
    def unit(self) -> float:
        """Unit roundoff, the largest relative error of rounding to nearest."""
        return 2.0**-self.digits

    @property
    def tiniest(self) -> float:
        """The smallest normal number."""
        return 2.0**self.lowest

    @property
    def largest(self) -> float:
        """The largest number."""
        return (2.0 - 2.0 * self.unit) * 2.0 ** (self.highest - 1)

    @property
    def largest_exponent(self) -> float:
        """Where exp overflows: 709.78 in float64, 88.72 in float32."""
        return self.highest * math.log(2.0)

    def spacing(self, values: Array) -> Array:
        """Distance from each |value| to the next larger number of this format."""
        exponent = np.frexp(values)[1]
        exponent = np.where(values == 0, self.lowest, np.maximum(exponent - 1, self.lowest))
        return np.ldexp(1.0, exponent + 1 - self.digits)

    def rounded(self, values: Array) -> Array:
        """The nearest numbers of this format (ties to even), stored; infinite beyond its range."""
        if self.name == self.stored:
            return np.asarray(values, dtype=self.stored)
        exact = np.asarray(values, dtype=np.float64)
        grid = self.spacing(exact)
        nearest = np.rint(exact / grid) * grid
        return np.where(
            np.abs(nearest) >= 2.0**self.highest, np.copysign(np.inf, exact), nearest
        ).astype(self.stored)


PRECISIONS = {
    p.name: p
    for p in (
        Precision("float64", "float64", 53, -1022, 1024, simulated=2.0**-40),
        Precision("float32", "float32", 24, -126, 128, simulated=2.0**-24),
        Precision("bfloat16", "float32", 8, -126, 128, simulated=2.0**-8, functions=1.0),
        Precision("float16", "float32", 11, -14, 16, simulated=2.0**-11, functions=1.0),
    )
}


@dataclass(frozen=True)
class FactorFormat:
    """What matrix units read the factors of a product as, to take its sums in float32.

    Args:
        name: what vendors and frameworks call it.
        digits: bits of the significand, the leading one included.
    """

    name: str
    digits: int


FACTOR_FORMATS = (FactorFormat("TF32", 11), FactorFormat("bfloat16", 8))
"""From the milder to the worse. TF32 is what cuDNN takes by default, and float16 has as many
bits."""


def nearest_in(array: Array, dtype: str) -> Array:
    """Numbers of a dtype, in float64: what a kernel gets, exactly."""
    return PRECISIONS[dtype].rounded(array).astype(np.float64)


def checked_dtypes(dtypes: Sequence[str]) -> tuple[str, ...]:
    """The dtypes of a run.

    Raises:
        SpecError, UnknownName: there is none, or one is unknown.
    """
    if isinstance(dtypes, str):
        raise SpecError(f"dtypes must be a list of names: dtypes=[{dtypes!r}].")
    for dtype in dtypes:
        if dtype not in PRECISIONS:
            raise UnknownName("dtype", dtype, PRECISIONS)
    if not dtypes:
        raise SpecError("dtypes is empty; name at least one of " + ", ".join(PRECISIONS) + ".")
    return tuple(dtypes)
