"""What a repair starts from: the specs that a subject fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...cases.case import Spec
from ...errors import BpttCheckError, SpecError
from ...verdicts.verdict import Verdict
from ..records import Run, RunWithCases

MOST = 40
"""Failing specs of a run that are looked at."""
AFTER_ALL = 3
"""Failing specs of a proof that edits are judged on besides."""
WRONG = (Verdict.FAIL, Verdict.ERROR, Verdict.CONTRACT, Verdict.IMPRECISE)


def failing_specs(run: Run, table: Mapping[str, Sequence[Any]]) -> list[Spec]:
    """Specs of models on which a run failed: the smallest that it found, then others.

    Raises:
        SpecError: nothing failed.
    """
    lines = [line for f in run.failures if f.verdict in WRONG for line in (f.spec, f.first_spec)]
    columns = zip(table.get("spec", ()), table.get("verdict", ()), strict=True)
    lines += [spec for spec, verdict in columns if verdict in WRONG]
    specs = [spec for line in list(dict.fromkeys(lines))[:MOST] if (spec := _read(line))]
    if not specs:
        raise SpecError(
            f"{run.subject} has the verdict {run.verdict}: no small case is known that it fails, "
            f"so there is nothing to repair."
        )
    return specs


def failing_after_all(outcome: RunWithCases) -> list[Spec]:
    """The first specs on which the proof of an edited subject failed; none where it tells of none.

    The smallest case of a failure may have lost its spec: the one that was found first has it.
    """
    try:
        return failing_specs(outcome.run, outcome.table)[:AFTER_ALL]
    except SpecError:
        return []


def _read(line: str) -> Spec | None:
    """The spec of a line; None if it is that of a file or of a recurrence."""
    try:
        return Spec.parse(line)
    except BpttCheckError:
        return None
