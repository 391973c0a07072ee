"""The smallest case of a recurrence on which a kernel still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from ...cases.any_case import AnySpec
from ...cases.precision import PRECISIONS
from ...cases.recurrences.design import RecurrenceDesign
from ...cases.recurrences.recurrence import DEFAULTS, RecurrenceCase, RecurrenceSpec
from ...cases.result import Result
from ...equations.recurrences.truth import evaluation_of

Change = tuple[str, int | str]
"""A size or a word, and what it is to be."""
Fails = Callable[[RecurrenceCase], bool]
PLAIN = {word: plain for word, plain in DEFAULTS.items() if word != "dtype"}
"""Words, and what is plainest of each."""
SEEDS = (0, 1, 2)


def smallest_recurrence(
    case: RecurrenceCase,
    known: Mapping[AnySpec, bool],
    fails: Fails,
    design: RecurrenceDesign,
    most: int = 200,
) -> RecurrenceCase:
    """The case with the plainest words and the least sizes with which it still fails.

    Args:
        case: fails.
        known: whether each spec that was checked failed in the same way.
        fails: asks about others, at most `most` of them.
        design: what specs must keep to.
    """
    failing = [s for s, failed in known.items() if failed and isinstance(s, RecurrenceSpec)]
    if case.spec is None:
        return case
    spec = min((case.spec, *failing), key=input_numbers)
    tried: dict[RecurrenceSpec, bool] = {}

    def test(candidate: RecurrenceSpec) -> bool:
        if candidate in known:
            return known[candidate]
        if candidate not in tried:
            room = len(tried) < most and design.contains(candidate)
            tried[candidate] = room and fails(candidate.build())
        return tried[candidate]

    passed: set[Change] = set()
    while (smaller := _next_smaller(spec, design, passed, test)) is not None:
        spec = smaller
    return spec.build()


def _next_smaller(
    spec: RecurrenceSpec,
    design: RecurrenceDesign,
    passed: set[Change],
    test: Callable[[RecurrenceSpec], bool],
) -> RecurrenceSpec | None:
    """The first simpler spec that fails; a change after which a case passed is not tried again: it
    would be, in vain, after each of the other changes.
    """
    for change, candidate in _simpler(spec, design):
        if change in passed:
            continue
        if test(candidate):
            return candidate
        if design.contains(candidate):  # else it may be allowed with another size
            passed.add(change)
    return None


def is_right_at_sight(case: RecurrenceCase, result: Result | None) -> bool:
    """Whether outputs and gradients are so near to the truth that no budget need be known: within
    the rounding of the largest entry of each.
    """
    if result is None:
        return False
    truth, unit = evaluation_of(case), PRECISIONS[case.dtype].unit
    known, got = {**truth.grads, **truth.outputs}, result.entries
    return all(
        n in known and bool(np.all(np.abs(a - known[n]) <= unit * np.abs(known[n]).max(initial=0)))
        for n, a in got.items()
    )


def input_numbers(spec: RecurrenceSpec) -> int:
    """Numbers of the inputs of a case."""
    total = 0
    for shape in spec.model.inputs.shapes(spec.sizes).values():
        size = 1
        for length in shape:
            size *= length
        total += size
    return total


def _simpler(
    spec: RecurrenceSpec, design: RecurrenceDesign
) -> Iterator[tuple[Change, RecurrenceSpec]]:
    """Specs with one thing simpler, and what; the simplest of each first."""
    inputs = design.model.inputs
    for name, values in inputs.free.items():
        for value in _below(values, spec.sizes[name]):
            sizes = inputs.tied({**{n: spec.sizes[n] for n in inputs.free}, name: value})
            yield (name, value), replace(spec, lengths_of_axes=tuple(sizes.items()))
    for word, plain in PLAIN.items():
        if getattr(spec, word) != plain:
            yield (word, plain), replace(spec, **{word: plain})
    for seed in SEEDS:
        if seed < spec.seed:
            yield ("seed", seed), replace(spec, seed=seed)


def _below(values: tuple[int, ...], size: int) -> list[int]:
    """Sizes below one: those that are drawn, and those next to it."""
    beside = {size - 1, size - 2, size // 2} if len(values) > 1 else set[int]()
    between = {n for n in beside if min(values) <= n}
    few = set(range(min(values), min(values) + 12)) if len(values) > 8 else set[int]()
    return sorted(n for n in {*values, *between, *few} if n < size)
