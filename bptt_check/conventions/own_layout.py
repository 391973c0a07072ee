"""In which of its own arrays a convention has the entries of the contract's, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..cases.model import Model, Sizes, input_shapes, parameter_shapes
from ..cases.types import Array
from . import layout
from .convention import Convention
from .expression import declared_by
from .gates import order_for, permutation
from .names import Name, subject_name
from .options import Options

PROBE = Sizes(T=3, B=2, D=7, H=5, O=11)
"""Sizes that all differ: they tell axes apart, and what the bound of a part is."""
BOUNDS = {
    d * PROBE.D + h * PROBE.H + one: "+".join(
        filter(None, ["D" * d, f"{h}*H" if h > 1 else "H" * h, "1" * one])
    )
    for d in (0, 1)
    for h in (0, 1, 2, 3)
    for one in (0, 1)
} | {0: "0"}
"""The end of a part in the columns of matrices and biases side by side, in the sizes of a model."""


@dataclass(frozen=True, eq=False)
class OwnPart:
    """What one array of a subject's has of one of the contract's.

    Args:
        key: what the array is, in the contract's spelling: `W_hh_l0_f`, `W_l0`.
        array: what the subject calls it.
        source: for each entry its flat index in the contract's array, -1 where it has none there.
        gate: the letter of the only gate that it has; empty if it has all, or none.
    """

    key: str
    array: str
    source: Array
    gate: str = ""

    @property
    def box(self) -> tuple[slice, ...]:
        """The part as slices of the array."""
        inside = np.argwhere(self.source >= 0)
        bounds = zip(inside.min(axis=0).tolist(), inside.max(axis=0).tolist(), strict=True)
        return tuple(slice(first, last + 1) for first, last in bounds)

    def place(self, entry: int) -> tuple[int, ...]:
        """Where an entry is, by its flat index in the contract's array; () if it is not here."""
        found = np.argwhere(self.source == entry)
        return tuple(found[0].tolist()) if len(found) else ()


