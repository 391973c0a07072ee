"""What a subject answered on a handful of cases that tell mistakes apart, beside the truth."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..cases.case import Case, Spec, Truncation
from ..cases.model import Sizes
from ..cases.precision import PRECISIONS
from ..cases.result import Differentiator
from ..cases.types import Array
from ..equations.conditioning import Conditioning, conditioning
from ..subjects.calling import ask
from .mistakes import textbook
from .mistakes.textbook import Change, Run

Grads = Mapping[str, Array]
Block = tuple[str, int]
"""A gradient by name, and the number of a gate whose rows of it are meant."""

CRAFTED: tuple[tuple[Sizes, Truncation], ...] = (
    (Sizes(T=3, B=2, D=2, H=3, O=3), Truncation(1, 2)),
    (Sizes(T=2, B=1, D=3, H=2, O=3), Truncation(1, 2)),
    (Sizes(T=5, B=3, D=3, H=4, O=2), Truncation(2, 3)),
    (Sizes(T=1, B=3, D=2, H=3, O=2), Truncation(1, 1)),
)
"""Sizes of which no two alike could be exchanged unseen; the truncation where a model has one."""

DRAWN = 3
"""Failing cases of the run that are asked about besides the crafted ones."""
LONGEST = 12
"""Steps above which a drawn case tells no more and takes longer."""
UNITS = 64.0
"""A match is one to rounding: twice the budget of a verdict, since two gradients are inexact."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One case: what the subject answered, and what is right."""

    case: Case
    runs: Sequence[Run]
    got: Grads
    want: Grads
    spread: Conditioning

    def allowed(self, name: str, want: Array) -> Array:
        """How far two gradients of this name may differ by rounding."""
        unit = PRECISIONS[self.case.dtype].unit
        floor = 512.0 * unit * float(np.abs(want).max(initial=0.0))
        return UNITS * self.spread.error(name) + floor

    @functools.cached_property
    def wrong(self) -> frozenset[Block]:
        """The blocks of the gradients that are wrong."""
        return frozenset(self.blocks) - self.matching(self.want)

    @functools.cached_property
    def blocks(self) -> dict[Block, slice]:
        """Every gradient that was offered, cut by gates: block to rows."""
        H, gates = self.case.sizes.H, len(self.case.model.layout.gates)
        found: dict[Block, slice] = {}
        for name in self.got:
            cut = gates if "_l" in name else 1
            rows = [slice(g * H, (g + 1) * H) for g in range(cut)] if cut > 1 else [slice(None)]
            found.update({(name, g): row for g, row in enumerate(rows)})
        return found

    def matching(self, other: Grads | None) -> frozenset[Block]:
        """The blocks in which the subject's gradient is this one, to rounding."""
        if other is None:
            return frozenset()
        near = {n: np.abs(g - other[n]) <= self.allowed(n, other[n]) for n, g in self.got.items()}
        return frozenset(b for b, rows in self.blocks.items() if np.all(near[b[0]][rows]))

    def differing(self, other: Grads) -> frozenset[Block]:
        """The blocks in which these gradients are not the right ones."""
        changed = {n: other[n] != self.want[n] for n in self.got}
        return frozenset(b for b, rows in self.blocks.items() if np.any(changed[b[0]][rows]))

    def edited(self, changes: Sequence[Change]) -> Grads | None:
        """The gradient of the edited textbook; None if it does not run, or has other shapes."""
        try:
            with np.errstate(all="ignore"):
                return textbook.gradients(self.case, self.runs, changes)
        except Exception:  # an edit makes anything of a line
            return None


def gather(subject: Differentiator, failing: Sequence[Spec], timeout: float | None) -> list[Trial]:
    """Trials of crafted cases of the model that failed, then of cases that failed in the run."""
    specs = [*crafted(failing[0]), *telling(failing)]
    found = [of(subject, spec.build(), timeout) for spec in dict.fromkeys(specs)]
    return [trial for trial in found if trial is not None]


def crafted(spec: Spec) -> Iterator[Spec]:
    """Small cases like `spec` that tell mistakes apart."""
    for seed, (sizes, truncation) in enumerate(CRAFTED, 1):
        cut = None if spec.truncation is None else truncation
        if spec.regime not in ("sentiment",):
            yield replace(spec, sizes=sizes, truncation=cut, regime="normal", seed=seed)


def telling(failing: Sequence[Spec]) -> list[Spec]:
    """The failing cases of a run that tell most: ordinary numbers first, then the longest."""

    def rank(spec: Spec) -> tuple[bool, bool, int, int]:
        return spec.regime != "normal", spec.sizes.T > LONGEST, -spec.sizes.T, -spec.sizes.B

    return sorted(failing, key=rank)[:DRAWN]


def of(subject: Differentiator, case: Case, timeout: float | None) -> Trial | None:
    """The trial of one case; None where the subject gave no gradient that can be read."""
    answer = ask(subject, case, timeout)
    if answer.result is None or not answer.result.grads:
        return None
    runs = textbook.run(case)
    want = textbook.gradients(case, runs)
    spread = conditioning(case, case.dtype, keeps_digits=False)
    return Trial(case, runs, answer.result.grads, want, spread)
