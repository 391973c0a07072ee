"""Gradients and losses that are not finite: is the truth, and why may this one not be?

Where the truth lies within the range of the subject's dtype, NaN or infinity is a breach of the
contract; where it does not, nobody could have returned it, and the case decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.contract import Breach
from ..cases.precision import PRECISIONS
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.result import Result
from ..cases.types import Array
from ..equations.largest import largest_value, leaves_range
from ..equations.namespaces.recording import Recording
from ..equations.network import losses, problem_of


@dataclass(frozen=True)
class NotFinite:
    """A gradient, or the loss, that is not finite.

    Args:
        breach: as the contract has it.
        truth: the expected value at its first entry that is not finite; None where nobody knows a
            finite one.
        by: the oracle that says so; "" for the loss.
    """

    breach: Breach
    truth: float | None = None
    by: str = ""


@dataclass(frozen=True)
class Overflow:
    """A function whose formula, taken literally, overflows at the arguments of this case.

    Args:
        function: one of `limits`.
        largest: size of the largest argument.
        limit: beyond which the formula leaves the range of `dtype`.
    """

    function: str
    largest: float
    limit: float
    dtype: str


@dataclass(frozen=True)
class OutOfRange:
    """Gradients, or the loss, that no number of the case's dtype can hold.

    Args:
        names: of the gradients, or `loss`.
        reached: the largest number on the way to the true value; not finite beyond float64.
        limit: the largest of the dtype.
    """

    names: tuple[str, ...]
    reached: float
    limit: float
    dtype: str


def out_of_range(case: AnyCase, breaches: Sequence[Breach]) -> OutOfRange | None:
    """Breaches that hold a value which the case itself puts beyond the range of its dtype."""
    if not breaches:
        return None
    reached, limit = largest_value(case), PRECISIONS[case.dtype].largest
    if reached <= limit:
        return None
    return OutOfRange(tuple(b.parameter for b in breaches), reached, limit, case.dtype)


def not_finite(
    case: AnyCase, breaches: Sequence[Breach], truths: Mapping[str, Result], loss: float
) -> list[NotFinite | Overflow]:
    """What there is to say of breaches that hold a value, in a case within the range of its dtype.

    Args:
        truths: oracle name to its result.
        loss: the expected one.
    """
    if not breaches:
        return []
    return [*(_with_truth(b, *_truth(b, truths, loss)) for b in breaches), *_overflows(case)]


def outputs_not_finite(case: AnyCase, got: Result, truths: Mapping[str, Result]) -> list[NotFinite]:
    """The outputs of a kernel that are not finite where those of the reference are, in a case
    within the range of its dtype.
    """
    known = next((r.outputs for r in truths.values() if r.outputs), None)
    outputs = got.outputs or {}
    if known is None or all(np.isfinite(o).all() for o in outputs.values()):
        return []
    return [] if leaves_range(case) else [*_lost_outputs(outputs, known)]


def _lost_outputs(outputs: Mapping[str, Array], known: Mapping[str, Array]) -> Iterator[NotFinite]:
    for name, truth in known.items():
        value = outputs.get(name, truth)
        lost = np.argwhere(~np.isfinite(value) & np.isfinite(truth))
        if len(lost):
            index = tuple(int(i) for i in lost[0])
            breach = Breach(name, f"{name} is {value[index]} at {list(index)}", value)
            yield NotFinite(breach, float(truth[index]), "reference")


def _with_truth(breach: Breach, truth: Array, by: str) -> NotFinite:
    """What came and what belongs there, at the first entry that is not finite."""
    assert breach.value is not None
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(breach.value))[0])
    if not np.isfinite(truth[index]):
        return NotFinite(breach)
    return NotFinite(breach, float(truth[index]), by)


@dataclass(frozen=True)
class LargeNumbers:
    """Numbers of a case whose products leave the range of float64.

    Args:
        name: of the array that holds the largest ones.
        given: the size of those.
        reached: the largest number on the way to loss and gradient; not finite beyond float64.
    """

    name: str
    given: float
    reached: float

    @property
    def details(self) -> tuple[str, float, str]:
        """What the sentence of `Reason.OVERFLOW` says of them."""
        reached = f"{self.reached:.2g}" if np.isfinite(self.reached) else "beyond it"
        return self.name, self.given, reached


PRODUCTS_OVERFLOW = 2.0**500
"""Size of numbers the square of which, times a few more factors, is beyond float64."""


def large_numbers(case: AnyCase) -> LargeNumbers | None:
    """The numbers of a case, if their products leave the range of float64."""
    sizes = {n: float(np.abs(a).max()) for n, a in case.given.items() if a.size}
    reached = largest_value(case)
    if reached <= PRODUCTS_OVERFLOW:
        return None
    name = max(sizes, key=lambda n: sizes[n])
    return LargeNumbers(name, sizes[name], reached)


def _truth(breach: Breach, truths: Mapping[str, Result], loss: float) -> tuple[Array, str]:
    """The expected values, and by which oracle: the first that has most of them finite."""
    if breach.parameter == "loss":
        return np.array(loss), ""
    name = breach.parameter
    known = {n: r.grads[name] for n, r in truths.items() if name not in r.along}
    if not known:
        assert breach.value is not None
        return np.full(breach.value.shape, np.nan), ""
    by = max(known, key=lambda name: int(np.isfinite(known[name]).sum()))
    return known[by], by


def _overflows(case: AnyCase) -> Iterator[Overflow]:
    """What in this case is known to overflow where a formula is taken literally."""
    if isinstance(case, RecurrenceCase):
        return
    xp, problem = Recording(), problem_of(case)
    with np.errstate(all="ignore"):
        losses(xp, problem, problem.inputs)
    yield from filter(None, (overflow(name, xp, case.dtype) for name in limits(case.dtype)))


def overflow(function: str, xp: Recording, dtype: str) -> Overflow | None:
    """The overflow of a function whose largest argument lies beyond its limit."""
    largest, limit = xp.largest(function), limits(dtype)[function]
    return Overflow(function, largest, limit, dtype) if largest > limit else None


def limits(dtype: str) -> dict[str, float]:
    """Where formulas taken literally leave the range of a dtype: 709.78 for exp in float64."""
    overflow = PRECISIONS[dtype].largest_exponent
    return {
        "log_softmax": overflow,
        "softplus": -math.log(PRECISIONS[dtype].unit),
        "sigmoid": overflow,
        "tanh": overflow / 2.0,
    }
