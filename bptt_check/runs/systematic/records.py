"""What is recorded of systematic errors: those that were found, and the smallest that would be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...verdicts.verdict import Verdict
from .slope import RegressorKind


@dataclass(frozen=True)
class SystematicError:
    """An error of one gradient that all cases share, though each of its entries may be rounding.

    Args:
        verdict: `fail` where it is a multiple of the gradient or of a term of it, `imprecise` where
            it is that of an arithmetic.
        model, dtype, parameter: of the gradient; the model is a family where the cases of several
            models were put together.
        kind, name: what the error is a multiple of.
        estimate: the multiple: -0.02 of a gradient that is 0.98 of what it must be.
        uncertainty: its standard error.
        share: how much of the square of the error it explains, from 0 to 1.
        cases: fresh cases that show it.
        strength: see `sums.Sums`; a right implementation reaches it with a probability of at most
            `chance`.
        spec: of the case whose error is most clearly this.
        models: how many were put together.
    """

    verdict: Verdict
    model: str
    dtype: str
    parameter: str
    kind: RegressorKind
    name: str
    estimate: float
    uncertainty: float
    share: float
    cases: int
    strength: float
    chance: float
    spec: str
    check: str = ""
    models: int = 1


@dataclass(frozen=True)
class SystematicFloor:
    """The smallest systematic error of a gradient that a run would have found.

    Args:
        model, parameter, dtype: of the gradient.
        cases: whose errors were added up.
        estimate, uncertainty: what multiple of itself the gradient is off by in all of them.
        floor: the smallest that would have been found; infinite where the cases are too few.
        models: how many were put together: `model` is a family then, as that of an error.
    """

    model: str
    parameter: str
    dtype: str
    cases: int
    estimate: float
    uncertainty: float
    floor: float = math.inf
    check: str = ""
    models: int = 1


AGREE, CLOSE = 5.0, 0.05
"""Standard errors, or a share of the larger, within which two estimates are of one mistake."""


def have_same_errors(one: Sequence[SystematicError], other: Sequence[SystematicError]) -> bool:
    """Whether what was found of two models is the same: in one dtype the same multiples of the same
    terms of the same gradients, as far as they are known. Models that were put together are told by
    themselves, as all of them must be named.
    """
    if any(error.models > 1 for error in (*one, *other)):
        return False
    found, others = sorted(one, key=_what), sorted(other, key=_what)
    return [*map(_what, found)] == [*map(_what, others)] and all(map(_is_as_large, found, others))


def _what(error: SystematicError) -> tuple[str, ...]:
    """All but how large an error is."""
    return error.verdict, error.dtype, error.parameter, error.kind, error.name


def _is_as_large(one: SystematicError, other: SystematicError) -> bool:
    apart = abs(one.estimate - other.estimate)
    known = AGREE * math.hypot(one.uncertainty, other.uncertainty)
    return apart <= max(known, CLOSE * max(abs(one.estimate), abs(other.estimate)))
