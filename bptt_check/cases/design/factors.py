"""The documented factors: what about a case may make a wrong gradient show, and its values.

A case has one level of every factor that applies to it; the design covers every two levels, and a
report counts them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .recipe import Recipe

LONGEST = 300
"""Steps of the longest sequences."""
WIDEST = 129
"""The largest B, D, H and O."""
TILES = (8, 16, 32, 64)
"""Sizes of the tiles, blocks, warps and chunks in which kernels cut time."""


@dataclass(frozen=True)
class Factor:
    """One property of a case.

    Args:
        name: for readers.
        levels: its values, for readers.
        reads: the fields of a recipe that decide.
        level: the index of the level of a recipe.
        equal_from: for a factor that says whether the sizes that it reads are equal, the least of
            which that counts. Its `level` takes a recipe whose sizes are columns, too.
    """

    name: str
    levels: tuple[str, ...]
    reads: tuple[str, ...]
    level: Callable[[Recipe], int]
    equal_from: int | None = None


STEPS = ("1", "2", "3", "4 to 9", "10 to 99", "100 or more")
WIDTHS = ("1", "2 to 6", "7 to 9", "15 to 17", "31 to 33", "63 to 65", "127 to 129", "others")
REMAINDERS = ("0", "1", "-1", "others")
BESIDE = ("below 7", "2^k - 1", "2^k", "2^k + 1", "others")
BLOCKS = (
    "k1 = 1 < T",
    "1 < k1 < T, k1 divides T",
    "1 < k1 < T, last block short",
    "k1 >= T",
)
NO_YES = ("no", "yes")
REACH = ("k2 >= T", "k2 < k1", "k2 = k1", "k1 < k2 < T")


def _steps(T: int) -> int:
    """The class of a number of steps."""
    return T - 1 if T <= 3 else 3 if T < 10 else 4 if T < 100 else 5


def _width(size: int) -> int:
    """The class of B, D, H or O."""
    if size <= 6:
        return int(size > 1)
    for level, power in enumerate((8, 16, 32, 64, 128), start=2):
        if abs(size - power) <= 1:
            return level
    return 7


def _remainder(number: int, divisor: int) -> int:
    """The class of what remains of a division."""
    left = number % divisor
    return 0 if left == 0 else 1 if left == 1 else 2 if left == divisor - 1 else 3


def _beside(size: int) -> int:
    """Where a size lies relative to a power of two."""
    if size < 7:
        return 0
    for level, power in ((1, size + 1), (2, size), (3, size - 1)):
        if power & (power - 1) == 0:
            return level
    return 4


def _blocks(recipe: Recipe) -> int:
    k1, _ = _cut(recipe)
    if k1 >= recipe.T:
        return 3
    return 0 if k1 == 1 else 1 if recipe.T % k1 == 0 else 2


def _reach(recipe: Recipe) -> int:
    k1, k2 = _cut(recipe)
    if k2 >= recipe.T:
        return 0
    return 1 if k2 < k1 else 2 if k2 == k1 else 3


def _cut(recipe: Recipe) -> tuple[int, int]:
    assert recipe.cut is not None  # these factors are of truncated targets
    return recipe.cut


def _choice(field: str, values: Sequence[object], words: Mapping[object, str]) -> Factor:
    """A factor whose levels are the values of a field, in words where there are some."""
    index = {value: n for n, value in enumerate(values)}
    shown = tuple(words.get(value, str(value)) for value in values)
    # only what is alike is expanded, so that not every layout goes with all inputs
    reads = ("layout", "inputs") if field == "layout" else (field,)
    return Factor(field.replace("_", " "), shown, reads, lambda r: index[getattr(r, field)])


def size_factors(names: Sequence[str]) -> list[Factor]:
    """The factors of the named sizes, and which of them are equal."""
    factors = [Factor("T", STEPS, ("T",), lambda r: _steps(r.T))]
    factors += [
        Factor(f"T mod {n}", REMAINDERS, ("T",), lambda r, n=n: _remainder(r.T, n)) for n in TILES
    ]
    for name in names[1:]:
        factors.append(Factor(name, WIDTHS, (name,), lambda r, n=name: _width(getattr(r, n))))
        beside = f"{name} beside 2^k"
        factors.append(Factor(beside, BESIDE, (name,), lambda r, n=name: _beside(getattr(r, n))))
    factors += [
        Factor(
            f"{a} = {b}",
            NO_YES,
            (a, b),
            lambda r, a=a, b=b: (getattr(r, a) == getattr(r, b)) * 1,
            equal_from=1,
        )
        for a, b in itertools.combinations(names, 2)
    ]
    factors.append(
        Factor(
            "T = B = H > 1",
            NO_YES,
            ("T", "B", "H"),
            lambda r: (r.T == r.B) * (r.B == r.H) * (r.H > 1),
            equal_from=2,
        )
    )
    return factors


def truncation_factors() -> list[Factor]:
    """The factors of a truncation."""
    return [
        Factor("k1 against T", BLOCKS, ("T", "cut"), _blocks),
        Factor("k2 against k1 and T", REACH, ("T", "cut"), _reach),
        Factor("T mod k1", REMAINDERS, ("T", "cut"), lambda r: _remainder(r.T, _cut(r)[0])),
    ]


def choice_factors(choices: dict[str, Sequence[object]]) -> list[Factor]:
    """The factors of fields that hold one of a few values; a field with one value is none."""
    return [
        _choice(field, values, LENGTHS if field == "lengths" else {})
        for field, values in choices.items()
        if len(values) > 1
    ]


LENGTHS: dict[object, str] = {True: "drawn", "full": "all T", "one": "one is 1"}
"""Kind of lengths to what it means."""
