"""Directions of signs: along them an array too large to be measured entry by entry is measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .types import Array


def is_initial_state(name: str) -> bool:
    """Whether an input is an initial state: `h0`, `c0`, ...; names of states have letters only."""
    return name.endswith("0") and name[:-1].isalpha()


def is_per_sequence(name: str) -> bool:
    """Whether the sequences of an input do not meet before the loss; axis 1 says which sequence."""
    return name == "x" or is_initial_state(name)


@dataclass(frozen=True, eq=False)
class SignDirections:
    """K directions in the space of one input, in which every entry moves by the same size.

    The sequences of `x` and of the initial states do not meet before the loss. So of these each
    sequence has a slope of its own along each direction: (K, B) of them instead of (K,).

    Args:
        name: of the input.
        signs: 1 or -1, (K, *shape).
        whole: whether sequences are not told apart, whatever the input is called: those of a
            recurrence of a user's own.
    """

    name: str
    signs: Array
    whole: bool = False

    @property
    def _by_sequence(self) -> bool:
        return is_per_sequence(self.name) and not self.whole

    def __len__(self) -> int:
        """The number of directions."""
        return len(self.signs)

    def slopes(self, gradient: Array) -> Array:
        """What a gradient of the input's shape says of each slope."""
        if self._by_sequence:
            return np.einsum("ktbd,tbd->kb", self.signs, gradient)
        return self.signs.reshape(len(self), -1) @ gradient.reshape(-1)

    def reach(self, sizes: Array | float) -> Array:
        """How far each slope may move if each entry may move by its size: their sum."""
        whole = np.broadcast_to(sizes, self.signs.shape[1:])
        total = whole.sum(axis=(0, 2)) if self._by_sequence else whole.sum()
        return np.broadcast_to(total, (len(self), *total.shape))

    def scatter(self, sizes: Array) -> Array:
        """How far each slope moves, typically, if each entry moves by its size in a direction that
        has nothing to do with the signs: the root of the sum of squares.
        """
        largest = float(np.max(sizes, initial=0.0)) or 1.0  # the square of 1e-200 is zero
        return largest * np.sqrt(self.reach(np.square(sizes / largest)))
