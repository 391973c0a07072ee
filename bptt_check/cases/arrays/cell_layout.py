"""The arrays of one cell: gates, states, biases, and what it has beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...errors import SpecError, UnknownName

Dimension = str | int
"""One length of an array: a number, or a product such as `"H"` and `"2*H"`."""
LETTERS = {
    "D": "features of the layer's input",
    "H": "hidden units",
    "P": "width of the state h",
    "G": "gates",
}
"""What may stand in a product."""


@dataclass(frozen=True)
class Layout:
    """The arrays of one cell: how many gates are stacked in its matrices, its states, its
    biases, and further arrays.

    Raises:
        SpecError: names that cannot be told apart, or a length that cannot be read.
    """

    gates: tuple[str, ...]
    """Names of the gates, in the order in which the rows of `W_xh` and `W_hh` hold them."""
    states: tuple[str, ...] = ("h",)
    """Names of the states, of letters, the output `h` first: `("h", "c")`, `("h", "c", "n", "m")`.
    """
    biases: tuple[str, ...] = ("b_h",)
    """Names of the bias vectors, each of length gates x H."""
    further: Mapping[str, tuple[Dimension, ...]] = field(
        default_factory=dict[str, tuple[Dimension, ...]], hash=False
    )
    """Name of every other parameter of a layer to its shape: `{"W_hr": ("P", "H")}`. The lengths
    are numbers, or products of numbers and D (features of the layer's input), H, P (width of h), G
    (number of gates)."""
    proj_size: Callable[[int], int] | None = None
    """H to the width P of the state `h`, where the cell projects it: then `W_hh` is (G*H, P); None
    is P = H. The other states have H units."""

    def __post_init__(self) -> None:
        for name in self.states:
            if not (name.isalpha() and name.isascii()) or name == "x":
                raise SpecError(f"the name of a state must be letters and not x, got {name!r}.")
        if not self.states or self.states[0] != "h":
            raise SpecError(f"the first of the states must be 'h', the output; got {self.states}.")
        names = ["W_xh", "W_hh", *self.biases, *self.further]
        for kind, given in (("states", self.states), ("parameters", names)):
            if twice := [n for n in given if list(given).count(n) > 1]:
                raise SpecError(f"{twice[0]!r} stands twice among the {kind} of a layout.")
        for name, shape in self.further.items():
            if name.startswith("b_") or "_l" in name:
                raise SpecError(
                    f"the further parameter {name!r} needs another name: b_... are those of biases "
                    "of all gates, and _l stands before the number of a layer."
                )
            self._length_of(name, shape, dict.fromkeys(LETTERS, 1))

    def width(self, state: str, H: int) -> int:
        """Units of a state of a cell of H hidden units.

        Raises:
            SpecError: `proj_size` gives no integer of at least 1.
        """
        if self.proj_size is None or state != "h":
            return H
        width = self.proj_size(H)
        if not isinstance(width, int) or isinstance(width, bool) or width < 1:
            raise SpecError(f"proj_size of H={H} must be an integer of at least 1, got {width!r}.")
        return width

    def shapes(self, D: int, H: int, bias: bool = True) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter of a layer with D features of input and H hidden units."""
        P, rows = self.width("h", H), len(self.gates) * H
        sizes = {"D": D, "H": H, "P": P, "G": len(self.gates)}
        shapes: dict[str, tuple[int, ...]] = {"W_xh": (rows, D), "W_hh": (rows, P)}
        shapes |= {n: self._length_of(n, shape, sizes) for n, shape in self.further.items()}
        return shapes | {b: (rows,) for b in self.biases if bias}

    def _length_of(
        self, name: str, shape: tuple[Dimension, ...], sizes: Mapping[str, int]
    ) -> tuple[int, ...]:
        """The lengths of one further parameter in numbers."""
        if not isinstance(shape, tuple) or not 1 <= len(shape) <= 2:
            raise SpecError(
                f"{name} must have one or two lengths, as ('P', 'H') has; got {shape!r}."
            )
        return tuple(math.prod(_factors(name, length, sizes)) for length in shape)


def _factors(name: str, length: Dimension, sizes: Mapping[str, int]) -> list[int]:
    """The factors of one length in numbers."""
    words = str(length).replace(" ", "").split("*")
    for word in words:
        if word not in sizes and not (word.isdecimal() and int(word) > 0):
            raise UnknownName(f"length of {name}:", word, [*LETTERS, "1", "2", "2*H"])
    return [sizes[word] if word in sizes else int(word) for word in words]
