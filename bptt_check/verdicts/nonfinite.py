"""Gradients and losses that are not finite: is the truth, and why may this one not be?

Where the truth lies within the range of the subject's dtype, NaN or infinity is a breach of the
contract; where it does not, nobody could have returned it, and the case decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..cases.case import Case
from ..cases.contract import Breach
from ..cases.precision import PRECISIONS
from ..cases.result import Result
from ..cases.types import Array
from ..equations.exact import EXACT, sweep
from ..equations.namespaces.recording import Recording
from ..equations.network import losses, problem_of
from ..equations.truncation import windows_of


@dataclass(frozen=True)
class NotFinite:
    """What is to be said of everything that is not finite.

    Args:
        breaches: sentences about what is finite in truth, and why it may have been lost.
        beyond: names of gradients (or `loss`) to a sentence, where the case itself leaves the range
            of its dtype.
    """

    breaches: tuple[str, ...] = ()
    beyond: Mapping[str, str] = field(default_factory=dict[str, str])


def not_finite(
    case: Case, findings: Sequence[Breach], truths: Mapping[str, Result], loss: float
) -> NotFinite:
    """Judge findings that hold a value.

    Args:
        truths: oracle name to its result.
        loss: the expected one.
    """
    if not findings:
        return NotFinite()
    reached, limit = largest_value(case), PRECISIONS[case.dtype].largest
    if not reached <= limit:
        size = f"{reached:.3g}" if np.isfinite(reached) else "beyond float64"
        what = (
            f"on the way to the true value numbers reach {size}, "
            f"and the largest of {case.dtype} is {limit:.3g}"
        )
        return NotFinite(beyond={f.parameter: what for f in findings})
    told = [_breach(finding, *_truth(finding, truths, loss)) for finding in findings]
    return NotFinite((*told, *_reasons(case)))


def _breach(finding: Breach, truth: Array, by: str) -> str:
    """What came and what belongs there, at the first entry that is not finite."""
    assert finding.value is not None
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(finding.value))[0])
    if not np.isfinite(truth[index]):
        return finding.message
    source = f" (by {by})" if by else ""
    return f"{finding.message}; the truth there is finite: {truth[index]:.17g}{source}"


def largest_value(case: Case) -> float:
    """Size of the largest number that the loss and its gradient need on their way, partial sums
    included; NaN or infinity where float64 does not hold it.
    """
    sizes = _Sizes()
    with np.errstate(over="ignore", invalid="ignore"):
        for window in windows_of(case):
            sweep(window.problem, arithmetic=sizes)
    return sizes.largest


class _Sizes:
    """No rounding, but a record of the largest size of a result or of a partial sum."""

    def __init__(self) -> None:
        self.largest = 0.0

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


def _truth(finding: Breach, truths: Mapping[str, Result], loss: float) -> tuple[Array, str]:
    """The expected values, and by which oracle: the first that has most of them finite."""
    if finding.parameter == "loss":
        return np.array(loss), ""
    known = {n: r.grads[finding.parameter] for n, r in truths.items()}
    if not known:
        assert finding.value is not None
        return np.full(finding.value.shape, np.nan), ""
    by = max(known, key=lambda name: int(np.isfinite(known[name]).sum()))
    return known[by], by


def _reasons(case: Case) -> Iterator[str]:
    """What in this case is known to overflow where a formula is taken literally."""
    xp, problem = Recording(), problem_of(case)
    with np.errstate(all="ignore"):
        losses(xp, problem, problem.inputs)
    yield from filter(None, (reason(name, xp, case.dtype) for name in REASONS))


REASONS = {
    "log_softmax": (
        "the largest logit of this case is {largest:.4g}, and exp overflows {dtype} beyond "
        "{limit:.2f}: take the maximum out before exp, and do not take the log of a quotient"
    ),
    "softplus": (
        "the largest logit of this case is {largest:.4g}, and in {dtype} 1 - sigmoid(z) is 0 from "
        "{limit:.2f} on: take the loss of the logits, not the log of a sigmoid"
    ),
    "sigmoid": (
        "the largest pre-activation of a sigmoid is {largest:.4g}, and exp overflows {dtype} "
        "beyond {limit:.2f}: take exp of -|z|"
    ),
    "tanh": (
        "the largest pre-activation of a tanh is {largest:.4g}, and exp(2z) overflows {dtype} "
        "beyond {limit:.2f}"
    ),
}
"""Function to the sentence for arguments beyond its limit."""


def reason(name: str, xp: Recording, dtype: str) -> str:
    """The sentence of a function whose largest argument lies beyond its limit, else nothing."""
    largest, limit = xp.largest(name), limits(dtype)[name]
    return REASONS[name].format(largest=largest, dtype=dtype, limit=limit) * (largest > limit)


def limits(dtype: str) -> dict[str, float]:
    """Where formulas taken literally leave the range of a dtype: 709.78 for exp in float64."""
    overflow = PRECISIONS[dtype].largest_exponent
    return {
        "log_softmax": overflow,
        "softplus": -math.log(PRECISIONS[dtype].unit),
        "sigmoid": overflow,
        "tanh": overflow / 2.0,
    }
