"""Measures the difference of two results, entry by entry; has no opinion about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..cases.precision import PRECISIONS
from ..cases.result import Result
from ..cases.types import Array


@dataclass(frozen=True, eq=False)
class Difference:
    """One gradient as it came and as an oracle has it, both float64 of one shape.

    `rest` is what the oracle's exact value has beyond `want`: the subtraction of two close numbers
    is exact, so with it the error is known to far less than an ulp. Where an oracle measured along
    directions, there are `directions` of them, and both hold the slopes along these.
    """

    parameter: str
    got: Array
    want: Array
    rest: Array | float = 0.0
    directions: int = 0

    @cached_property
    def error(self) -> Array:
        """Absolute error of each entry."""
        return np.abs((self.got - self.want) - self.rest)

    @property
    def relative(self) -> Array:
        """Error over the expected size; 0 where both are 0, infinite where only the latter is."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.error == 0, 0.0, self.error / np.abs(self.want))

    def ulps(self, dtype: str) -> Array:
        """Error in units in the last place of the expected value in `dtype`."""
        with np.errstate(over="ignore"):  # an ulp at zero is the smallest subnormal number
            return self.error / PRECISIONS[dtype].spacing(self.want)


def differences(got: Result, want: Result) -> dict[str, Difference]:
    """The difference of every gradient that `got` offers, in the order of `want`; before them those
    of the outputs that both have.
    """
    outputs, of_oracle = got.outputs or {}, want.outputs or {}
    left = want.rest or {}
    compared = {
        n: Difference(n, outputs[n], of_oracle[n], left.get(n, 0.0))
        for n in of_oracle
        if n in outputs
    }
    return compared | {n: _difference(n, got, want) for n in want.grads if n in got.grads}


def _difference(name: str, got: Result, want: Result) -> Difference:
    """Entry by entry, or along the directions of the oracle."""
    if name in want.along:
        along = want.along[name]
        return Difference(
            name, along.slopes(got.grads[name]), want.grads[name], directions=len(along)
        )
    rest = (want.rest or {}).get(name, 0.0)
    return Difference(name, got.grads[name], want.grads[name], rest)
