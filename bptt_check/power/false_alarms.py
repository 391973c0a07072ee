"""False alarms: how often right implementations are not passed. It must be never."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import zip_longest

from ..api import load_oracles
from ..cases.case import Spec
from ..cases.design.design import Design
from ..cases.model import Sizes
from ..cases.result import Differentiator
from ..cases.targets import Target, default_targets
from ..oracles import available
from ..verdicts.case_report import CaseReport
from ..verdicts.verdict import Verdict
from .implementations import implementations
from .memoised_oracles import MemoisedOracle, judge_all
from .process_pool import ProgressLines, WorkerPool
from .records import FalseAlarm, FalseAlarms

DTYPES = ("float64", "float32")
CHUNK = 5
"""Cases asked about together: few, as the conditioning of the last few is remembered."""
COMPILED = Sizes(T=6, B=2, D=3, H=4, O=3)
"""Sizes of every second batch of cases; a compiled program is asked about these only."""
LONG = Sizes(T=64, B=32, D=3, H=4, O=3)
"""Sizes of one more case of the other batches: there thousands of terms are added."""


def batches(cases: int) -> Iterator[tuple[Target, int, int]]:
    """Target, seed and number of cases, without end: every target in turn, with seed after seed.

    Families take turns, so that few batches are not all of one.
    """
    families: dict[str, list[Target]] = {}
    for target in default_targets():
        families.setdefault(target.model.family, []).append(target)
    chosen = [t for turn in zip_longest(*families.values()) for t in turn if t is not None]
    seed = 0
    while True:
        seed += 1
        yield from ((target, seed, cases) for target in chosen)


def check_on_target(
    target: Target,
    seed: int,
    cases: int,
    subjects: dict[str, Differentiator] | None = None,
    oracles: tuple[str, ...] | None = None,
) -> FalseAlarms:
    """Judge the right implementations on cases of a target, in both dtypes and all regimes.

    Args:
        target: whose cases to draw; with an odd seed they have the sizes `COMPILED`.
        seed, cases: of the drawing; every case comes in each dtype. With an even seed there is one
            more, whose sizes are `LONG`.
        subjects: by name; None is every right implementation.
        oracles: names; None is every installed one.
    """
    chosen = implementations() if subjects is None else subjects
    compiled = seed % 2 == 1
    if not compiled:
        chosen = {n: s for n, s in chosen.items() if not n.startswith("jax")}
    drawn = replace(target, sizes=COMPILED) if compiled and target.sizes is None else target
    result = _check_on(chosen, _both(drawn, cases, seed), oracles)
    if compiled or target.sizes is not None:
        return result
    quick = "torch" if available("torch") else "complex_step"  # the others take minutes for these
    long = _both(replace(target, sizes=LONG), 1, seed)
    return result.merge(_check_on(chosen, long, (quick,)))


def _both(target: Target, cases: int, seed: int) -> list[Spec]:
    """Recipes of cases of a target, each in both dtypes."""
    recipes = list(Design(target, seed=seed).specs(cases))
    return [replace(spec, dtype=dtype) for dtype in DTYPES for spec in recipes]


def _check_on(
    subjects: dict[str, Differentiator], specs: list[Spec], oracles: tuple[str, ...] | None
) -> FalseAlarms:
    """Judge right implementations on these cases."""
    trusted = tuple(MemoisedOracle(oracle) for oracle in load_oracles(oracles))
    result = FalseAlarms()
    for start in range(0, len(specs), CHUNK):
        chunk = [spec.build() for spec in specs[start : start + CHUNK]]
        for name, subject in subjects.items():
            for report in judge_all(subject, chunk, trusted):
                result = result.merge(_false_alarms_of(name, report))
    return result


def _false_alarms_of(name: str, report: CaseReport) -> FalseAlarms:
    """What one case said of one implementation; nothing where that declines the case."""
    if report.verdict == Verdict.UNSUPPORTED:
        return FalseAlarms()
    decided = sum(r.verdict == Verdict.PASS for r in report.rows)
    alarms: tuple[FalseAlarm, ...] = ()
    if report.verdict.failing:
        alarms = (FalseAlarm(name, report.verdict, report.spec, report.message),)
    return FalseAlarms({f"{name} {report.case.dtype}": decided}, {report.verdict: 1}, alarms)


BATCH = 10
"""Cases of one target asked about together."""


def check_right_implementations(
    pool: WorkerPool, checks: int, progress: ProgressLines, limit: float | None = None
) -> FalseAlarms:
    """Check right implementations until so many checks were decided, or the time is over.

    Args:
        pool: where to work.
        checks: at least so many, unless the time is over.
        progress: told where it stands.
        limit: seconds; None is no limit.
    """
    total = FalseAlarms()
    with closing(pool.each(check_on_target, batches(BATCH))) as results:
        for result in results:
            total = total.merge(result)
            for alarm in result.alarms:
                progress.tell(f"FALSE ALARM {alarm.subject} {alarm.verdict}: {alarm.spec}", True)
            alarms = len(total.alarms)
            progress.tell(f"right code: {total.total} of {checks} checks, {alarms} false alarms")
            if total.total >= checks or (limit is not None and progress.seconds >= limit):
                return total
    return total
