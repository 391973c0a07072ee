"""Error budgets: what rounding and an oracle's own bound allow of each entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..cases.directions import SignDirections
from ..cases.precision import PRECISIONS
from ..cases.types import Array
from ..equations.rounding_errors import Conditioning


def ratio(error: Array, budget: Array) -> Array:
    """Each error in budgets; 0 where the budget is not finite, which decides nothing."""
    decides = np.isfinite(budget)
    with np.errstate(over="ignore", invalid="ignore"):  # the smallest budget may be subnormal
        return np.where(decides, error / np.where(decides, budget, 1.0), 0.0)


@dataclass(frozen=True)
class Tolerance:
    """How many typical rounding errors are allowed; the one number behind every budget.

    Right implementations differ by 0.1 in the median, by at most 3 at the 99.9th percentile of any
    regime and by 4.4 at worst of 468,000 entries (`benchmarks/budgets.py` measures it); the
    smallest error that a wrong formula makes is millions of units.

    `accuracy` is what code declares that is right to no more: the error of an entry beside the
    largest one of its gradient, or of the loss beside itself.
    """

    units: float = 32.0
    accuracy: float = 0.0


@dataclass(frozen=True, eq=False)
class Budgets:
    """Everything that budgets of one case are made of; passed whole."""

    tolerance: Tolerance
    subject: Conditioning
    oracle: Conditioning
    bounds: Mapping[str, Array] | None
    proven: bool = False
    """Whether the bounds are a proof, which knows of rounding and of kinks."""
    along: Mapping[str, SignDirections] = field(default_factory=dict[str, SignDirections])
    """The directions along which the oracle measured instead of entry by entry."""
    declared: Mapping[str, float] = field(default_factory=dict[str, float])
    """What a declared accuracy allows of every entry of each gradient, and of the `loss`."""

    def of(self, name: str) -> Array:
        """The budget of each entry of one gradient, or of each slope of it along directions.

        A slope is the sum of entries times signs: it is off by no more than all of them together.
        """
        if name in self.along:
            return self._of_slopes(name, self.along[name])
        rounding = self.subject.error(name)
        if not self.proven:
            rounding = rounding + self.oracle.error(name)
        bound = self.bound(name)
        known = self.tolerance.units * rounding + self.subject.rounded_result(name) + bound
        known = known + self.subgradient_width(name, bound) + self._flushed(name)
        return known + self.unbounded(name) + self.declared.get(name, 0.0)

    def _of_slopes(self, name: str, along: SignDirections) -> Array:
        entrywise = replace(self, bounds=None, along={})
        return along.reach(entrywise.of(name)) + self.bound(name)

    def slopes(self, name: str, along: SignDirections) -> Array:
        """The budget of each slope along directions, also where the oracle measured entries."""
        return self.of(name) if name in self.along else along.reach(self.of(name))

    def typical(self, name: str, other: Conditioning) -> Array:
        """The error that another arithmetic leaves, typically, in what the oracle measured."""
        error = other.error(name)
        return self.along[name].scatter(error) if name in self.along else error

    def allowed_in(self, name: str, other: Conditioning) -> Array:
        """What may be wrong with each entry, or slope, where another arithmetic was at work."""
        rest = other.subgradient_width(name) + other.flushed(name) + other.unbounded(name)
        rest = self._reach(name, rest + PRECISIONS[other.dtype].tiniest)
        return self.of(name) + self.tolerance.units * self.typical(name, other) + rest

    def unbounded(self, name: str) -> Array | float:
        """Infinite where rounding explains any value of an entry, else 0."""
        of_oracle = 0.0 if self.proven else self.oracle.unbounded(name)
        return self.subject.unbounded(name) + of_oracle

    def subgradient_width(self, name: str, bound: Array) -> Array:
        """What a subgradient may differ from the oracle's, unless a proof's bound reaches to all.

        Finite differences reach to the derivatives on both sides, between which another choice of
        slopes need not lie.
        """
        width, reach = self.subject.subgradient_width(name), 2.0 * bound if self.proven else 0.0
        return np.where(reach >= (1.0 - 1e-9) * width, 0.0, width)

    def only_by_subgradient(self, name: str, error: Array) -> Array:
        """Which errors, within budget, rounding would not explain, but the slope at a kink does."""
        if self.subject.kinks is None:
            return np.zeros(error.shape, dtype=bool)
        width = np.broadcast_to(self.subject.subgradient_width(name), self._shape(name))
        rounding = self.tolerance.units * self.subject.error(name) + self._flushed(name)
        if not self.proven:
            rounding = rounding + self.tolerance.units * self.oracle.error(name)
        rounding = rounding + self.declared.get(name, 0.0)
        if name in self.along:
            width, rounding = self.along[name].reach(width), self.along[name].reach(rounding)
        return (width > 0) & (error > rounding) & (error <= self.of(name))

    def _shape(self, name: str) -> tuple[int, ...]:
        return self.subject.grads[name].shape

    @property
    def floor(self) -> float:
        """Below the smallest normal number of a dtype results may be flushed to zero."""
        return PRECISIONS[self.subject.dtype].tiniest

    def flushed(self, name: str) -> Array | float:
        """What flushing to zero may change of each entry, or of each slope."""
        return self._reach(name, self._flushed(name))

    def _reach(self, name: str, sizes: Array | float) -> Array | float:
        """How far what the oracle measured moves if each entry moves by its size."""
        return self.along[name].reach(sizes) if name in self.along else sizes

    def _flushed(self, name: str) -> Array | float:
        """What it may change of each entry: of itself, and on its way."""
        of_oracle = 0.0 if self.proven else self.oracle.flushed(name)
        return self.floor + self.subject.flushed(name) + of_oracle

    def bound(self, name: str) -> Array:
        """The oracle's own bound on the error of each entry, or of each slope."""
        return np.zeros(()) if self.bounds is None else self.bounds[name]

    def of_loss(self) -> float:
        """The budget of the loss; every oracle's loss comes from the same forward pass."""
        rounding = self.subject.loss_error() + self.oracle.loss_error()
        flushed = self.subject.flushed_loss + self.oracle.flushed_loss
        declared = self.declared.get("loss", 0.0)
        return self.tolerance.units * rounding + self.floor + flushed + declared
