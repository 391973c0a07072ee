"""Is the parameter itself added to its gradient? Names the rate, and whether the loss has it too.

`grad += rate * param` is the derivative of `rate / 2 * sum(param**2)`: weight decay, which is no
part of the loss of a model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...cases.types import Arrays
from ..facts import WeightDecay
from ..matching import same
from ..trials import Trial, all_reproduced, by_rounding

DIGITS = (1, 2, 3, 4)
"""A rate is a number that somebody typed: the first of so many digits that explains everything."""


def which_decay(trials: Sequence[Trial]) -> WeightDecay | None:
    """The rate, where weight decay explains all wrong gradients on all of the cases."""
    names = _wrong_names(trials)
    if not names or not all(name in trials[0].case.params for name in names):
        return None
    measured = _rate(trials[0], names)
    if not np.isfinite(measured) or measured == 0:
        return None
    for rate in dict.fromkeys(float(f"{measured:.{digits}g}") for digits in DIGITS):

        def decayed(trial: Trial, rate: float = rate) -> Arrays:
            return {n: trial.want[n] + rate * trial.case.params[n] for n in names}

        if all_reproduced(trials, decayed, by_rounding):
            return _with_loss(trials, rate, names)
    return None


def _wrong_names(trials: Sequence[Trial]) -> tuple[str, ...]:
    """The gradients that are wrong on some case."""
    return tuple(
        name
        for name in (trials[0].got if trials else ())
        if not all(same(t.got, {name: t.want[name]}, t.by_rounding) for t in trials)
    )


def _rate(trial: Trial, names: Sequence[str]) -> float:
    """How many times the parameters the gradients are too large, by least squares."""
    params = np.concatenate([trial.case.params[n].ravel() for n in names]).astype(np.float64)
    excess = np.concatenate([(trial.got[n] - trial.want[n]).ravel() for n in names])
    square = float(params @ params)
    return float(params @ excess) / square if square else 0.0


def _with_loss(trials: Sequence[Trial], rate: float, names: tuple[str, ...]) -> WeightDecay | None:
    """The decay, if the loss is right, or right with the squares of the same parameters."""
    if all(trial.has_loss(trial.want_loss) for trial in trials):
        return WeightDecay(rate, names, in_loss=False)
    for trial in trials:
        params = (trial.case.params[n].astype(np.float64) for n in names)
        squares = sum(float((p * p).sum()) for p in params)
        if not trial.has_loss(trial.want_loss + rate / 2 * squares):
            return None
    return WeightDecay(rate, names, in_loss=True)
