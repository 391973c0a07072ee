"""Is it clipped? Names the limit, and whether clipping is done after the loop over time or in it.

After the loop the whole gradient keeps its direction, or a bound. In the loop dh is clipped at
every step, which gives another gradient, that no formula turns back: it is computed for the usual
limits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...cases.model import HEAD
from ...cases.types import Arrays
from ...equations.exact import exact_gradients
from ...equations.namespaces.taped import Taped
from ...equations.tape import Node
from ..facts import ClippedInLoop, ClippedToNorm, ClippedToValues
from ..matching import same
from ..trials import Trial, all_reproduced, norm

LIMITS = (5.0, 1.0, 10.0, 0.1, 0.5, 2.0, 15.0, 50.0, 100.0, 0.01)
"""What people clip to, the commonest first."""


class _Clipping(Taped):
    """The namespace in which gradients of states are clipped on their way back.

    `whole` clips all of dh_t, the loss's share included; otherwise only what comes from step t+1.
    `count` states are clipped: h, or h and c.
    """

    def __init__(self, limit: float, count: int, whole: bool) -> None:
        self.limit, self.count, self.whole = limit, count, whole

    def scan(self, step: Callable[..., Any], state: Any, *sequences: Any) -> tuple[Any, list[Any]]:
        state = state if self.whole else self._clipped(state)
        states: list[Any] = []
        for inputs in zip(*sequences, strict=True):
            state = step(state, *inputs)
            carried = self._clipped(state)
            states.append(carried if self.whole else state)
            state = carried
        return states[-1], states

    def _clipped(self, state: tuple[Node, ...]) -> tuple[Node, ...]:
        def clip(bar: Any) -> Any:
            return np.clip(bar, -self.limit, self.limit)

        clipped = [node.derived(node.value, (node, clip)) for node in state[: self.count]]
        return (*clipped, *state[self.count :])


def clipped_after_loop(trials: Sequence[Trial]) -> ClippedToNorm | ClippedToValues | None:
    """A gradient clipped as a whole: by the norm of the parameters, or of everything, or by value.

    One case proves no limit: whatever its norm is, it would be the limit.
    """
    if len(trials) < 2:
        return None
    return _clipped_to_norm(trials) or _clipped_to_values(trials)


def _clipped_to_norm(trials: Sequence[Trial]) -> ClippedToNorm | None:
    """Every gradient has its direction, and their norm together is one number."""
    for names_of in (_parameters, _everything):
        named = [(trial, names_of(trial)) for trial in trials]
        norms = {_rounded(norm(trial.got, names)) for trial, names in named}
        shrunk = all(0 < norm(trial.got, names) < norm(trial.want, names) for trial, names in named)
        scaled = shrunk and all_reproduced(
            trials, lambda trial, n=names_of: trial.times(_ratio(trial, n(trial)), n(trial))
        )
        if len(norms) == 1 and scaled:
            return ClippedToNorm(norms.pop(), parameters_only=names_of is _parameters)
    return None


def _clipped_to_values(trials: Sequence[Trial]) -> ClippedToValues | None:
    """Every entry lies within one number, and is right where it does not reach it."""
    limits = {_rounded(max(float(np.abs(g).max()) for g in t.got.values())) for t in trials}
    limit = limits.pop()
    if limits or not 0 < limit < np.inf:
        return None

    def clipped(trial: Trial) -> Arrays:
        return {n: np.clip(w, -limit, limit) for n, w in trial.want.items()}

    return ClippedToValues(limit) if all_reproduced(trials, clipped) else None


def _ratio(trial: Trial, names: Sequence[str]) -> float:
    """The norm of some gradients over what it should be."""
    whole = norm(trial.want, names)
    return norm(trial.got, names) / whole if whole else 1.0


def _parameters(trial: Trial) -> list[str]:
    return [n for n in trial.got if n in trial.case.params]


def _everything(trial: Trial) -> list[str]:
    return list(trial.got)


def _rounded(value: float) -> float:
    """Five digits: a limit of clipping is a number that somebody typed."""
    return float(f"{value:.5g}")


def clipped_in_loop(trials: Sequence[Trial]) -> ClippedInLoop | None:
    """A gradient whose dh is clipped at every step, and to what; None if it is none.

    Args:
        trials: of one model.
    """
    if not trials or not all(_may_be(trial) for trial in trials):
        return None
    shortest = sorted(trials, key=lambda t: t.case.sizes.T)  # refute as well, and sooner
    states = len(trials[0].case.model.layout.states)
    for limit, count, whole in itertools.product(LIMITS, range(1, states + 1), (True, False)):
        xp = _Clipping(limit, count, whole)
        if all_reproduced(shortest, lambda trial, xp=xp: exact_gradients(trial.case, xp)):
            return ClippedInLoop(limit, count, whole)
    return None


def _may_be(trial: Trial) -> bool:
    """Loss and head are right, since clipping comes after them, but not everything."""
    head = {n: trial.want[n] for n in HEAD if n in trial.want}
    head_right = not head or same(trial.got, head, trial.in_norm)
    return head_right and trial.has_loss(trial.want_loss) and not trial.is_right()
