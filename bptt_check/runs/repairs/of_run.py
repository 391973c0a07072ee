"""The search for the edit that makes the subject of a failed run right."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ...cases.result import Differentiator
from ...cases.timing.stage_clock import Stage, timed
from ...errors import BpttCheckError, one_line
from ...verdicts.verdict import Verdict
from .. import interruption
from ..check import Setup
from ..cleaning import cleaned
from ..effort.stages import Stages, added_stages
from ..records import Run, RunWithCases
from ..target_cases import Plan
from .failing import failing_specs
from .records import Searched
from .repairing import searched
from .typed_subject import editable, without_path

LEAST_CASES = 100
"""Fresh cases of each model that a repair must pass at least, however few the run had."""
SEARCHED = (Verdict.FAIL, Verdict.ERROR, Verdict.CONTRACT)
"""Verdicts of runs of which an edit may be the cure; lost digits are those of the arithmetic."""


def with_search(
    found: RunWithCases,
    subject: Differentiator,
    plan: Plan,
    setup: Setup,
    seconds: float,
    keep_partial: bool = False,
) -> RunWithCases:
    """The run with what a search has found, if it failed and was not interrupted.

    Args:
        found: the run.
        subject: that it checked.
        plan, setup: as of the run; what a repair must pass are fresh cases of the same kinds.
        seconds: for the search; the proof takes its own.
        keep_partial: whether a KeyboardInterrupt ends the search alone instead of being raised.
    """
    if found.run.verdict not in SEARCHED or found.run.interrupted:
        return found
    made: list[Searched] = []

    def work() -> None:
        with timed(Stage.REPAIR):
            made.append(_searched(found, subject, plan, setup, seconds))

    begin = time.perf_counter()
    _until_interrupted(work, keep_partial)
    return found._replace(run=_with(found.run, made, time.perf_counter() - begin))


def _until_interrupted(work: Callable[[], None], keep_partial: bool) -> None:
    if keep_partial:
        interruption.guarded(lambda: interruption.ended_early(work))
    else:
        work()


def _searched(
    found: RunWithCases, subject: Differentiator, plan: Plan, setup: Setup, seconds: float
) -> Searched:
    """What came of it, or why there is none."""
    cases = max(plan.cases, LEAST_CASES)
    fresh = replace(plan, cases=cases, seed=plan.seed + 1, quick=None)
    judged = Setup(setup.oracles, setup.tolerance, setup.timeout, thorough=False)
    try:
        failing = failing_specs(found.run, found.table)
        with editable(subject) as source:
            told = searched(source.address, failing, seconds, fresh, judged)
            return without_path(told, source)
    except BpttCheckError as error:
        return Searched(why_not=one_line(str(error)))


def _with(run: Run, made: list[Searched], seconds: float) -> Run:
    """The run with the search, and the time that it took."""
    stages = added_stages([run.stages, Stages({Stage.REPAIR: round(seconds, 4)})])
    searches = tuple(cleaned(one.recorded()) for one in made)
    return replace(run, searches=searches, seconds=run.seconds + seconds, stages=stages)
