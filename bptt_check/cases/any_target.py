"""The two kinds of things to verify: a model, and a user's own recurrence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .any_case import AnySpec
from .case import Spec
from .design.alternatives import Change
from .design.covering import Covering
from .design.design import Design
from .design.recipe import SIZES, recipe_of
from .recurrences.coverage import RecurrenceCovering
from .recurrences.design import RecurrenceDesign
from .recurrences.recurrence import RecurrenceSpec, RecurrenceTarget
from .targets import Target

AnyTarget = Target | RecurrenceTarget
AnyDesign = Design | RecurrenceDesign
AnyCovering = Covering | RecurrenceCovering


def spec_of(target: AnyTarget, line: str) -> AnySpec:
    """The spec of a line of this target.

    Raises:
        SpecError: it is none.
    """
    return target.model.spec_of(line) if isinstance(target, RecurrenceTarget) else Spec.parse(line)


def contains(design: AnyDesign, spec: AnySpec) -> bool:
    """Whether a spec is one that a design may draw."""
    if isinstance(design, RecurrenceDesign):
        return isinstance(spec, RecurrenceSpec) and design.contains(spec)
    return isinstance(spec, Spec) and design.contains(spec)


def other_specs(
    design: AnyDesign, spec: AnySpec, first: Sequence[Sequence[Change]]
) -> Iterator[tuple[tuple[Change, ...], AnySpec]]:
    """Specs to ask instead of one that was declined, and what is changed in them."""
    if isinstance(spec, RecurrenceSpec) and isinstance(design, RecurrenceDesign):
        yield from (((), other) for other in design.alternatives(spec))
    elif isinstance(spec, Spec) and isinstance(design, Design):
        yield from design.alternatives(spec, first)


def levels_of(covering: AnyCovering, spec: AnySpec) -> NDArray[np.int64]:
    """The number of the level of every factor that a spec has."""
    if isinstance(covering, RecurrenceCovering):
        assert isinstance(spec, RecurrenceSpec)
        return covering.levels_of(spec)
    assert isinstance(spec, Spec)
    return covering.levels(recipe_of(spec))


def sizes_in(spec: AnySpec) -> dict[str, int]:
    """The sizes of a spec by name, and the layers of a model."""
    if isinstance(spec, RecurrenceSpec):
        return spec.sizes
    recipe = recipe_of(spec)
    return {name: getattr(recipe, name) for name in (*SIZES, "layers")}
