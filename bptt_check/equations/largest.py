"""How large numbers become on the way to loss and gradient, and whether a dtype has them."""

from __future__ import annotations

import functools

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.precision import PRECISIONS
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.types import Array
from .exact import EXACT, sweep
from .namespaces.numpy import NumPy
from .network import losses, problem_of
from .recurrences.truth import evaluation_of
from .truncation import windows_of


def leaves_range(case: AnyCase) -> bool:
    """Whether a number on the way to the loss or the gradient is beyond the dtype of the case."""
    return not largest_value(case) <= PRECISIONS[case.dtype].largest


@functools.lru_cache(maxsize=2)
def largest_value(case: AnyCase) -> float:
    """Size of the largest number that the loss and its gradient need on their way, partial sums
    included; NaN or infinity where float64 does not hold it.

    Remembered, as every gradient that an oracle leaves undecided asks for it.
    """
    if isinstance(case, RecurrenceCase):
        return _largest_known(case)
    sizes = _Sizes()
    with np.errstate(over="ignore", invalid="ignore"):
        for window in windows_of(case):
            sweep(window.problem, arithmetic=sizes)
        whole = problem_of(case)
        sizes.total(losses(NumPy(), whole, whole.inputs), 0)
    return sizes.largest


def _largest_known(case: RecurrenceCase) -> float:
    """The largest of what enters and of what comes out; what lies in between is not seen."""
    if case.model.reference is None:
        return float(np.max([np.abs(a).max(initial=0.0) for a in case.given.values()]))
    found = evaluation_of(case)
    arrays = [*case.inputs.values(), *found.outputs.values(), *found.grads.values()]
    return float(np.max([np.abs(a).max(initial=0.0) for a in arrays]))


class _Sizes:
    """No rounding, but a record of the largest size of a result or of a partial sum."""

    def __init__(self) -> None:
        self.largest = 0.0

    def entering(self, value: Array) -> Array:
        return value

    def absolute(self, value: Array, size: Array) -> Array:
        return self.relative(value)

    def in_turn(self, total: Array, additions: int) -> Array:
        return self.relative(total)

    def relative(self, value: Array) -> Array:
        self._see(np.abs(value))
        return value

    def function(self, value: Array, bounded: bool = False) -> Array:
        return self.relative(value)

    def product(self, value: Array, a: Array, b: Array) -> Array:
        self._see(np.abs(a) @ np.abs(b))
        return value

    def total(self, terms: Array, axis: int | tuple[int, ...], keepdims: bool = False) -> Array:
        self._see(np.abs(terms).sum(axis))
        return EXACT.total(terms, axis, keepdims)

    def slope_of_relu(self, z: Array) -> Array:
        return EXACT.slope_of_relu(z)

    def _see(self, sizes: Array) -> None:
        self.largest = float(np.maximum(self.largest, sizes.max(initial=0.0)))  # NaN stays
