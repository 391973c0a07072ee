"""Code whose matrix products read their factors on few bits, as matrix units do, or every result of
which is rounded.

The operations of hand-written NumPy code are caught where they are made, so that what is tested
shares nothing with the package.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bptt_check.cases.case import Case

Rounding = Callable[[np.ndarray], np.ndarray]


def fewer_bits(values: np.ndarray, digits: int, truncate: bool = False) -> np.ndarray:
    """Numbers on so many bits, the leading one included: the nearest, or the next towards zero."""
    mantissa, exponent = np.frexp(values)
    whole = np.trunc(mantissa * 2**digits) if truncate else np.rint(mantissa * 2**digits)
    return np.ldexp(whole * 2.0**-digits, exponent).astype(values.dtype)


def _as_it_is(values: np.ndarray) -> np.ndarray:
    return values


class _Array(np.ndarray):
    """An array whose products read their factors by `read`, and whose results are put down by
    `write`.
    """

    read: Rounding
    write: Rounding

    def __array_finalize__(self, other: Any) -> None:
        self.read = getattr(other, "read", _as_it_is)
        self.write = getattr(other, "write", _as_it_is)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **more: Any) -> Any:
        plain = [np.asarray(i) if isinstance(i, _Array) else i for i in inputs]
        if ufunc is np.matmul:
            plain = [self.read(i) for i in plain]
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
        return _marked(self.write(result), self.read, self.write)


def _marked(values: np.ndarray, read: Rounding, write: Rounding) -> np.ndarray:
    marked = values.view(_Array)
    marked.read, marked.write = read, write
    return marked


def answered(
    of: Callable[[Case], Any],
    case: Case,
    read: Rounding = _as_it_is,
    write: Rounding = _as_it_is,
) -> tuple[float, dict[str, np.ndarray]]:
    """Loss and gradients of hand-written code on a case, in the dtype of its arrays, whose products
    read so and whose results are put down so.
    """
    own = copy.copy(case)
    for name in ("x", "h0", "c0"):
        if getattr(own, name) is not None:
            object.__setattr__(own, name, _marked(np.array(getattr(own, name)), read, write))
    marked = {n: _marked(np.array(a), read, write) for n, a in own.params.items()}
    object.__setattr__(own, "params", marked)
    loss, grads = of(own)
    return float(loss), {n: np.asarray(g) for n, g in grads.items()}


@dataclass(frozen=True)
class FewBits:
    """A right subject in float32, but for its products.

    Args:
        of: hand-written NumPy code.
        digits: on which products read their factors.
        truncate: whether what does not fit is cut off; it is rounded otherwise.
    """

    of: Callable[[Case], Any]
    digits: int
    truncate: bool = False

    def __call__(self, case: Case) -> tuple[float, dict[str, np.ndarray]]:
        """Loss and gradients, in the dtype of the case's arrays."""

        def read(values: np.ndarray) -> np.ndarray:
            return fewer_bits(values, self.digits, self.truncate)

        loss, grads = answered(self.of, replace(case, dtype="float32", spec=None), read=read)
        return loss, {n: g.astype(case.stored) for n, g in grads.items()}
