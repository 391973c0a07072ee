"""The steps from the contract's arrays to a subject's: each one linear, small and reversible.

A step has three maps. `forward` makes the subject's arrays of the contract's, `inverse` does the
opposite, and `backward` makes *gradients* of the contract's arrays of those of the subject's: it is
the transpose of `forward`, because L(forward(a)) has the gradient `forward^T L'`. For a
rearrangement the transpose is the inverse, so most steps need two maps only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...cases.arrays.cell_layout import Layout
from ...cases.types import Array
from ...errors import BrokenContract
from ..names import Name, with_base, with_gate

Arrays = dict[Name, Any]


class Step:
    """A rearrangement: its inverse is its transpose."""

    def forward(self, arrays: Arrays) -> Arrays:
        """Arrays of the contract's side to those of the subject's side."""
        raise NotImplementedError

    def backward(self, grads: Arrays) -> Arrays:
        """Gradients of the subject's side to those of the contract's side."""
        raise NotImplementedError

    def inverse(self, arrays: Arrays) -> Arrays:
        """Arrays of the subject's side to those of the contract's side."""
        return self.backward(arrays)


@dataclass(frozen=True)
class MapEach(Step):
    """The same change of every selected array: `to_subject`, undone by `to_contract`."""

    selected: Callable[[Name], bool]
    to_subject: Callable[[Array], Array]
    to_contract: Callable[[Array], Array]

    def forward(self, arrays: Arrays) -> Arrays:
        """`to_subject` of the selected ones."""
        return {n: self.to_subject(a) if self.selected(n) else a for n, a in arrays.items()}

    def backward(self, grads: Arrays) -> Arrays:
        """`to_contract` of the selected ones."""
        return {n: self.to_contract(a) if self.selected(n) else a for n, a in grads.items()}


def transposed(selected: Callable[[Name], bool]) -> Step:
    """Matrices as (in, out)."""
    return MapEach(selected, lambda a: a.swapaxes(-1, -2), lambda a: a.swapaxes(-1, -2))


def as_columns(selected: Callable[[Name], bool]) -> Step:
    """Vectors (n,) as (n, 1)."""
    return MapEach(selected, lambda a: a[..., None], lambda a: a[..., 0])


def as_rows(selected: Callable[[Name], bool]) -> Step:
    """Vectors (n,) as (1, n)."""
    return MapEach(selected, lambda a: a[..., None, :], lambda a: a[..., 0, :])


def gate_axis(selected: Callable[[Name], bool], gates: int) -> list[Step]:
    """Gates on an axis of their own: vectors (G, H) and matrices (G, H, n) of (G*H,), (G*H, n)."""
    return [
        _first_axis_cut(lambda name: selected(name) and name.is_matrix, gates, 2),
        _first_axis_cut(lambda name: selected(name) and not name.is_matrix, gates, 1),
    ]


def _first_axis_cut(selected: Callable[[Name], bool], count: int, axes: int) -> Step:
    """Of arrays with so many axes, and perhaps others in front, the first one as blocks."""

    def cut(a: Array) -> Array:
        at = a.ndim - axes
        return a.reshape(*a.shape[:at], count, -1, *a.shape[at + 1 :])

    def merged(a: Array) -> Array:
        at = a.ndim - axes - 1
        return a.reshape(*a.shape[:at], -1, *a.shape[at + 2 :])

    return MapEach(selected, cut, merged)


def reordered(order: Sequence[int], further: Collection[str] = ()) -> Step:
    """Gates in another order: block g of the subject is block `order[g]` of the contract.

    `further` are base names of a cell's arrays that have no rows of gates.
    """
    undo = np.argsort(order)
    return MapEach(
        lambda name: name.recurrent and name.base not in further,
        lambda a: _blocks(a, order),
        lambda a: _blocks(a, undo),
    )


def negated(gate: int, gates: int) -> Step:
    """The rows of one gate with the other sign: sigmoid(-a) = 1 - sigmoid(a)."""

    def flip(a: Array) -> Array:
        flipped = a.copy().reshape(gates, -1, *a.shape[1:])
        flipped[gate] *= -1.0
        return flipped.reshape(a.shape)

    return MapEach(lambda name: name.recurrent, flip, flip)


def _blocks(a: Array, order: Any) -> Array:
    """Blocks of rows in another order."""
    return a.reshape(len(order), -1, *a.shape[1:])[np.asarray(order)].reshape(a.shape)


def needed(arrays: Arrays, name: Name) -> Array:
    """One of several arrays that make up one of the contract's."""
    if name not in arrays:
        raise BrokenContract(str(name), f"the gradient of {name} is missing")
    return arrays[name]


