"""Measures the difference of two results, entry by entry; has no opinion about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .case import Result

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Difference:
    """One gradient as it came and as an oracle has it, both float64 of one shape."""

    parameter: str
    got: Array
    want: Array

    @property
    def error(self) -> Array:
        """Absolute error of each entry."""
        return np.abs(self.got - self.want)

    @property
    def relative(self) -> Array:
        """Error over the expected size; 0 where both are 0, infinite where only the latter is."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.error == 0, 0.0, self.error / np.abs(self.want))

    def ulps(self, dtype: str) -> Array:
        """Error in units in the last place of the expected value in `dtype`."""
        with np.errstate(over="ignore"):  # an ulp at zero is the smallest subnormal number
            spacing = np.spacing(np.abs(self.want).astype(dtype)).astype(np.float64)
            return self.error / spacing


def differences(got: Result, want: Result) -> dict[str, Difference]:
    """The difference of every gradient that `got` offers, in the order of `want`."""
    return {
        name: Difference(name, got.grads[name], want.grads[name])
        for name in want.grads
        if name in got.grads
    }
