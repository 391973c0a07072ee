"""What a subject does with its gradients: clipping by norm or by value, and the SGD update.

Optional attributes of a subject, each checked against its definition where it is there:

- `clip(grads, max_norm) -> grads`: all gradients times `min(1, max_norm / norm)`, the norm taken
  over all entries of all gradients given (Pascanu et al. 2013).
- `clip_by_value(grads, limit) -> grads`: every entry into [-limit, limit].
- `update(params, grads, learning_rate) -> params`: `p - learning_rate * g`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..cases.precision import PRECISIONS
from ..cases.training import TrainingAnswer
from ..cases.types import Array, Arrays
from .difference import Difference
from .row import Row, row_of
from .verdict import Reason, Verdict

DEFINITIONS = {
    "clip": "grads * min(1, max_norm / norm), norm over all entries of all gradients",
    "clip_by_value": "every entry moved into [-limit, limit]",
    "update": "params - learning_rate * grads",
}
UNITS = 32.0
"""Roundings allowed; products and differences round once each, a norm grows with its terms."""


def training_rows(answers: Iterable[TrainingAnswer], dtype: str) -> list[Row]:
    """A row per answer, judged by the definition."""
    return [_row(name, got, want, dtype) for name, got, want in answers]


def _row(name: str, got: Any, want: Arrays, dtype: str) -> Row:
    """All arrays of one answer as one row, end to end; a missing or mis-shaped one is off."""
    flat_want = _flat([np.asarray(want[n], dtype=np.float64) for n in want])
    flat_got = _flat([_like(got.get(n), want[n]) for n in want])
    size = np.abs(flat_want)
    precision = PRECISIONS[dtype]
    budget = precision.unit * (UNITS * size + size.max(initial=0.0)) + precision.tiniest
    row = row_of(Difference(name, flat_got, flat_want), "definition", budget, dtype)
    if row.verdict != Verdict.FAIL:
        return row
    return row.because(row.verdict, Reason.WORST_ENTRY, _place(row.index[0], want))


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
