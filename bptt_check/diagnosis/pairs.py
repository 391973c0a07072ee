"""A subject's gradients beside the exact ones, and when the two are the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..cases.case import Case
from ..cases.result import Differentiator
from ..cases.types import Array
from ..equations.exact import exact_gradients, exact_loss
from ..subjects.calling import ask

TOLERANCE = {"float64": 1e-9, "float32": 1e-3, "bfloat16": 5e-2, "float16": 5e-2}
"""Relative distance, in norm, of what counts as the same vector: far above rounding in all regimes
drawn, far below the distance of any two conventions."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Loss and gradients of a case, as they came and as they should be."""

    case: Case
    got_loss: float
    want_loss: float
    got: Grads
    want: Grads


def pairs_of(subject: Differentiator, cases: Sequence[Case]) -> list[Pair]:
    """What came and what should have come; empty if a case got no answer at all."""
    found = [pair for case in cases for pair in _pair(subject, case)]
    return found if len(found) == len(cases) else []


def is_right(pair: Pair) -> bool:
    """Whether there is nothing to explain."""
    return close(pair.got_loss, pair.want_loss, pair) and same(pair, pair.want)


def _pair(subject: Differentiator, case: Case) -> list[Pair]:
    answer = ask(subject, case)
    if answer.result is None or not answer.result.grads:
        return []
    want = exact_gradients(case)
    offered = {n: want[n] for n in answer.result.grads}
    return [Pair(case, answer.result.loss, exact_loss(case), answer.result.grads, offered)]


def same(pair: Pair, want: Grads) -> bool:
    """Whether the gradients are those wanted, each within the tolerance of its own norm."""
    allowed = TOLERANCE[pair.case.dtype]
    return all(
        float(np.linalg.norm(pair.got[n] - w)) <= allowed * float(np.linalg.norm(w))
        for n, w in want.items()
    )


def close(got: float, want: float, pair: Pair) -> bool:
    """Whether two losses are the same within the tolerance."""
    return abs(got - want) <= TOLERANCE[pair.case.dtype] * abs(want)


Grads = Mapping[str, Array]


def ratio(pair: Pair, names: Sequence[str]) -> float:
    """The norm of some gradients over what it should be."""
    whole = norm(pair.want, names)
    return norm(pair.got, names) / whole if whole else 1.0


def is_multiple(pair: Pair, factor: float, names: Sequence[str] | None = None) -> bool:
    """Whether gradients (all of them, or those named) are so many times the right ones."""
    return same(pair, {n: factor * pair.want[n] for n in (names or pair.got)})


def norm(grads: Grads, names: Sequence[str]) -> float:
    """The norm of all entries of some gradients."""
    return math.sqrt(sum(float(np.square(grads[n]).sum()) for n in names))
