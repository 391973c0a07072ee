"""Logits that are known less well than they lie apart: which output is chosen is up to rounding.

A softmax or a sigmoid of such logits is 0 or 1, a step on the scale of what rounding does to them.
Samples that all lie on one side of it say nothing of the other side.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...cases.types import Array
from ..arithmetics.arithmetic import has_either_sign
from ..network import Problem

DIVERGED = 0.1
"""Distance of pre-activations at which two runs no longer follow each other: slopes differ by
tenths, at every step anew.
"""


def tied_sequences(problem: Problem, logits: Sequence[Array]) -> Array:
    """Which sequences have a loss of logits that may come out either way, (B,).

    Args:
        problem: its loss is cross entropy or bce where there are any.
        logits: samples of those of all steps, [S, T, B, O].
    """
    tied = np.zeros(problem.weights.shape, dtype=bool)
    for z in logits:
        gap = z if problem.model.loss == "bce" else _lead(z)
        either = has_either_sign(gap) & (np.ptp(gap, axis=0) > DIVERGED)
        tied |= either.any(-1) & (problem.weights != 0)
    return np.asarray(tied.any(0))


def _lead(logits: Array) -> Array:
    """How far the class that leads on average is ahead of the next one, [S, B, 1]."""
    leader = logits.mean(0, keepdims=True).argmax(-1)[..., np.newaxis]
    others = np.where(np.arange(logits.shape[-1]) == leader, -np.inf, logits)
    return np.take_along_axis(logits, leader, -1) - others.max(-1, keepdims=True)