@dataclass(frozen=True)
class OwnLayout:
    """How a convention lays out the arrays of one model."""

    options: Options
    model: Model

    def names(self) -> dict[str, tuple[str, ...]]:
        """The arrays that each array of the contract is in, with its slices (`W[:, :D]`) where one
        holds others as well.
        """
        return {n: self.names_of(n) for n in self._shapes(PROBE)}

    def names_of(self, name: str) -> tuple[str, ...]:
        """The arrays that one array of the contract is in, likewise."""
        return tuple(map(name_of_part, self.parts(PROBE, name)))

    def parts(self, sizes: Sizes, name: str) -> list[OwnPart]:
        """The arrays that an array of the contract is in; of data in sequences that are run one by
        one the arrays of a single one.
        """
        shape = self._shapes(sizes)[name]
        numbers = np.arange(1.0, np.prod(shape) + 1.0).reshape(shape)
        found: list[OwnPart] = []
        for key, array in self._forward(sizes, name, 1.0 + 1j * numbers).items():
            inside = np.real(array) != 0  # the factor that an entry gets, and its number times that
            if inside.any():
                number = np.rint(np.imag(array) / np.where(inside, np.real(array), 1.0)).astype(int)
                own = subject_name(key, self.options.names, self.model.cell)
                found.append(OwnPart(str(key), own, np.where(inside, number - 1, -1), key.gate))
        return found

    def places(self, sizes: Sizes, name: str, index: tuple[int, ...]) -> Iterator[str]:
        """Where an entry of the contract's array is; in several arrays if it is in several.

        Code without an axis of the batch sees one sequence, which is told if there are others.
        """
        at = self.entry(sizes, name, index)
        which = f" of sequence {index[1]}" if self.is_cut(name) and sizes.B > 1 else ""
        for part in self.parts(sizes, name):
            if place := part.place(at):
                yield entry_text(part.array, place) + which

    def entry(self, sizes: Sizes, name: str, index: tuple[int, ...]) -> int:
        """The flat index of an entry; in a sequence of its own where these are run one by one."""
        if self.is_cut(name):
            index = (index[0], 0, index[2])
        return int(np.ravel_multi_index(index, self._shapes(sizes)[name]))

    def is_cut(self, name: str) -> bool:
        """Whether sequences are run one by one, and an array has an axis of them."""
        return self.options.batch == "none" and name in input_shapes(self.model, PROBE)

    def gates(self) -> tuple[str, ...]:
        """The letters of the gates, in the convention's order."""
        return order_for(self.options.gate_order, self.model) or self.model.layout.gates

    def letters(self) -> dict[str, str]:
        """Gate of the contract to its letter in the convention."""
        gates = self.model.layout.gates
        order = permutation(self.gates(), gates) or ()
        return {gates[g]: letter for g, letter in zip(order, self.gates(), strict=True)}

    def axes(self, name: str) -> list[tuple[int, ...]]:
        """Of each part the contract's axis that each of its axes is; -1 where it is none."""
        shape = self._shapes(PROBE)[name]
        return [_axes(part.source[part.box], shape) for part in self.parts(PROBE, name)]

    def _shapes(self, sizes: Sizes) -> dict[str, tuple[int, ...]]:
        """Of the contract's arrays that have a gradient."""
        single = replace(sizes, B=1) if self.options.batch == "none" else sizes
        return parameter_shapes(self.model, sizes) | input_shapes(self.model, single)

    def _forward(self, sizes: Sizes, name: str, values: Array) -> dict[Name, Array]:
        """The subject's arrays, made of these values in one array of the contract and of zeros."""
        if name in input_shapes(self.model, sizes):
            hot = self.options.tokens and name == "x"  # integers have no entries
            steps = [] if hot else layout.data_steps(self.options, self.model, sizes)
            theirs = layout.forward(steps, {Name(name): values})
        else:
            zeros = {n: np.zeros(shape) for n, shape in parameter_shapes(self.model, sizes).items()}
            params = {Name.of(n): a for n, a in {**zeros, name: values}.items()}
            theirs = layout.cell_steps(self.options, self.model, params)
        return {key: np.asarray(array) for key, array in theirs.items()}


def own_layout(subject: object, model: Model) -> OwnLayout | None:
    """How a subject's convention lays out a model; None without one, or if it cannot have it."""
    options = declared_by(subject)
    if options == Convention() or layout.unsupported_reason(options, model):
        return None
    return OwnLayout(options, model)


def entry_text(array: str, index: tuple[int, ...]) -> str:
    """An entry as it is written: `Wh[1, 3]`."""
    return f"{array}[{', '.join(map(str, index))}]"


def name_of_part(part: OwnPart) -> str:
    """The name of a part, with slices unless it is all of the array."""
    slices = list(map(_slice, part.box, part.source.shape))
    while slices and slices[-1] == ":":
        slices.pop()
    return f"{part.array}[{', '.join(slices)}]" if slices else part.array


def _slice(part: slice, length: int) -> str:
    """A slice of an axis, or the only index, in the sizes of a model."""
    if (part.start, part.stop) == (0, length):
        return ":"
    if part.stop - part.start == 1:
        return BOUNDS[part.start]
    first = BOUNDS[part.start] if part.start else ""
    return f"{first}:{BOUNDS[part.stop] if part.stop < length else ''}"


def _axes(source: Array, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axis of the contract along which each axis moves; of length one, the next that does not
    move at all.
    """
    coordinates = np.unravel_index(source, shape)
    moving = [
        next((k for k, along in enumerate(coordinates) if np.diff(along, axis=axis).any()), -1)
        for axis in range(source.ndim)
    ]
    still = iter([k for k in range(len(shape)) if k not in moving])
    return tuple(next(still, -1) if k < 0 else k for k in moving)
