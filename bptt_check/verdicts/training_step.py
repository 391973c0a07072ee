"""What a subject does with its gradients: clipping by norm or by value, and the SGD update.

Optional attributes of a subject, each checked against its definition where it is there:

- `clip(grads, max_norm) -> grads`: all gradients times `min(1, max_norm / norm)`, the norm taken
  over all entries of all gradients given (Pascanu et al. 2013).
- `clip_by_value(grads, limit) -> grads`: every entry into [-limit, limit].
- `update(params, grads, learning_rate) -> params`: `p - learning_rate * g`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cases.case import Case
from ..cases.precision import PRECISIONS
from .difference import Difference
from .verdict import Row, row_of

Array = NDArray[Any]
Arrays = Mapping[str, Array]
DEFINITIONS = {
    "clip": "grads * min(1, max_norm / norm), norm over all entries of all gradients",
    "clip_by_value": "every entry moved into [-limit, limit]",
    "update": "params - learning_rate * grads",
}
LEARNING_RATE = 0.125
UNITS = 32.0
"""Roundings allowed; products and differences round once each, a norm grows with its terms."""


Answer = tuple[str, Any, Arrays]
"""Name of a function, what it answered, what its definition says."""


def ask_training(subject: Callable[..., Any], case: Case, grads: Arrays) -> list[Answer]:
    """Call every function that the subject offers; whatever it raises is raised here."""
    typed = {n: grads[n].astype(case.stored) for n in case.params if n in grads}
    answers = list(_answers(subject, {n: case.params[n] for n in typed}, typed))
    for name, got, _ in answers:
        if not isinstance(got, Mapping):
            raise TypeError(f"{name} must return a dict of arrays, got {type(got).__name__}")
    return answers


def training_rows(answers: list[Answer], dtype: str) -> list[Row]:
    """A row per answer, judged by the definition."""
    return [_row(name, got, want, dtype) for name, got, want in answers]


def _answers(subject: Callable[..., Any], params: Arrays, grads: Arrays) -> Iterator[Answer]:
    """Name, answer and definition of each function, below and above the limit of clipping."""
    norm = math.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in grads.values()))
    largest = max((float(np.abs(g).max()) for g in grads.values()), default=0.0)
    for factor in (0.5, 2.0) if norm else ():
        if callable(clip := getattr(subject, "clip", None)):
            want = {n: g * min(1.0, factor) for n, g in grads.items()}
            yield "clip", clip(_copies(grads), factor * norm), want
        if callable(clip := getattr(subject, "clip_by_value", None)):
            limit = factor * largest
            want = {n: np.clip(g, -limit, limit) for n, g in grads.items()}
            yield "clip_by_value", clip(_copies(grads), limit), want
    if callable(update := getattr(subject, "update", None)):
        want = {n: p - LEARNING_RATE * grads[n] for n, p in params.items()}
        yield "update", update(_copies(params), _copies(grads), LEARNING_RATE), want


def _row(name: str, got: Any, want: Arrays, dtype: str) -> Row:
    """All arrays of one answer as one row, end to end; a missing or mis-shaped one is off."""
    flat_want = _flat([np.asarray(want[n], dtype=np.float64) for n in want])
    flat_got = _flat([_like(got.get(n), want[n]) for n in want])
    size = np.abs(flat_want)
    precision = PRECISIONS[dtype]
    budget = precision.unit * (UNITS * size + size.max(initial=0.0)) + precision.tiniest
    row = row_of(Difference(name, flat_got, flat_want), "definition", budget, dtype)
    return replace(row, reason=_place(row.index[0], want)) if row.verdict == "fail" else row


def _place(position: int, want: Arrays) -> str:
    """The entry at a position of all arrays end to end."""
    names = [
        f"{name}[{', '.join(map(str, index))}]"
        for name, array in want.items()
        for index in np.ndindex(array.shape)
    ]
    return names[position]


def _like(value: Any, want: Array) -> Array:
    array = np.asarray(np.nan if value is None else value, dtype=np.float64)
    return array if array.shape == want.shape else np.full(want.shape, np.inf)


def _flat(arrays: list[Array]) -> Array:
    return np.concatenate([a.reshape(-1) for a in arrays])


def _copies(arrays: Arrays) -> dict[str, Array]:
    return {n: a.copy() for n, a in arrays.items()}
