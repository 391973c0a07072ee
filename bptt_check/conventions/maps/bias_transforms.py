"""The steps of biases: one, two that are added, two in one array, one for the candidate alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...cases.types import Array
from ..names import with_base, with_gate
from .transforms import Arrays, Joined, Step, needed


def stacked_biases() -> Step:
    """The two biases as the rows of one array (2, G*H)."""
    return Joined(("b_xh", "b_hh"), "b", lambda a, b: np.stack([a, b]), lambda whole: (*whole,))


@dataclass(frozen=True)
class BiasColumn(Step):
    """A bias as the first or the last column of the matrix that it is added to.

    Args:
        matrix, bias: base names.
        first: whether the column comes first.
    """

    matrix: str
    bias: str
    first: bool

    def forward(self, arrays: Arrays) -> Arrays:
        """The column beside the matrix."""
        joined = {n: a for n, a in arrays.items() if n.base != self.bias}
        for name in [n for n in arrays if n.base == self.matrix]:
            pair = [arrays[name], arrays[with_base(name, self.bias)][:, None]]
            joined[name] = np.concatenate(pair[::-1] if self.first else pair, axis=1)
        return joined

    def backward(self, grads: Arrays) -> Arrays:
        """The column by itself again."""
        cut: Arrays = {}
        for name, array in grads.items():
            if name.base == self.matrix:
                column, rest = (0, array[:, 1:]) if self.first else (-1, array[:, :-1])
                cut |= {name: rest, with_base(name, self.bias): array[:, column]}
            else:
                cut[name] = array
        return cut


class TwoBiases(Step):
    """One bias b as two that are added.

    They are 2b and -b: their sum is b to the last bit, and neither can be left out unseen.
    """

    def forward(self, arrays: Arrays) -> Arrays:
        """b becomes 2b and -b."""
        split: Arrays = {}
        for name, b in arrays.items():
            if name.base == "b_h":
                split |= {with_base(name, "b_xh"): 2.0 * b, with_base(name, "b_hh"): -b}
            else:
                split[name] = b
        return split

    def backward(self, grads: Arrays) -> Arrays:
        """The chain rule: 2 db_xh - db_hh."""
        return self._merged(grads, lambda xh, hh: 2.0 * xh - hh)

    def inverse(self, arrays: Arrays) -> Arrays:
        """Their sum."""
        return self._merged(arrays, lambda xh, hh: xh + hh)

    def _merged(self, arrays: Arrays, combine: Callable[[Array, Array], Array]) -> Arrays:
        merged: Arrays = {}
        for name, array in arrays.items():
            if name.base in ("b_xh", "b_hh"):
                pair = (needed(arrays, with_base(name, base)) for base in ("b_xh", "b_hh"))
                merged[with_base(name, "b_h")] = combine(*pair)
            else:
                merged[name] = array
        return merged


@dataclass(frozen=True)
class CandidateBias(Step):
    """The second bias for the candidate alone; the gates have the sum of both in the first.

    The only step that forgets something, so its `inverse` gives one of many pairs with that sum.
    """

    candidate: int
    gates: int
    letter: str

    def forward(self, arrays: Arrays) -> Arrays:
        """Add the gates' rows of `b_hh` to `b_xh`; the candidate's remain, (H,)."""
        split = dict(arrays)
        for name in [n for n in arrays if n.base == "b_hh"]:
            first, second = with_base(name, "b_xh"), split.pop(name)
            split[first] = split[first] + np.where(self._is_candidate(second), 0.0, second)
            split[with_gate(name, self.letter)] = second[self._is_candidate(second)]
        return split

    def backward(self, grads: Arrays) -> Arrays:
        """A gate's gradient goes to both biases."""
        return self._both(grads, lambda first: first)

    def inverse(self, arrays: Arrays) -> Arrays:
        """The gates' rows of the second bias are 0."""
        return self._both(arrays, np.zeros_like)

    def _both(self, arrays: Arrays, second_of: Callable[[Array], Array]) -> Arrays:
        both = dict(arrays)
        for name in [n for n in arrays if n.base == "b_xh"]:
            second = second_of(arrays[name]).copy()
            rest = with_gate(with_base(name, "b_hh"), self.letter)
            second[self._is_candidate(second)] = needed(arrays, rest)
            both.pop(rest)
            both[with_base(name, "b_hh")] = second
        return both

    def _is_candidate(self, bias: Array) -> Array:
        """Whether each row is one of the candidate."""
        return np.arange(len(bias)) // (len(bias) // self.gates) == self.candidate
