"""A case with the truth and what rounding allows of it, so that an edit is judged quickly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...cases.case import Case, Spec
from ...cases.model import Sizes, Truncation
from ...cases.result import Result
from ...cases.types import Array
from ...equations.conditioning import conditioning
from ...equations.exact import exact_gradients, exact_loss
from ..matching import UNITS, allowed_by_rounding
from ..trials import Block, blocks_by_gate, most_ordinary

LOSS, ANSWER = "loss", "answer"
"""The names of the blocks that are the loss, and that there is an answer at all, of finite numbers:
with another fault left, that may be all that an edit has made right.
"""
ROOM = 1e-9
"""Relative error of a loss that is right, beside what rounding explains."""

CASES: tuple[tuple[Sizes, Truncation], ...] = (
    (Sizes(T=3, B=2, D=4, H=5, O=6), Truncation(1, 2)),
    (Sizes(T=1, B=2, D=3, H=4, O=2), Truncation(1, 1)),
    (Sizes(T=2, B=3, D=3, H=2, O=4), Truncation(1, 1)),
    (Sizes(T=4, B=1, D=2, H=3, O=3), Truncation(2, 3)),
    (Sizes(T=5, B=3, D=2, H=3, O=2), Truncation(2, 3)),
)
"""Sizes of which no two alike could be exchanged unseen; the truncation where a model has one."""
DRAWN = 3
"""Failing cases of a run that are judged besides."""


@dataclass(frozen=True, eq=False)
class JudgedCase:
    """A case and what is right.

    Args:
        case: the case.
        blocks: what is judged, the loss first, that there is an answer last; `rows` are the rows of
            those between.
        want: name to the right gradient.
        allowed: name to how far each entry may be from it.
        loss, allowed_loss: the same of the loss.
    """

    case: Case
    blocks: tuple[Block, ...]
    rows: tuple[slice, ...]
    want: dict[str, Array]
    allowed: dict[str, Array]
    loss: float
    allowed_loss: float

    def right(self, result: Result | None) -> list[int]:
        """The places of the blocks that an answer has right; none of no answer."""
        if result is None:
            return []
        near: dict[str, Array] = {}
        for name, want in self.want.items():
            got = result.grads.get(name)
            if got is not None and got.shape == want.shape:
                with np.errstate(all="ignore"):
                    near[name] = np.abs(got - want) <= self.allowed[name]  # false of what is NaN
        found = [0] if abs(result.loss - self.loss) <= self.allowed_loss else []
        for place, ((name, _), rows) in self._gradients():
            if name in near and near[name][rows].all():
                found.append(place)
        if np.isfinite(result.loss) and all(np.isfinite(g).all() for g in result.grads.values()):
            found.append(len(self.blocks) - 1)
        return found

    def _gradients(self) -> Iterator[tuple[int, tuple[Block, slice]]]:
        """The places of the blocks that are rows of gradients, with these."""
        return enumerate(zip(self.blocks[1:-1], self.rows, strict=True), 1)

    def changed(self, result: Result, before: Result) -> list[int]:
        """The places of the blocks in which two answers are not the same."""
        found = [0] if result.loss != before.loss else []
        for place, ((name, _), rows) in self._gradients():
            got, other = result.grads.get(name), before.grads.get(name)
            if got is None or other is None or not np.array_equal(got[rows], other[rows]):
                found.append(place)
        return found


def judged(case: Case, names: Iterable[str]) -> JudgedCase:
    """The case with the truth of some gradients."""
    spread, exact = conditioning(case, case.dtype, keeps_digits=False), exact_gradients(case)
    want = {n: exact[n] for n in names if n in exact}
    rows = blocks_by_gate(case, want)
    loss = exact_loss(case)
    return JudgedCase(
        case,
        ((LOSS, 0), *rows, (ANSWER, 0)),
        tuple(rows.values()),
        want,
        {n: allowed_by_rounding(spread, n, a) for n, a in want.items()},
        loss,
        UNITS * spread.loss_error() + ROOM * abs(loss),
    )


def specs_to_judge(failing: Iterable[Spec]) -> list[Spec]:
    """A handful of small specs of the model that failed, crafted ones first.

    Args:
        failing: at least one spec, all of one model.
    """
    known = list(failing)
    like = most_ordinary(known)
    small = sorted(known, key=_cost)[:DRAWN]
    return list(dict.fromkeys((*_crafted(like), *small)))


def _crafted(like: Spec) -> Iterator[Spec]:
    """Small specs like one; with its own number of sequences and inputs too, which may be all that
    a subject takes.
    """
    kept = {} if like.regime in ("one_hot", "sentiment") else {"regime": "normal"}
    for seed, (sizes, truncation) in enumerate(CASES, 1):
        cut = None if like.truncation is None else truncation
        yield replace(like, sizes=sizes, truncation=cut, seed=seed, **kept)
        if like.sizes.B == 1 and sizes.B != 1:
            single = replace(sizes, B=1)
            yield replace(like, sizes=single, truncation=cut, seed=seed, **kept)


def _cost(spec: Spec) -> int:
    size = spec.sizes
    return size.T * size.B * (size.D + size.H + size.O)
