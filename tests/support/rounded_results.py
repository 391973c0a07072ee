"""Code every result of which is rounded to a short format: plain arithmetic in that format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bptt_check.cases.case import Case

from .few_bits import answered, fewer_bits

DIGITS = {"bfloat16": 8, "float16": 11, "float32": 24}
"""Bits of the significand, the leading one included."""


@dataclass(frozen=True)
class RoundedResults:
    """A right formula in plain arithmetic of the case's dtype.

    Args:
        of: hand-written NumPy code.
        truncate: whether results are cut off; they are rounded to the nearest otherwise.
    """

    of: Callable[[Case], Any]
    truncate: bool = False

    @property
    def name(self) -> str:
        """How reports call it."""
        return "truncating" if self.truncate else "nearest"

    def __call__(self, case: Case) -> tuple[float, dict[str, np.ndarray]]:
        """Loss and gradients, on the grid of the case's dtype."""

        def write(values: np.ndarray) -> np.ndarray:
            return fewer_bits(values, DIGITS[case.dtype], self.truncate)

        loss, grads = answered(self.of, case, write=write)
        return loss, {n: g.astype(case.stored) for n, g in grads.items()}
