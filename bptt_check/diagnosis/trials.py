"""What a subject answered on a case, beside the truth; and which cases tell mistakes apart."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..cases.case import Case, Spec, Truncation
from ..cases.design.ordinary import ORDINARY, special_words
from ..cases.model import Sizes, has_gates
from ..cases.result import Differentiator
from ..cases.types import Arrays
from ..conventions import Convention
from ..conventions.expression import declared_by
from ..equations.conditioning import conditioning
from ..equations.exact import exact_gradients, exact_loss
from ..equations.rounding_errors import Conditioning
from ..subjects.calling import call_once
from .matching import NEARLY, RELATIVE, UNITS, Near, near_by_rounding, near_in_norm, same
from .mistakes import textbook
from .mistakes.textbook import ForwardRun, TextbookEdit

Block = tuple[str, int]
"""A gradient by name, and the number of a gate whose rows of it are meant."""

CRAFTED: tuple[tuple[Sizes, Truncation], ...] = (
    (Sizes(T=3, B=2, D=2, H=3, O=3), Truncation(1, 2)),
    (Sizes(T=2, B=1, D=3, H=2, O=3), Truncation(1, 2)),
    (Sizes(T=5, B=3, D=3, H=4, O=2), Truncation(2, 3)),
    (Sizes(T=1, B=3, D=2, H=3, O=2), Truncation(1, 1)),
)
"""Sizes of which no two alike could be exchanged unseen; the truncation where a model has one."""

DRAWN_CASES = 3
"""Failing cases of the run that are asked about besides the crafted ones."""
LONGEST_DRAWN, WIDEST_DRAWN = 12, 17
"""Steps and other sizes above which a drawn case tells no more and takes longer."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One case: what the subject answered, and what is right.

    Args:
        case: that the subject was asked about.
        got_loss: the subject's loss.
        got: its gradients, at least one.
        declared: the convention that the subject was adapted with.
        missing: parameters of which it should have given a gradient, and gave none.
    """

    case: Case
    got_loss: float
    got: Arrays
    declared: Convention = field(default_factory=Convention)
    missing: frozenset[str] = frozenset()

    @functools.cached_property
    def want_loss(self) -> float:
        """The right loss."""
        return exact_loss(self.case)

    @functools.cached_property
    def want(self) -> Arrays:
        """The right gradients, of those that the subject gave."""
        exact = exact_gradients(self.case)
        return {n: exact[n] for n in self.got}

    @functools.cached_property
    def runs(self) -> Sequence[ForwardRun]:
        """The textbook's forward pass; of a model that the textbook knows."""
        return textbook.run_forward(self.case)

    @functools.cached_property
    def unedited(self) -> Arrays:
        """The gradients of the textbook as it stands, which are right to rounding."""
        return textbook.edited_gradients(self.case, self.runs)

    @functools.cached_property
    def by_rounding(self) -> Near:
        """Which entries are as near as rounding takes them; see `matching`."""
        return near_by_rounding(self._rounding)

    @property
    def in_norm(self) -> Near:
        """Which whole gradients are near in norm; see `matching`."""
        return near_in_norm(self.case.dtype, self._lost)

    @property
    def _rounding(self) -> Conditioning:
        return conditioning(self.case, self.case.dtype, keeps_digits=False)

    def _lost(self, name: str) -> float:
        """What rounding makes of a right gradient, relative, in norm."""
        whole = float(np.linalg.norm(self.want[name]))
        error = float(np.linalg.norm(self._rounding.error(name)))
        return error / whole if whole else 0.0

    def has_loss(self, loss: float) -> bool:
        """Whether the subject's loss is this one, within the relative distance of gradients."""
        distance, allowed = abs(self.got_loss - loss), RELATIVE[self.case.dtype]
        if not math.isfinite(loss) or distance > max(NEARLY, allowed) * abs(loss):
            return False
        return distance <= allowed * abs(loss) or distance <= UNITS * self._rounding.loss_error()

    def is_right(self) -> bool:
        """Whether there is nothing to explain."""
        return self.has_loss(self.want_loss) and same(self.got, self.want, self.in_norm)

    def times(self, factor: float, names: Sequence[str] | None = None) -> Arrays:
        """So many times the right gradients: all that were given, or those named."""
        return {n: factor * self.want[n] for n in (names or self.got)}

    @functools.cached_property
    def wrong(self) -> frozenset[Block]:
        """The blocks of the gradients that are wrong."""
        return frozenset(self.blocks) - self.matching(self.got, self.want)

    @functools.cached_property
    def blocks(self) -> dict[Block, slice]:
        """Every gradient that was offered, cut by gates: block to rows."""
        return blocks_by_gate(self.case, self.got)

    def reproduced_by(self, other: Arrays | None) -> frozenset[Block]:
        """The blocks in which the subject's gradient is this one, to rounding.

        Of wrong blocks those where this is not the right gradient too: a match that could not fail
        shows nothing.
        """
        if other is None:
            return frozenset()
        matching = self.matching(self.got, other)
        shown = matching & self.wrong
        return matching - (shown & self.matching(self.want, other)) if shown else matching

    def matching(self, one: Arrays, other: Arrays) -> frozenset[Block]:
        """The blocks in which two gradients are the same, to rounding."""
        near = {n: self.by_rounding(n, one[n], other[n]) for n in self.got}
        return frozenset(b for b, rows in self.blocks.items() if np.all(near[b[0]][rows]))

    def differing(self, other: Arrays) -> frozenset[Block]:
        """The blocks in which gradients of an edited textbook are not those of the unedited."""
        changed = {n: other[n] != self.unedited[n] for n in self.got}
        return frozenset(b for b, rows in self.blocks.items() if np.any(changed[b[0]][rows]))

    def edited(self, changes: Sequence[TextbookEdit]) -> Arrays | None:
        """The gradient of the edited textbook; None if it does not run, or has other shapes."""
        try:
            with np.errstate(all="ignore"):
                return textbook.edited_gradients(self.case, self.runs, changes)
        except Exception:  # an edit makes anything of a line
            return None


