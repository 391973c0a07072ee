"""At which step of a recurrence something is first wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..cases.recurrences.recurrence import RecurrenceCase
from .judgement import Judgement


def first_wrong_steps(judged: Judgement, names: Sequence[str]) -> dict[str, int]:
    """Output name to the first step at which it is over budget, of those outputs that have steps.

    Nothing where a case has no axis of time, or a single step.
    """
    case = judged.case
    if not isinstance(case, RecurrenceCase) or case.steps == 1:
        return {}
    first: dict[str, int] = {}
    for oracle, found in judged.differences.items():
        for name in names:
            axis = case.time_axis_of(name) if name in found else None
            if axis is None:
                continue
            over = found[name].error > judged.measurement.budgets[oracle].of(name)
            steps = np.flatnonzero(over.any(axis=tuple(n for n in range(over.ndim) if n != axis)))
            if steps.size:
                before = first.get(name, int(steps[0]))
                first[name] = min(before, int(steps[0]))
    return first
