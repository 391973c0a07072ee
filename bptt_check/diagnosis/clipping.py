"""Is it clipped in the loop? The gradient in which dh is clipped at every step, for the usual
limits.

Clipping at the end keeps a direction or a bound and is told by `signatures`; inside the loop it is
another gradient, which no formula turns back.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.result import Differentiator
from ..equations.exact import exact_gradients
from ..equations.tape import Node, Taped
from .pairs import Pair, close, is_multiple, is_right, norm, pairs_of, ratio, same

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


def clipped_in_loop(subject: Differentiator, cases: Sequence[Case]) -> str:
    """The sentence for a gradient whose dh is clipped at every step; "" if it is none.

    Args:
        subject: has the loss of all cases right and their gradient wrong.
        cases: of one model.
    """
    pairs = pairs_of(subject, cases)
    if not pairs or not all(_may_be(pair) for pair in pairs):
        return ""
    pairs.sort(key=lambda pair: pair.case.sizes.T)  # the shortest refutes as well, and sooner
    states = len(cases[0].model.layout.states)
    for limit, count, whole in itertools.product(LIMITS, range(1, states + 1), (True, False)):
        if all(_is_clipped(pair, _Clipping(limit, count, whole)) for pair in pairs):
            what = "dh and dc are" if count > 1 else "dh is"
            share = "" if whole else ", what comes from the loss of the step excepted"
            return (
                f"{what} clipped to [-{limit:g}, {limit:g}] inside the loop, at every step{share}: "
                "this is the derivative of no loss; clip the whole gradient after the loop"
            )
    return ""


def _may_be(pair: Pair) -> bool:
    """Loss and head are right, since clipping comes after them, but not everything."""
    head = {n: pair.want[n] for n in ("W_hy", "b_y") if n in pair.want}
    return not is_right(pair) and close(pair.got_loss, pair.want_loss, pair) and same(pair, head)


def _is_clipped(pair: Pair, xp: _Clipping) -> bool:
    found = exact_gradients(pair.case, xp)
    return same(pair, {name: found[name] for name in pair.got})


def clipped_at_the_end(pairs: Sequence[Pair]) -> str:
    """Clipping by the global norm (of the parameters, or of everything offered) or by value.

    One case proves no limit: whatever its norm is, it would be the limit.
    """
    if len(pairs) < 2:
        return ""
    for names, what in ((_parameters, "the parameters"), (_all, "all gradients")):
        norms = {_round(norm(p.got, names(p))) for p in pairs}
        shrunk = all(norm(p.got, names(p)) < norm(p.want, names(p)) for p in pairs)
        scaled = all(is_multiple(p, ratio(p, names(p)), names(p)) for p in pairs)
        if len(norms) == 1 and shrunk and scaled:
            return f"this is the gradient clipped to norm {norms.pop():g} over {what}"
    limits = {_round(max(float(np.abs(g).max()) for g in p.got.values())) for p in pairs}
    if len(limits) == 1:
        limit = limits.pop()
        if all(same(p, {n: np.clip(w, -limit, limit) for n, w in p.want.items()}) for p in pairs):
            return f"this is the gradient clipped to values within {limit:g}"
    return ""


def _parameters(pair: Pair) -> list[str]:
    return [n for n in pair.got if n in pair.case.params]


def _all(pair: Pair) -> list[str]:
    return list(pair.got)


def _round(value: float) -> float:
    """Five digits: a limit of clipping is a number that somebody typed."""
    return float(f"{value:.5g}")
