"""Kinks of relu: how far the choice of the slopes there moves the gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...cases.directions import is_per_sequence
from ...cases.types import Array
from ..arithmetics.arithmetic import Kinks
from ..arithmetics.rounding import KinkSlopes, deviation
from ..exact import sweep
from ..network import Problem

MORE = 4
"""So many times the samples where they cannot have all combinations of slopes."""


def width_at_kinks(problem: Problem, kinks: Sequence[Kinks], samples: int) -> dict[str, Array]:
    """How far apart the gradients of one problem are over the subdifferential.

    Where rounding decides at n kinks, each for itself, few samples meet the two of 2^n choices that
    are farthest apart. If the sides of the kinks move an entry by d_1, ..., d_n it scatters by
    sqrt(sum d_i^2) / 2, and no two choices are farther apart than sum |d_i|, which is 2 sqrt(n) of
    that at most.

    Args:
        problem: the problem.
        kinks: of each relu, in the order of the forward pass.
        samples: how many, at least.
    """
    crossings = sum(_by_sequence(k.crossed) for k in kinks)
    slopes = KinkSlopes(samples, kinks)
    if not slopes.few:
        slopes = KinkSlopes(MORE * samples, kinks)
    # of a state that entered a window any sample will do: the slopes differ, not the values
    swept = sweep(problem.of_one_sample, arithmetic=slopes)
    roots = np.sqrt(crossings)[:, np.newaxis], np.sqrt(np.sum(crossings))
    if slopes.few:
        return {n: np.ptp(bar, axis=0) for n, bar in swept.bars.items()}
    return {n: _width(bar, roots[not is_per_sequence(n)]) for n, bar in swept.bars.items()}


def _by_sequence(mask: Array) -> Array:
    """How many entries [..., B, H] are true in each sequence, (B,)."""
    return mask.sum(-1).reshape(-1, mask.shape[-2]).sum(0)


def _width(bar: Array, root: Array) -> Array:
    """The range of the samples, or what the scatter of those that flip half of the slopes says of
    all choices, given sqrt(n).
    """
    reach, of_half = np.ptp(bar, axis=0), deviation(bar[len(bar) // 2 :])
    return np.where(reach > 0, np.maximum(reach, 2.0 * root * of_half), 0.0)
