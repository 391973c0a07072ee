"""Calls what a subject does with its gradients: clipping by norm or by value, and the update."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.training import TrainingAnswer
from ..cases.types import Array, Arrays

LEARNING_RATE = 0.125


def call_training_step(
    subject: Callable[..., Any], case: Case, grads: Arrays
) -> list[TrainingAnswer]:
    """Call every function that the subject offers; whatever it raises is raised here."""
    typed = {n: grads[n].astype(case.stored) for n in case.params if n in grads}
    answers = list(_answers(subject, {n: case.params[n] for n in typed}, typed))
    for name, got, _ in answers:
        if not isinstance(got, Mapping):
            raise TypeError(f"{name} must return a dict of arrays, got {type(got).__name__}")
    return answers


def _answers(
    subject: Callable[..., Any], params: Arrays, grads: Arrays
) -> Iterator[TrainingAnswer]:
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


def _copies(arrays: Arrays) -> dict[str, Array]:
    return {n: a.copy() for n, a in arrays.items()}
