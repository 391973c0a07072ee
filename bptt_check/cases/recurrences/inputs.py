"""`Inputs`: what a user's own recurrence is called with."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from ...errors import SpecError, UnknownName, quoted
from ..types import Array
from .shapes import length_of
from .values import Values, choice, draw, normal, on_grid

Size = int | str | tuple[int, ...] | list[int] | range
"""One number; `(lowest, highest)`; a list of numbers; the name of a size that this one equals."""
DENSE = 9
"""Numbers of a range that is taken whole."""
TILES = (4, 8, 16, 32, 64, 128, 256)
"""Lengths in which kernels cut their work; numbers beside them and their multiples are drawn."""
_OTHER_WORDS = ("dtype", "regime", "cotangents", "layout", "seed")
"""What else is said in the line of a spec."""
TRIES = 200
"""Draws of the numbers of a case, of which one must satisfy `where`."""


class Inputs:
    """The arrays of a recurrence by name, in symbolic sizes.

    Args:
        arrays: for each argument of the recurrence its shape (`"T B K"`, about normal numbers), or
            `normal`, `unit`, `between`, `integers`, `choice` with what these take; a number, True,
            False or None is passed as it is.
        sizes: of each symbolic size what it may be: a number, `(lowest, highest)`, a list or a
            tuple of three and more numbers, a range, or the name of another size that it equals.
        time: the size that is the number of steps, if there is one.
        where: what must hold: a function of sizes and arrays by their names (of those that it
            takes), which returns whether a case may have them.

    Raises:
        SpecError, UnknownName: an argument is impossible; the message says what to change.
    """

    def __init__(
        self,
        *,
        sizes: Mapping[str, Size],
        time: str | None = None,
        where: Callable[..., Any] | None = None,
        **arrays: Any,
    ) -> None:
        if not arrays:
            raise SpecError("Inputs needs at least one array: Inputs(x='T B D', sizes=...).")
        self.values: dict[str, Values] = {n: _values(n, v) for n, v in arrays.items()}
        used = dict.fromkeys(size for v in self.values.values() for size in v.sizes)
        may_be = _read_sizes(sizes, [*used])
        self.sizes = {n: m if isinstance(m, str) else _drawn_of(m) for n, m in may_be.items()}
        self.ranges = {n: m for n, m in may_be.items() if not isinstance(m, str)}
        if time is not None and time not in used:
            raise UnknownName("time", time, used)
        self.time = time
        self.where = where
        self._asked = () if where is None else _arguments(where, [*self.sizes, *self.values])
        if both := [n for n in self._asked if n in self.sizes and n in self.values]:
            raise SpecError(f"where= takes {both[0]}, a size and an input: rename the size.")
        if not self.differentiated:
            raise SpecError("no input of Inputs is differentiated: at least one must be.")

    @property
    def differentiated(self) -> tuple[str, ...]:
        """The inputs that have a gradient."""
        return tuple(name for name, v in self.values.items() if v.differentiated)

    @property
    def free(self) -> dict[str, tuple[int, ...]]:
        """The sizes that equal no other, and what each may be."""
        return {name: v for name, v in self.sizes.items() if not isinstance(v, str)}

    def tied(self, free: Mapping[str, int]) -> dict[str, int]:
        """Every size, given the free ones."""
        return {name: free[self._root(name)] for name in self.sizes}

    def _root(self, name: str) -> str:
        while isinstance(to := self.sizes[name], str):
            name = to
        return name

    def may_be(self, name: str) -> tuple[int, ...]:
        """What a size may be, be it that of another one that it equals."""
        return self.free[self._root(name)]

    def smallest(self, steps: int) -> dict[str, int]:
        """The smallest sizes with so many steps."""
        free = {name: min(may_be) for name, may_be in self.free.items()}
        return self.tied(free if self.time is None else {**free, self._root(self.time): steps})

    def shapes(self, sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
        """The shape of every input, given the sizes."""
        return {
            name: tuple(length_of(axis, sizes) for axis in v.shape)
            for name, v in self.values.items()
        }

    def steps(self, arrays: Mapping[str, Any]) -> int:
        """The number of steps of some arrays; 1 where there is no time."""
        axes = [(n, axis) for n in self.values if (axis := self.time_axis(n)) is not None]
        return np.shape(arrays[axes[0][0]])[axes[0][1]] if axes else 1

    def time_axis_of(self, output: Array, steps: int) -> int | None:
        """Which axis of an output is that of time: the one that it is in most inputs, if an output
        has as many steps there.
        """
        axes = [axis for n in self.values if (axis := self.time_axis(n)) is not None]
        if not axes:
            return None
        axis = max(axes, key=axes.count)
        return axis if output.ndim > axis and output.shape[axis] == steps else None

    def time_axis(self, name: str) -> int | None:
        """Which axis of an input is that of time."""
        shape = self.values[name].shape
        return shape.index(self.time) if self.time in shape else None

    def allows(self, sizes: Mapping[str, int], arrays: Mapping[str, Any] | None = None) -> bool:
        """Whether `where` holds; without arrays, of sizes alone, whether it can: where it asks for
        arrays that is not known before they are drawn.
        """
        if self.where is None:
            return True
        if arrays is not None:
            return self._holds({**sizes, **arrays})
        missing = [name for name in self._asked if name not in sizes]
        if any(self.values[name].kind != "choice" for name in missing):
            return True
        options = itertools.product(*(self.values[name].options for name in missing))
        return any(self._holds({**sizes, **dict(zip(missing, o, strict=True))}) for o in options)

    def _holds(self, known: Mapping[str, Any]) -> bool:
        assert self.where is not None
        return bool(np.all(self.where(**{name: known[name] for name in self._asked})))

    def draw(self, sizes: Mapping[str, int], dtype: str, seed: int, regime: str) -> dict[str, Any]:
        """The inputs of a case: float64 arrays on the grid of their dtype, integers, options.

        Raises:
            SpecError: `where` holds for none of many draws.
        """
        shapes = self.shapes(sizes)
        for again in range(TRIES):
            arrays = {
                name: on_grid(
                    v,
                    draw(name, v, shapes[name], seed + (again << 32), regime, self.time_axis(name)),
                    dtype,
                )
                for name, v in self.values.items()
            }
            if self.allows(sizes, arrays):
                return arrays
        told = ", ".join(f"{n}={v}" for n, v in sizes.items())
        raise SpecError(
            f"where= of Inputs holds in none of {TRIES} draws with {told} and regime={regime}: "
            "draw such numbers by the ranges of the inputs, or say where of sizes alone."
        )

    def __repr__(self) -> str:
        shapes = ", ".join(f"{n}={' '.join(v.shape)!r}" for n, v in self.values.items())
        return f"Inputs({shapes})"


def _values(name: str, given: Any) -> Values:
    if isinstance(given, Values):
        return given
    if isinstance(given, str):
        return normal(given)
    if given is None or isinstance(given, bool | int | float):
        return choice(given)
    raise SpecError(
        f"the input {name} must be a shape such as 'T B K', one of bc.normal, bc.unit, bc.between, "
        f"bc.integers and bc.choice, or a number, got {given!r}."
    )


def _read_sizes(
    given: Mapping[str, Size], used: Sequence[str]
) -> dict[str, str | range | tuple[int, ...]]:
    """What each size may be, in the order of the arrays."""
    missing = [name for name in used if name not in given]
    if missing:
        raise SpecError(f"sizes of Inputs says nothing of {', '.join(missing)}.")
    sizes = {name: _read_size(name, given[name]) for name in (*used, *given)}
    for name in sizes:
        passed = [name]
        while isinstance(to := sizes[passed[-1]], str):
            if to not in sizes:
                raise UnknownName(f"size that {passed[-1]} equals:", to, sizes)
            if to in passed:
                circle = " = ".join([*passed, to])
                raise SpecError(f"sizes of Inputs equal each other in a circle: {circle}.")
            passed.append(to)
    return sizes


def _read_size(name: str, given: Any) -> str | range | tuple[int, ...]:
    if name in _OTHER_WORDS or not str(name).isidentifier():
        raise SpecError(f"no size can be called {quoted(str(name))}: call it otherwise.")
    if isinstance(given, str):
        return given
    numbers = [*given] if isinstance(given, Iterable) else [given]
    whole = all(isinstance(n, Integral) and not isinstance(n, bool) for n in numbers)
    if not numbers or not whole or min(numbers) < 1:
        raise SpecError(f"the size {name} must be made of whole numbers from 1 on, got {given!r}.")
    numbers = [int(n) for n in numbers]
    if isinstance(given, tuple) and len(numbers) == 2:
        low, high = numbers
        if low > high:
            raise SpecError(f"the size {name} has its lowest number above its highest: {given!r}.")
        return range(low, high + 1)
    return tuple(sorted({*numbers}))


def _drawn_of(numbers: range | tuple[int, ...]) -> tuple[int, ...]:
    """Those of the numbers that a size may be which are drawn."""
    return _from_range(numbers[0], numbers[-1]) if isinstance(numbers, range) else numbers


def _from_range(low: int, high: int) -> tuple[int, ...]:
    """The numbers of a range that are drawn: all of a short one, else the ends, those beside tiles
    and their multiples, and a few in between.
    """
    if high - low < DENSE:
        return tuple(range(low, high + 1))
    beside = {k * tile + n for tile in TILES for k in (1, 2, 3) for n in (-1, 0, 1)}
    some = {low + (high - low) * n // 7 for n in range(8)}
    ends = {low, low + 1, low + 2, high - 1, high}
    return tuple(sorted(n for n in {*beside, *some, *ends} if low <= n <= high))


def _arguments(where: Callable[..., Any], known: Sequence[str]) -> tuple[str, ...]:
    """The names of what a function wants to be given."""
    try:
        parameters = inspect.signature(where).parameters.values()
    except (TypeError, ValueError):
        raise SpecError(f"where of Inputs must be a function, got {where!r}.") from None
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return tuple(known)
    names = tuple(p.name for p in parameters if p.default is p.empty or p.name in known)
    for name in names:
        if name not in known:
            raise UnknownName("size or input that where= takes:", name, known)
    return names