@dataclass(frozen=True)
class PerGate(Step):
    """One array per gate instead of blocks of rows; `letters` name them in order.

    `uncut` are base names of which a subject has a single gate only, or that have no gates.
    """

    letters: tuple[str, ...]
    uncut: tuple[str, ...] = ()

    def forward(self, arrays: Arrays) -> Arrays:
        """Cut what is stacked."""
        cut: Arrays = {}
        for name, array in arrays.items():
            if self._is_cut(name):
                parts = np.split(array, len(self.letters), axis=0)
                cut |= dict(zip(self._names(name), parts, strict=True))
            else:
                cut[name] = array
        return cut

    def backward(self, grads: Arrays) -> Arrays:
        """Stack what was cut."""
        stacked: Arrays = {}
        for name, array in grads.items():
            if self._is_cut(name):
                parts = [needed(grads, part) for part in self._names(name)]
                stacked[with_gate(name, "")] = np.concatenate(parts, axis=0)
            else:
                stacked[name] = array
        return stacked

    def _is_cut(self, name: Name) -> bool:
        return name.recurrent and name.base not in self.uncut

    def _names(self, name: Name) -> list[Name]:
        return [with_gate(name, letter) for letter in self.letters]


@dataclass(frozen=True)
class Joined(Step):
    """Two arrays in one: `parts` become `whole` by `join`, and again two by `cut`."""

    parts: tuple[str, str]
    whole: str
    join: Callable[[Array, Array], Array]
    cut: Callable[[Array], Sequence[Array]]

    def forward(self, arrays: Arrays) -> Arrays:
        """Join where both are there."""
        joined: Arrays = {}
        for name, array in arrays.items():
            first, second = (with_base(name, base) for base in self.parts)
            if name == first and second in arrays:
                joined[with_base(name, self.whole)] = self.join(array, arrays[second])
            elif not (name == second and first in arrays):
                joined[name] = array
        return joined

    def backward(self, grads: Arrays) -> Arrays:
        """Cut again."""
        cut: Arrays = {}
        for name, array in grads.items():
            if name.base == self.whole:
                names = [with_base(name, base) for base in self.parts]
                cut |= dict(zip(names, self.cut(array), strict=True))
            else:
                cut[name] = array
        return cut


def one_matrix(order: str, layout: Layout) -> Step:
    """`[W_xh, W_hh]` side by side for [x; h], or the other way round for [h; x]."""

    def cut(whole: Array) -> list[Array]:
        width = layout.width("h", whole.shape[0] // len(layout.gates))
        at = whole.shape[1] - width if order == "xh" else width
        return np.split(whole, [at], axis=1)

    parts = ("W_xh", "W_hh") if order == "xh" else ("W_hh", "W_xh")
    return Joined(parts, "W", lambda a, b: np.concatenate([a, b], axis=1), cut)


@dataclass(frozen=True)
class Axes(Step):
    """One array of the data with its axes in another order, those of size 1 that are not wanted
    dropped.

    `source` and `wanted` name the axes: T, B, L (layer) and D (features); `listed` makes a list
    of steps of it.
    """

    base: str
    source: str
    wanted: str
    listed: bool = False

    def forward(self, arrays: Arrays) -> Arrays:
        """Drop, then reorder, then cut."""
        return {n: self._to_subject(a) if n.base == self.base else a for n, a in arrays.items()}

    def backward(self, grads: Arrays) -> Arrays:
        """Join, reorder, put the dropped axes back."""
        return {n: self._to_contract(a) if n.base == self.base else a for n, a in grads.items()}

    def _to_subject(self, array: Array) -> Any:
        kept = [axis for axis in self.source if axis in self.wanted]
        dropped = tuple(n for n, axis in enumerate(self.source) if axis not in self.wanted)
        moved = array.squeeze(dropped).transpose([kept.index(axis) for axis in self.wanted])
        if not self.listed:
            return moved
        return moved.tolist() if moved.ndim == 1 else list(moved)

    def _to_contract(self, array: Any) -> Array:
        kept = [axis for axis in self.source if axis in self.wanted]
        moved = np.asarray(array).transpose([self.wanted.index(axis) for axis in kept])
        dropped = [n for n, axis in enumerate(self.source) if axis not in self.wanted]
        return np.expand_dims(moved, tuple(dropped))


class Tokens(Step):
    """One-hot `x` (T, B, D) as integers (T, B), which have no gradient."""

    def __init__(self, vocabulary: int) -> None:
        self.vocabulary = vocabulary

    def forward(self, arrays: Arrays) -> Arrays:
        """The index of the 1."""
        return {n: a.argmax(-1) if n.base == "x" else a for n, a in arrays.items()}

    def backward(self, grads: Arrays) -> Arrays:
        """A gradient of integers does not exist."""
        return {n: a for n, a in grads.items() if n.base != "x"}

    def inverse(self, arrays: Arrays) -> Arrays:
        """One-hot vectors."""
        hot = np.eye(self.vocabulary)
        return {n: hot[a] if n.base == "x" else a for n, a in arrays.items()}