def blocks_by_gate(case: Case, names: Iterable[str]) -> dict[Block, slice]:
    """Gradients cut by gates: block to rows."""
    H, gates = case.sizes.H, len(case.model.layout.gates)
    rows_of: dict[Block, slice] = {}
    for name in names:
        cut = gates if has_gates(case.model, name) else 1
        rows = [slice(g * H, (g + 1) * H) for g in range(cut)] if cut > 1 else [slice(None)]
        rows_of.update({(name, g): row for g, row in enumerate(rows)})
    return rows_of


def by_rounding(trial: Trial) -> Near:
    """For gradients of the same computation, but for what is wrong."""
    return trial.by_rounding


def in_norm(trial: Trial) -> Near:
    """For gradients of a computation of its own."""
    return trial.in_norm


def all_reproduced(
    trials: Sequence[Trial],
    candidate_of: Callable[[Trial], Arrays],
    near_of: Callable[[Trial], Near] = in_norm,
) -> bool:
    """Whether candidates are the subject's gradients on every trial, and on one of them are not the
    right ones: a match that could not fail shows nothing.
    """

    def is_candidate(trial: Trial, grads: Arrays) -> bool:
        return same(grads, candidate_of(trial), near_of(trial))

    return all(is_candidate(t, t.got) for t in trials) and any(
        not is_candidate(t, t.want) for t in trials
    )


def norm(grads: Arrays, names: Sequence[str]) -> float:
    """The norm of all entries of some gradients."""
    return math.sqrt(sum(float(np.square(grads[n]).sum()) for n in names))


def trial_of(subject: Differentiator, case: Case, timeout: float | None = None) -> Trial | None:
    """Calls a subject once on a case; None where it gave no gradient that can be read."""
    answer = call_once(subject, case, timeout)
    if answer.result is None or not answer.result.grads:
        return None
    missing = frozenset(b.parameter for b in answer.breaches if b.missing)
    return Trial(case, answer.result.loss, answer.result.grads, declared_by(subject), missing)


class Trials:
    """The trials of a diagnosis: a subject is asked about a spec once, whoever looks at it.

    Args:
        subject: that is diagnosed.
        timeout: seconds for one call of it.
    """

    def __init__(self, subject: Differentiator, timeout: float | None = None) -> None:
        self._subject, self._timeout = subject, timeout
        self._known: dict[Spec, Trial | None] = {}

    def of(self, specs: Sequence[Spec]) -> list[Trial]:
        """The trials of some specs, without those that got no answer that can be read."""
        for spec in specs:
            if spec not in self._known:
                self._known[spec] = self.of_crafted(spec.build())
        return [trial for spec in dict.fromkeys(specs) if (trial := self._known[spec]) is not None]

    def of_crafted(self, case: Case) -> Trial | None:
        """The trial of a case whose arrays no spec has; not remembered, as one search alone asks
        about it.
        """
        return trial_of(self._subject, case, self._timeout)


def telling_specs(failing: Sequence[Spec]) -> list[Spec]:
    """Crafted cases of the model that failed, then some of those that failed in the run."""
    return [*crafted_specs(most_ordinary(failing)), *drawn_specs(failing)]


def most_ordinary(failing: Sequence[Spec]) -> Spec:
    """The first spec that failed, with the most ordinary words that some of them have."""
    words = {n: _ordinary([getattr(s, n) for s in failing], v) for n, v in ORDINARY.items()}
    return replace(failing[0], **words)


def _ordinary(values: Sequence[Any], ordinary: Any) -> Any:
    """The ordinary value where some case has it: others may be all that a subject takes."""
    return ordinary if ordinary in values else values[0]


def crafted_specs(spec: Spec) -> Iterator[Spec]:
    """Small cases like `spec` that tell mistakes apart."""
    for seed, (sizes, truncation) in enumerate(CRAFTED, 1):
        cut = None if spec.truncation is None else truncation
        if spec.regime not in ("sentiment",):
            yield replace(spec, sizes=sizes, truncation=cut, regime="normal", seed=seed)


def drawn_specs(failing: Sequence[Spec]) -> list[Spec]:
    """The failing cases of a run that tell most: ordinary ones first, then the longest of those
    that are not large.
    """

    def rank(spec: Spec) -> tuple[bool, int, int, int]:
        size = spec.sizes
        large = size.T > LONGEST_DRAWN or max(size.B, size.D, size.H, size.O) > WIDEST_DRAWN
        return large, special_words(spec), size.T if large else -size.T, -size.B

    return sorted(failing, key=rank)[:DRAWN_CASES]
