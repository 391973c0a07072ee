"""Finds the edits of the textbook whose gradients are exactly the subject's.

Single edits first. Where none explains everything, several at a time: gradients are cut by gates,
and cases of one step, in which mistakes of different gates cannot meet, come first; what explains
most of these is then extended by what is wrong between the steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..cases.types import Arrays
from .mistakes.dictionary import Entry, entries
from .mistakes.textbook import Place, TextbookEdit, functions_of
from .trials import Block, Trial

BASES = 2
"""Partial explanations that are extended by another edit."""
MISTAKES = 3
"""At most so many at a time."""


Choices = dict[Entry, frozenset[Block]]
"""Edits, and which blocks of the gradient each of them changes."""


@dataclass(frozen=True)
class Explanation:
    """Edits that reproduce gradients of the subject, on every failing case.

    Args:
        edits: made together.
        explained: what is wrong somewhere, and reproduced everywhere.
        left: what is not reproduced somewhere.
        alternatives: of a single edit, others that reproduce the very same.
    """

    edits: tuple[Entry, ...] = ()
    explained: frozenset[Block] = frozenset()
    left: frozenset[Block] = frozenset()
    alternatives: tuple[Entry, ...] = field(default=())

    @property
    def changes(self) -> list[TextbookEdit]:
        """What is changed in the textbook."""
        return [e.change for e in self.edits]


def best_single_edit(trials: Sequence[Trial]) -> Explanation | None:
    """The single edit that reproduces every gradient, with those that do the same.

    Args:
        trials: cases on which some gradient is wrong.
    """
    cheapest = sorted(trials, key=lambda t: t.case.sizes.T * t.case.sizes.B)
    for place in _places(trials):
        candidates = edits_at(trials[0], place)
        fitting = [e for e in candidates if not try_edits(cheapest, (e,), True).left]
        if fitting:
            return replace(try_edits(trials, fitting[:1]), alternatives=tuple(fitting[1:]))
    return None


def best_combination(trials: Sequence[Trial]) -> Explanation | None:
    """The edits that together reproduce as much as possible; None if that is no whole gradient."""
    choices = _distinct_edits(trials)
    short = [e for e in trials if e.case.sizes.T == 1]
    widened = _with_more_edits(trials, [Explanation()], choices, bases=1)
    if widened[0].left and short:
        begun = _with_more_edits(short, [Explanation()], choices, BASES)
        widened = [*widened, *_with_more_edits(trials, begun, choices, BASES)]
    best = min(widened, key=lambda e: len(e.left))
    names = fully_explained(best.explained, best.left)
    # many an edit makes a gradient zero: one that is shows none of them
    telling = any(trial.got[name].any() for trial in trials for name in names)
    return best if best.edits and telling else None


def fully_explained(explained: frozenset[Block], left: frozenset[Block]) -> list[str]:
    """Names of the gradients that were wrong and of which nothing is left."""
    missing = {name for name, _ in left}
    return sorted({name for name, _ in explained} - missing)


def _with_more_edits(
    stage: Sequence[Trial], given: Sequence[Explanation], choices: Choices, bases: int
) -> list[Explanation]:
    """What was given with more edits, as long as that leaves less on the cases of a stage."""
    explanations = [try_edits(stage, one.edits) for one in given]
    for _ in range(MISTAKES):
        if not min(len(one.left) for one in explanations):
            break
        open_ = [one for one in explanations if len(one.edits) < MISTAKES]
        longer = [more for one in open_ for more in _with_one_more_edit(stage, one, choices)]
        if not longer:
            break
        explanations = sorted([*longer, *explanations], key=lambda e: (len(e.left), len(e.edits)))[
            :bases
        ]
    return explanations


def _with_one_more_edit(
    stage: Sequence[Trial], base: Explanation, choices: Choices
) -> Iterator[Explanation]:
    """The base with one more edit, where that leaves less; the last one leaves nothing."""
    for entry, moved in choices.items():
        if moved & base.left:
            longer = try_edits(stage, (*base.edits, entry), enough=len(base.left))
            if len(longer.left) < len(base.left):
                yield longer
                if not longer.left:
                    return


def try_edits(
    trials: Sequence[Trial], edits: Sequence[Entry], first: bool = False, enough: int = 10**9
) -> Explanation:
    """What some edits explain; with `first` it is enough that something is left somewhere."""
    changes = [e.change for e in edits]
    wrong, left = frozenset[Block](), frozenset[Block]()
    for one in trials:
        wrong |= one.wrong
        left |= one.blocks.keys() - one.reproduced_by(one.edited(changes))
        if (first and left) or len(left) >= enough:
            break
    return Explanation(tuple(edits), wrong - left, left)


def _places(trials: Sequence[Trial]) -> list[Place | None]:
    """Where edits may be made: everywhere, or only in the highest layer that is wrong."""
    wrong = {name for e in trials for name, _ in e.wrong}
    model = trials[0].case.model
    if model.layers * len(model.directions) == 1:
        return [None]
    for k in reversed(range(model.layers)):
        here = [(k, f"_l{k}{s}") for s in model.directions]
        named = [place for place in here if any(n.endswith(place[1]) for n in wrong)]
        if named:
            return [None, *named]
    return [None]


def edits_at(one: Trial, only: Place | None) -> Iterator[Entry]:
    """What the dictionary has for a place."""
    model = one.case.model
    inside = functions_of(model)[:2]
    for entry in entries(model):
        if only is None:
            yield entry
        elif entry.change.function in inside:
            yield replace(entry, change=replace(entry.change, only=only))


def _distinct_edits(trials: Sequence[Trial]) -> Choices:
    """What can be combined: edits that run and change something, one of those that do the same."""
    telling = next((e for e in trials if e.case.sizes.T > 2), trials[-1])
    seen, choices = {fingerprint(telling, telling.unedited)}, Choices()
    for place in _places(trials):
        for entry in edits_at(telling, place):
            grads = telling.edited([entry.change])
            if grads is not None and fingerprint(telling, grads) not in seen:
                seen.add(fingerprint(telling, grads))
                choices[entry] = telling.differing(grads)
    return choices


def fingerprint(one: Trial, grads: Arrays) -> bytes:
    """Gradients as a key."""
    return b"".join(np.ascontiguousarray(grads[n]).tobytes() for n in one.got)
