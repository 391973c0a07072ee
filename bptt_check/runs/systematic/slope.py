"""How much of something an error holds: one weighted regression a gradient and case.

The errors e of the entries of a gradient are regressed on what they may be a multiple of, R: the
true gradient itself, the rows of a gate, the share of a term. With s the typical rounding error of
each entry the slope is `sum(R e / s^2) / sum(R^2 / s^2)`, weighted least squares. Rounding makes it
any small number, of either sign; a wrong formula makes it the same number in every case.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from ...cases.any_case import AnyCase
from ...cases.model import has_gates
from ...cases.precision import PRECISIONS
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.types import Array
from ...equations.rounding_errors import Conditioning


class RegressorKind(StrEnum):
    """What the error of a gradient may be a multiple of."""

    WHOLE = "whole"
    """The gradient itself."""
    GATE = "gate"
    """The gradient in the rows of one gate."""
    TERM = "term"
    """What comes through a variable of the cell's step."""
    ARITHMETIC = "arithmetic"
    """The error of an arithmetic that is known."""


class Regressor(NamedTuple):
    """Of which gradient the error may be a multiple of what."""

    parameter: str
    kind: RegressorKind
    name: str = ""

    @property
    def is_term(self) -> bool:
        """Whether it is the share of a term."""
        return self.kind is RegressorKind.TERM


@dataclass(frozen=True)
class ErrorSlope:
    """The slope of one case.

    Args:
        units: the slope in units of roundoff.
        typical: how far off an entry typically is, in units of its size: the root of the number of
            entries that count over `sum(R^2 / s^2)`.
    """

    units: float
    typical: float


LOST = 3.0
"""Typical error of an entry beside its size from which on a regressor is lost in rounding: even
where all of it is missing that is within what right code may have (a third, see `sums.BAND`)."""


@dataclass(frozen=True, eq=False)
class Errors:
    """The errors of one gradient in one case, as far as they say something.

    Args:
        error: got minus true.
        weight: 1 / s^2; 0 for an entry that says nothing.
        unit: of the roundoff.
    """

    error: Array
    weight: Array
    unit: float

    def slope_on(self, regressor: Array) -> ErrorSlope | None:
        """The slope on a regressor of the same shape; None where that is lost in rounding."""
        regressor = self._where_it_counts(regressor)
        weighted = self.weight * regressor
        counts = weighted * regressor
        moment, squares = np.vdot(weighted, self.error), np.vdot(counts, counts)
        return self._slope(float(counts.sum()), float(moment), float(squares))

    def slopes_on(self, true: Array, gates: int) -> Iterator[ErrorSlope | None]:
        """The slope on the gradient itself, and with several gates on its rows of each."""
        true = self._where_it_counts(true)
        weighted = (self.weight * true).reshape(gates, -1)
        counts = weighted * true.reshape(gates, -1)
        moments = np.vecdot(weighted, self.error.reshape(gates, -1)).tolist()
        sums = list(
            zip(counts.sum(1).tolist(), moments, np.vecdot(counts, counts).tolist(), strict=True)
        )
        yield self._slope(*map(sum, zip(*sums, strict=True)))
        if gates > 1:
            yield from (self._slope(*of_gate) for of_gate in sums)

    def _where_it_counts(self, regressor: Array) -> Array:
        """Zero where an entry says nothing, though it may be no number there."""
        return np.where(self.weight > 0.0, regressor, 0.0)

    def _slope(self, counts: float, moment: float, squares: float) -> ErrorSlope | None:
        if not 0.0 < counts < math.inf or not 0.0 < squares < math.inf:
            return None
        typical = math.sqrt(counts / squares) / self.unit  # root of (counts^2 / squares) / counts
        return (
            ErrorSlope(moment / counts / self.unit, typical) if typical * self.unit < LOST else None
        )


def errors_of(
    case: AnyCase,
    name: str,
    got: Array,
    true: Array,
    rounding: Conditioning,
    more: Array | float = 0.0,
) -> Errors:
    """The errors of a gradient with their weights.

    Left out is what rounding does not make a small random number: entries that are no number, at a
    kink, chaotic, or below their own rounding.

    Args:
        rounding: of the subject.
        more: typical error of what `true` is.
    """
    facts = PRECISIONS[case.dtype]
    typical = rounding.error(name) + (facts.tiniest + more)
    if rounding.flush is not None:
        typical += rounding.flushed(name)
    if rounding.results:
        typical += rounding.rounded_result(name)
    error = got - true
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        weight = np.square(1.0 / typical)
        counts = (np.abs(true) > typical) & np.isfinite(error) & np.isfinite(weight)
    if rounding.kinks is not None or rounding.chaotic is not None:
        counts &= np.asarray(rounding.unbounded(name) + rounding.subgradient_width(name)) == 0
    if not counts.all():
        error, weight = np.where(counts, error, 0.0), np.where(counts, weight, 0.0)
    return Errors(error, weight, facts.unit)


def gates_of(case: AnyCase, name: str) -> tuple[str, ...]:
    """The gates in the rows of a gradient, where there are several."""
    if isinstance(case, RecurrenceCase):
        return ()
    gates = tuple(case.model.layout.gates)
    return gates if len(gates) > 1 and has_gates(case.model, name) else ()


def slopes_of(
    case: AnyCase, name: str, errors: Errors, true: Array
) -> Iterator[tuple[Regressor, ErrorSlope]]:
    """The slopes on the gradient itself, and on its rows of each gate."""
    gates = gates_of(case, name)
    parts = [
        Regressor(name, RegressorKind.WHOLE),
        *(Regressor(name, RegressorKind.GATE, gate) for gate in gates),
    ]
    for part, slope in zip(parts, errors.slopes_on(true, max(1, len(gates))), strict=True):
        if slope is not None:
            yield part, slope


def regressors(case: AnyCase, name: str, true: Array) -> Iterator[tuple[Regressor, Array]]:
    """The gradient itself and its rows of each gate, as arrays of its shape."""
    yield Regressor(name, RegressorKind.WHOLE), true
    for number, gate in enumerate(gates := gates_of(case, name)):
        H = len(true) // len(gates)
        rows = np.zeros_like(true)
        rows[number * H : (number + 1) * H] = true[number * H : (number + 1) * H]
        yield Regressor(name, RegressorKind.GATE, gate), rows


def terms_of(
    shares: Mapping[str, Mapping[str, Array]], name: str, true: Array
) -> Iterator[tuple[Regressor, Array]]:
    """The shares of the terms in a gradient, but for those that have none of it or all."""
    for term, of_term in shares.items():
        share = of_term[name]
        if share.any() and (np.abs(share - true) > SAME * np.abs(true)).any():
            yield Regressor(name, RegressorKind.TERM, term), share


SAME = 1e-6
"""Relative difference below which a share is the gradient itself."""


def slopes_and_terms(
    case: AnyCase,
    name: str,
    errors: Errors,
    true: Array,
    shares: Mapping[str, Mapping[str, Array]],
) -> Iterator[tuple[Regressor, ErrorSlope]]:
    """The slopes on a gradient, its gates, and its terms where these are known."""
    yield from slopes_of(case, name, errors, true)
    for part, share in terms_of(shares, name, true):
        slope = errors.slope_on(share)
        if slope is not None:
            yield part, slope
