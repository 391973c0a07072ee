"""Where a run looks for systematic errors: in each model, then in the models of a family."""

from __future__ import annotations

from collections.abc import Sequence

from ...cases.any_target import AnyTarget
from ...cases.result import Differentiator
from ...cases.targets import Target
from ...cases.timing.stage_clock import Stage, timed
from .. import interruption
from ..check import Setup
from ..found import Found
from ..target_cases import Plan
from .findings import failures_of, findings_of, floors_of
from .model_group import ModelGroup, family_groups
from .records import SystematicFloor
from .screening import Screening


def screening_for(plan: Plan, setup: Setup) -> Screening | None:
    """None in a quick run, which has no time for it, and for code that is declared to be right to
    some accuracy: errors up to that may have any direction.
    """
    skipped = plan.quick is not None or setup.tolerance.accuracy or plan.lines
    return None if skipped else Screening()


def look_below_rounding(
    subject: Differentiator, group: ModelGroup, plan: Plan, setup: Setup, found: Found
) -> None:
    """Ask whether errors of some models have something in common; adds to what is found.

    Of a model that is wrong by itself nothing more is said.
    """
    if found.screening is None or found.wrong_models.intersection(group.names):
        return
    with timed(Stage.SYSTEMATIC):
        errors = findings_of(subject, group, found.screening, plan, setup.timeout)
        failures = list(failures_of(errors, group, plan, subject))

    def take_in() -> None:
        found.systematic.extend((group, error) for error in errors)
        found.failures.extend(failures)

    interruption.uninterrupted(take_in)  # one without the other would be a failure without a word


def look_in_families(
    subject: Differentiator, targets: Sequence[Target], plan: Plan, setup: Setup, found: Found
) -> None:
    """The same of the models of each family together, but for those that are wrong by themselves:
    a run of few cases of each model has many of a family.
    """
    right = [target for target in targets if target.name not in found.wrong_models]
    for family in family_groups(right):
        look_below_rounding(subject, family, plan, setup, found)


def floors_of_run(
    targets: Sequence[AnyTarget], screening: Screening | None
) -> tuple[SystematicFloor, ...]:
    """The smallest systematic errors that would have been found, of each model and family."""
    if screening is None:
        return ()
    groups = [
        *(ModelGroup(t.name, (t,)) for t in targets),
        *family_groups([t for t in targets if isinstance(t, Target)]),
    ]
    return tuple(floor for group in groups for floor in floors_of(group, screening))
