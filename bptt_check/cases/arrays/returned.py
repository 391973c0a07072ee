"""What a subject returned, taken off its objects once: each of their methods may raise or never
end. What lies here afterwards is plain texts, dicts and arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np

from ...errors import clean, quoted, text_of, why
from ..result import Result
from ..types import Array

MOST_NAMES = 100_000
"""Names that a dict of gradients or outputs has; what gives more may go on for ever."""
MOST_NUMBERS = 2**26
"""Numbers in all outputs together."""


PLAIN = (np.ndarray, float, np.float64, np.float32, dict)
"""Types of which no object raises: what raises over one is the process, which is damaged."""


class Unreadable(Exception):
    """The text says what is wrong with what came."""


def pair_of(returned: Any) -> Result:
    """Loss and gradients, as they came.

    Raises:
        Unreadable: it is no pair.
    """
    if issubclass(type(returned), Result):
        return returned
    is_tuple = issubclass(type(returned), tuple)
    if is_tuple and tuple.__len__(returned) == 2:
        return Result(*tuple.__iter__(returned))
    what = f"a tuple of {tuple.__len__(returned)}" if is_tuple else type(returned).__name__
    raise Unreadable(f"a subject must return (loss, grads) or bptt_check.Result, got {clean(what)}")


def dict_of(value: Any, what: str) -> dict[str, Any]:
    """A foreign mapping by the texts of its keys.

    Raises:
        Unreadable: it is no mapping, has names without end, or raised.
    """
    try:
        if not isinstance(value, Mapping):
            raise Unreadable(f"the {what} must be a dict, got {clean(type(value).__name__)}")
        foreign: Iterable[Any] = value  # pyright: ignore[reportUnknownVariableType]
        names = [*islice(foreign, MOST_NAMES + 1)]
        if len(names) > MOST_NAMES:
            raise Unreadable(f"the {what} have more than {MOST_NAMES:,} names")
        return {_key(name): value[name] for name in names}
    except Unreadable:
        raise
    except Exception as error:
        if type(value) in PLAIN:
            raise
        raise Unreadable(f"the {what} cannot be read: {why(error)}") from None


def _key(name: Any) -> str:
    """A name as a text; what is none says of which type it is, and is nobody's name."""
    text = text_of(name)
    return text if issubclass(type(name), str) else f"{text} ({type(name).__name__})"


def outputs_of(value: Any) -> dict[str, Array] | None:
    """The forward values that were offered, of at most `MOST_NUMBERS`; None if there are none.

    Raises:
        Unreadable: they are no arrays of numbers.
    """
    if value is None:
        return None
    arrays = {clean(name): _numbers(name, a) for name, a in dict_of(value, "outputs").items()}
    size = sum(array.size for array in arrays.values())
    if size > MOST_NUMBERS:
        raise Unreadable(f"the outputs hold {size:,} numbers; at most {MOST_NUMBERS:,} are read")
    return arrays


def _numbers(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except Exception as error:
        if type(value) in PLAIN:
            raise
        raise Unreadable(f"the output {quoted(name)} cannot be read: {why(error)}") from None
    if array.dtype.kind not in "fiub":
        raise Unreadable(f"the output {quoted(name)} has dtype {array.dtype}, which is no number's")
    return array
