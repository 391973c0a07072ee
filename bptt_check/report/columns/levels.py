"""Numbers that are only drawn, as text: two characters each.

A number is rounded up to the next of 64 levels in its power of ten, so that what lies above a power
of ten stays above it: an error over budget is over budget when it is read back.
"""

from __future__ import annotations

import functools
import io
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...cases.types import Array
from ...errors import quoted

DIGITS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""Of a number of two digits: the first says which power of ten, the second which level in it."""
SMALLEST, LARGEST = -30, 32
"""The powers of ten of the first digits 1 to 63. What is smaller becomes the first level, what is
larger than the last is infinite.
"""
NAN = 1
"""The place of NaN in the levels, behind that of zero, for which a negative number is taken too."""


@functools.cache
def levels() -> Array:
    """The number of each pair of digits, in their order; NaN where there is none."""
    decade = [float(f"{10 ** (n / len(DIGITS)):.3g}") for n in range(len(DIGITS))]
    # from decimal digits, so that every language reads the same number
    powers = range(SMALLEST, LARGEST + 1)
    found = [float(f"{level}e{power}") for power in powers for level in decade]
    return np.array([0.0, *[np.nan] * (len(DIGITS) - 1), *found[:-1], np.inf])


_PAIRS = np.array(["".join(pair) for pair in itertools.product(DIGITS, repeat=2)], dtype="S2")
_PLACES = np.full(256, -1)
_PLACES[np.frombuffer(DIGITS.encode(), dtype=np.uint8)] = np.arange(len(DIGITS))


def text_of_levels(values: Sequence[Any]) -> Any:
    """A list of numbers as text; a list of lists of them, however deep, as a list of texts."""
    numbers = np.array(_innermost(values), dtype=np.float64)
    first = len(DIGITS)
    places = first + np.searchsorted(levels()[first:], numbers)
    places[np.isnan(numbers)] = NAN
    places[numbers <= 0] = 0
    return _in_texts(values, io.StringIO(_PAIRS[places].tobytes().decode()))


def numbers_of_levels(texts: Any, place: str) -> Any:
    """What `text_of_levels` made of numbers, as numbers.

    Raises:
        ValueError: there is something else than texts of levels. Says in which place.
    """
    text = "".join(_texts(texts, place))
    digits = _PLACES[np.frombuffer(text.encode("latin-1"), dtype=np.uint8)].reshape(-1, 2)
    places = len(DIGITS) * digits[:, 0] + digits[:, 1]
    return _in_lists(texts, iter(levels()[places].tolist()))


def _innermost(values: Sequence[Any]) -> Sequence[Any]:
    while values and isinstance(values[0], list | tuple):
        values = [*itertools.chain.from_iterable(values)]
    return values


def _in_texts(values: Sequence[Any], text: io.StringIO) -> Any:
    if values and isinstance(values[0], list | tuple):
        return [_in_texts(value, text) for value in values]
    return text.read(2 * len(values))


def _texts(texts: Any, place: str) -> Iterator[str]:
    """The texts in lists of lists of them."""
    if isinstance(texts, list):
        for inner in texts:
            yield from _texts(inner, place)
    elif isinstance(texts, str) and len(texts) % 2 == 0 and {*texts} <= {*DIGITS}:
        yield texts
    else:
        raise ValueError(f"{place} has {quoted(texts)}, which is no text of levels")


def _in_lists(texts: Any, numbers: Iterator[float]) -> Any:
    if isinstance(texts, list):
        return [_in_lists(inner, numbers) for inner in texts]
    return [*itertools.islice(numbers, len(texts) // 2)]
