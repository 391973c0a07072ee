"""What to do about what a run did not decide."""

from __future__ import annotations

from collections.abc import Sequence

from ...runs.records import Run
from ...verdicts.oracle_disagreement import OF_REFERENCE
from ...verdicts.verdict import Reason
from .. import coverage, grouping
from . import gaps

LISTED = 3
"""Contradictions of a reference that are told."""

DEFINED = (
    "draw only inputs for which the reference is defined: say so with where= of Inputs, or narrow "
    "their ranges"
)
"""Where it returns what is no number."""


def _of_reference(run: Run) -> list[str]:
    """That the reference of a recurrence is wrong itself, or defines nothing, where that is why
    nothing is decided.
    """
    if any(r.reason_kind is Reason.UNDEFINED for r in run.rows):
        return [f"  to do: {DEFINED}"]
    told = {r.reason for r in run.rows if r.reason_kind is Reason.ORACLES_DISAGREE}
    if "reference" not in run.oracles or not told:
        return []
    return [*(f"  {reason}" for reason in sorted(told)[:LISTED]), f"  to do: {OF_REFERENCE}"]


def what_to_do(run: Run, found: Sequence[gaps.Gap]) -> list[str]:
    """What to do about what was not decided, as a line of the message."""
    if run.interrupted:
        return ["  to do: run it again, to the end"]
    if of_reference := _of_reference(run):
        return of_reference
    if not grouping.model_facts(run):
        return ["  to do: name models that the subject supports, or check its supports()"]
    if found and run.quick is not None:
        return ["  to do: run it without quick, with more cases and all oracles"]
    if any(gap.vacuous for gap in found):
        return ["  to do: more cases, so that some of them can show an error in these gradients"]
    if any(target.declined for target in coverage.few_decided(run)):
        return [
            "  to do: say which cases the subject takes, so that others of that kind are drawn: "
            "within=bc.Within(...), --within on the command line"
        ]
    return ["  to do: other oracles; `bptt-check doctor` says which work here"] if found else []
