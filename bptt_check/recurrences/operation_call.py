"""An operation of PyTorch whose result is to round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from ..cases.types import Array
from ..equations.arithmetics.rounding import GridRounding

FLOATS = (torch.float64, torch.complex128)
"""What rounds."""


class OperationCall(NamedTuple):
    """An operation, what it was given, and what it gave.

    Args:
        arithmetic: how it rounds.
        samples: how many lie along the first axis of arrays.
        func: of aten.
        args, options: what it was given.
        result: what it gave, or one of several results.
        number: of this result.
    """

    arithmetic: GridRounding
    samples: int
    func: Any
    args: Sequence[Any]
    options: Mapping[str, Any]
    result: torch.Tensor
    number: int

    @property
    def values(self) -> Array:
        """The result, real and imaginary parts beside each other."""
        return self.by_samples(as_real(self.result))

    def by_samples(self, values: torch.Tensor) -> Array:
        """Values with the samples as their first axis, which they may share with others."""
        return values.detach().reshape(self.samples, -1).numpy()

    def sizes(self, of_result: torch.Tensor) -> Array:
        """A size for every entry of the result, or for both of its parts, in memory of its own."""
        if self.result.is_complex():
            of_result = of_result.unsqueeze(-1).expand(*of_result.shape, 2)
        return self.by_samples(of_result.clone())

    def at(self, size: torch.Tensor) -> Array:
        """The result, rounded as numbers of this size are."""
        return self.arithmetic.absolute(self.values, self.sizes(size))

    def unordered_sum(self, terms: int, share: float = 1.0) -> Array:
        """The result as a sum of so many terms, each a product of entries of the arguments, times a
        share.
        """
        squares = [a.detach().abs().square() if has_digits(a) else a for a in self.args]
        of_squares = self.func(*squares, **self.options)
        if isinstance(of_squares, tuple):
            of_squares = of_squares[self.number]
        return self.arithmetic.unordered_sum(self.values, self.sizes(of_squares * share), terms)


def as_real(values: torch.Tensor) -> torch.Tensor:
    """Complex numbers as pairs along a last axis, in the same memory."""
    return torch.view_as_real(values) if values.is_complex() else values


def has_digits(value: Any) -> bool:
    """Whether it is a tensor of numbers that round."""
    return isinstance(value, torch.Tensor) and value.dtype in FLOATS
