"""Calls what a subject does with its gradients: clipping by norm or by value, and the update."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.training import TrainingAnswer
from ..cases.types import Array, Arrays
from ..errors import SubjectFailed, SubjectTimeout
from .isolation.worker_process import Ended
from .remote import RemoteSubject
from .time_limit import time_limit

LEARNING_RATE = 0.125
LOST_CALLS = 2
"""Calls of a function that did not come back, after which it is not called any more: each costs the
whole limit.
"""


class LostCalls:
    """Counts the calls of each function that ran out of time or ended the process."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, name: str) -> None:
        """A call of the function did not come back."""
        self._counts[name] += 1

    @property
    def given_up(self) -> tuple[str, ...]:
        """The functions that are not called any more."""
        return tuple(name for name, count in self._counts.items() if count >= LOST_CALLS)


@dataclass(frozen=True)
class TrainingCalls:
    """How the functions of a training step are called.

    Args:
        subject: whose they are.
        timeout: seconds for one call; a subject in another process has a limit of its own.
        lost: what happened to earlier calls; is added to.
    """

    subject: Callable[..., Any]
    timeout: float | None = None
    lost: LostCalls = field(default_factory=LostCalls)

    def offers(self, name: str) -> bool:
        """Whether there is such a function, and it is still called."""
        return callable(getattr(self.subject, name, None)) and name not in self.lost.given_up

    def answer(self, name: str, *arguments: Any) -> Any:
        """What the function returns; whatever it raises is raised here.

        Raises:
            SubjectFailed: it did not come back; the text names it.
        """
        limit = None if isinstance(self.subject, RemoteSubject) else self.timeout
        try:
            with time_limit(limit):
                return getattr(self.subject, name)(*arguments)
        except (SubjectTimeout, Ended) as end:
            self.lost.add(name)
            raise SubjectFailed(f"offers {name}, which {end}") from end


def call_training_step(calls: TrainingCalls, case: Case, grads: Arrays) -> list[TrainingAnswer]:
    """Call every function that the subject offers; whatever it raises is raised here."""
    typed = {n: grads[n].astype(case.stored) for n in case.params if n in grads}
    answers = list(_answers(calls, {n: case.params[n] for n in typed}, typed))
    for name, got, _ in answers:
        if not isinstance(got, Mapping):
            raise TypeError(f"{name} must return a dict of arrays, got {type(got).__name__}")
    return answers


def _answers(calls: TrainingCalls, params: Arrays, grads: Arrays) -> Iterator[TrainingAnswer]:
    """Name, answer and definition of each function, below and above the limit of clipping."""
    norm = math.sqrt(sum(float(np.square(g, dtype=np.float64).sum()) for g in grads.values()))
    largest = max((float(np.abs(g).max()) for g in grads.values()), default=0.0)
    for factor in (0.5, 2.0) if norm else ():
        if calls.offers("clip"):
            want = {n: g * min(1.0, factor) for n, g in grads.items()}
            yield "clip", calls.answer("clip", _copies(grads), factor * norm), want
        if calls.offers("clip_by_value"):
            limit = factor * largest
            want = {n: np.clip(g, -limit, limit) for n, g in grads.items()}
            yield "clip_by_value", calls.answer("clip_by_value", _copies(grads), limit), want
    if calls.offers("update"):
        want = {n: p - LEARNING_RATE * grads[n] for n, p in params.items()}
        yield "update", calls.answer("update", _copies(params), _copies(grads), LEARNING_RATE), want


def _copies(arrays: Arrays) -> dict[str, Array]:
    return {n: a.copy() for n, a in arrays.items()}
