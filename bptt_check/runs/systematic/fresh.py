"""Cases that the run did not have: those of the same design under another seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...cases.any_case import AnySpec
from ...cases.case import Spec
from ...cases.model import Model, Sizes
from ...cases.recurrences.design import RecurrenceDesign
from ...cases.recurrences.recurrence import RecurrenceTarget
from ...cases.targets import Target
from ..target_cases import Plan
from .model_group import ModelGroup

FRESH_CASES, MOST_CASES = 64, 160
"""Fresh cases that are asked about, and how many at most where these decide nothing."""
SMALL_SHARE = 0.7
"""Share of them with small steps, on which every closed form is tried."""
SMALL_STEPS, SMALL_NUMBERS, LARGEST_NUMBERS = range(2, 9), 16_000, 100_000
"""Steps of a small case: several, as the first step has no term of a step before. Numbers that a
step of it multiplies, and one of the others at most: larger cases take long and say no more."""
DRAWN = 1000
"""Specs among which these are."""
OTHER_SEED = 0x5EED
"""What the seed of a run is changed by."""


def numbers_of_step(model: Model, sizes: Sizes) -> int:
    """How many numbers a step of all layers multiplies, but for the head."""
    return sizes.B * len(model.layout.gates) * sizes.H * (sizes.H + sizes.D) * model.layers


def has_small_steps(model: Model, sizes: Sizes) -> bool:
    """Whether the terms of a case are quickly had, and some are of a step before."""
    return sizes.T in SMALL_STEPS and numbers_of_step(model, sizes) <= SMALL_NUMBERS


def fresh_specs(group: ModelGroup, plan: Plan, dtype: str) -> Iterator[tuple[AnySpec, bool]]:
    """Specs of one dtype that a run of this plan does not have, and whether each has small steps:
    of all targets in turn, small ones and others in turn.
    """
    plan = replace(plan, dtypes=(dtype,), seed=plan.seed ^ OTHER_SEED, quick=None)
    models = [target for target in group.targets if isinstance(target, Target)]
    for target in group.targets:
        if isinstance(target, RecurrenceTarget):
            yield from _of_recurrence(RecurrenceDesign(target, (dtype,), plan.seed))
    if not models:
        return
    each = DRAWN // len(models) + 1
    of_targets = zip(*(plan.model_design(t).specs(each) for t in models), strict=True)
    drawn = [spec for together in of_targets for spec in together]
    small = [s for s in drawn if has_small_steps(s.model, s.sizes)]
    small = small[: round(SMALL_SHARE * MOST_CASES)]
    chosen = set(small)
    rest = [s for s in drawn if s not in chosen]
    rest.sort(key=lambda s: numbers_of_step(s.model, s.sizes) > LARGEST_NUMBERS)
    yield from _mixed(small, rest[: MOST_CASES - len(small)])


def _of_recurrence(design: RecurrenceDesign) -> Iterator[tuple[AnySpec, bool]]:
    """Specs of a recurrence; on all of them every form is tried, as there are few."""
    for spec in design.specs(MOST_CASES):
        yield spec, True


def _mixed(small: Sequence[Spec], others: Sequence[Spec]) -> Iterator[tuple[Spec, bool]]:
    """Both kinds, each as often as there are of it, with whether it is small."""
    taken = 0
    for number in range(len(small) + len(others)):
        if taken * len(others) <= (number - taken) * len(small) and taken < len(small):
            yield small[taken], True
            taken += 1
        else:
            yield others[number - taken], False
