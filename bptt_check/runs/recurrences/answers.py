"""How many answers a kernel gives to one case, and where they differ: what a race leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.types import Array

CALLS = 16
"""How often it is asked: a race that shows in one call of four is missed with one in a hundred."""


class DifferingEntries(NamedTuple):
    """Entries of an output or a gradient that are not the same in all answers.

    Args:
        name: of the output or gradient.
        entries: their number.
        of: how many entries it has.
        first: index of the first of them.
    """

    name: str
    entries: int
    of: int
    first: tuple[int, ...]


class Answers(NamedTuple):
    """What several calls on one case gave.

    Args:
        calls: their number.
        distinct: how many different answers there were.
        places: where they differ.
    """

    calls: int
    distinct: int
    places: tuple[DifferingEntries, ...]


def answers_to(subject: Callable[..., Any], case: RecurrenceCase) -> Answers | None:
    """The answers of a subject that is asked many times; None where it does not answer, or always
    the same.
    """
    try:
        with np.errstate(all="ignore"):
            results = [subject(case.in_own_memory()) for _ in range(CALLS)]
            named = [{**(r.outputs or {}), **r.grads} for r in results]
            kept = [{n: np.array(a) for n, a in arrays.items()} for arrays in named]
    except Exception:  # what it raises now is no answer, and told where it was asked first
        return None
    distinct = len({tuple((n, a.tobytes()) for n, a in arrays.items()) for arrays in kept})
    return Answers(CALLS, distinct, tuple(_places(kept))) if distinct > 1 else None


def _places(answers: list[dict[str, Array]]) -> Iterator[DifferingEntries]:
    for name, first in answers[0].items():
        others = [a.get(name) for a in answers[1:]]
        same = np.ones(first.shape, dtype=bool)
        for other in others:
            if other is None or other.shape != first.shape:
                return
            same &= (other == first) | (np.isnan(other) & np.isnan(first))
        if not same.all():
            index = tuple(int(n) for n in np.argwhere(~same)[0])
            yield DifferingEntries(name, int((~same).sum()), same.size, index)


def answers_text(answers: Answers) -> str:
    """The answers in words."""
    where = "; ".join(
        f"{p.name} in {p.entries:,} of {p.of:,} entries, the first at {[*p.first]}"
        for p in answers.places
    )
    return f"{answers.calls} calls on the same case gave {answers.distinct} answers: {where}"
