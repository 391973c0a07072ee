"""The two kinds of things to verify: a model, and a user's own recurrence."""

from __future__ import annotations

from .any_case import AnySpec
from .case import Spec
from .design.covering import Covering
from .design.design import Design
from .recurrences.coverage import RecurrenceCovering
from .recurrences.design import RecurrenceDesign
from .recurrences.recurrence import RecurrenceTarget
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
