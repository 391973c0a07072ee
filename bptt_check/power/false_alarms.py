"""How often right implementations are alarmed at, over very many checks: it must be never."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import zip_longest

from ..api import load_oracles
from ..cases.case import Spec
from ..cases.model import Sizes
from ..cases.result import Differentiator
from ..cases.targets import Target, default_targets
from ..oracles import available
from ..runs.drawing import draw_specs
from ..runs.run import Plan
from ..verdicts.case_report import CaseReport
from ..verdicts.verdict import Verdict
from .implementations import implementations
from .memoised_oracles import Remembered, judge_all
from .process_pool import Progress, Workers
from .records import Alarm, Quiet

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


def listen(
    target: Target,
    seed: int,
    cases: int,
    subjects: dict[str, Differentiator] | None = None,
    oracles: tuple[str, ...] | None = None,
) -> Quiet:
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
    found = _listen(chosen, _both(drawn, cases, seed), oracles)
    if compiled or target.sizes is not None:
        return found
    quick = "torch" if available("torch") else "complex_step"  # the others take minutes for these
    return found.merge(_listen(chosen, _both(replace(target, sizes=LONG), 1, seed), (quick,)))


def _both(target: Target, cases: int, seed: int) -> list[Spec]:
    """Recipes of cases of a target, each in both dtypes."""
    recipes = draw_specs(Plan((target,), cases).strategy(target), cases, seed)
    return [replace(spec, dtype=dtype) for dtype in DTYPES for spec in recipes]


def _listen(
    subjects: dict[str, Differentiator], specs: list[Spec], oracles: tuple[str, ...] | None
) -> Quiet:
    """Judge right implementations on these cases."""
    trusted = tuple(Remembered(oracle) for oracle in load_oracles(oracles))
    found = Quiet()
    for start in range(0, len(specs), CHUNK):
        chunk = [spec.build() for spec in specs[start : start + CHUNK]]
        for name, subject in subjects.items():
            for report in judge_all(subject, chunk, trusted):
                found = found.merge(_heard(name, report))
    return found


def _heard(name: str, report: CaseReport) -> Quiet:
    """What one case said of one implementation."""
    decided = sum(r.verdict == Verdict.PASS for r in report.rows)
    alarms: tuple[Alarm, ...] = ()
    if report.verdict.failing:
        alarms = (Alarm(name, report.verdict, report.spec, report.message),)
    if report.verdict == Verdict.UNSUPPORTED:
        return Quiet()
    return Quiet({f"{name} {report.case.dtype}": decided}, {report.verdict: 1}, alarms)


BATCH = 10
"""Cases of one target asked about together."""


def hear(pool: Workers, checks: int, progress: Progress, limit: float | None = None) -> Quiet:
    """Ask until so many checks were decided, or the time is over.

    Args:
        pool: where to work.
        checks: at least so many, unless the time is over.
        progress: told where it stands.
        limit: seconds; None is no limit.
    """
    found = Quiet()
    with closing(pool.each(listen, batches(BATCH))) as results:
        for quiet in results:
            found = found.merge(quiet)
            for alarm in quiet.alarms:
                progress.tell(f"FALSE ALARM {alarm.subject} {alarm.verdict}: {alarm.spec}", True)
            progress.tell(f"silence: {found.total} of {checks} checks, {len(found.alarms)} alarms")
            if found.total >= checks or (limit is not None and progress.seconds >= limit):
                return found
    return found
