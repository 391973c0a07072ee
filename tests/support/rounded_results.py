"""Code every result of which is rounded to a short format, as plain arithmetic in that format does.

The operations of hand-written NumPy code are caught where they are made, so that what is tested
shares nothing with the package.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bptt_check.cases.case import Case

from .few_bits import fewer_bits

DIGITS = {"bfloat16": 8, "float16": 11, "float32": 24}
"""Bits of the significand, the leading one included."""


class _Array(np.ndarray):
    """An array every result of which is rounded by `write`."""

    write: Callable[[np.ndarray], np.ndarray]

    def __array_finalize__(self, other: Any) -> None:
        self.write = getattr(other, "write", lambda values: values)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **more: Any) -> Any:
        plain = [np.asarray(i) if isinstance(i, _Array) else i for i in inputs]
        if "out" in more:
            more["out"] = tuple(np.asarray(o) for o in more["out"])
        result = getattr(ufunc, method)(*plain, **more)
        if "out" in more:
            more["out"][0][...] = self.write(more["out"][0])
            return inputs[0]
        if isinstance(result, np.floating):
            return self.write(np.asarray(result))[()]
        if not isinstance(result, np.ndarray) or result.dtype == bool:
            return result
        return _marked(self.write(np.asarray(result)), self.write)


def _marked(values: np.ndarray, write: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    marked = values.view(_Array)
    marked.write = write
    return marked


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

        own = copy.copy(case)
        for name in ("x", "h0", "c0"):
            if getattr(own, name) is not None:
                object.__setattr__(own, name, _marked(np.array(getattr(own, name)), write))
        marked = {n: _marked(np.array(a), write) for n, a in own.params.items()}
        object.__setattr__(own, "params", marked)
        loss, grads = self.of(own)
        return float(loss), {n: np.asarray(g).astype(case.stored) for n, g in grads.items()}
