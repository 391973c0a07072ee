"""What the stages of a case cost, for lstm, in a run with all default oracles."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import bptt_check as bc
from bptt_check.cases.timing.stage_clock import Stage, StageClock, counted_by

from ..child import call
from ..effort import Effort
from ..rows import STAGES, Measured
from .subject import Timed

MODEL = "lstm"
SMALL = "T=4 B=2 D=3 H=4 O=3"
"""Of cases that every oracle takes, so that nothing is imported later."""
OF_CLOCK = {
    Stage.DRAWING: "draw",
    Stage.SUBJECT: "subject",
    Stage.ROUNDING: "rounding",
    Stage.JUDGING: "judging",
    Stage.CURVES: "curves",
}
"""Stage to its name in keys; that of an oracle is its own."""


def measure(effort: Effort) -> Iterator[Measured]:
    """A row per stage; each round is a new process."""
    rounds = [call(f"{__name__}:stages_of", cases=effort.cases) for _ in range(effort.rounds)]
    for stage in STAGES:
        amounts = [1e3 * one[stage] for one in rounds]
        ratios = [one[stage] / one["call"] for one in rounds]
        yield Measured(f"stage/{stage}", amounts, ratios)


def stages_of(cases: int) -> Mapping[str, float]:
    """Seconds per case of every stage, and of one call of the reference."""
    bc.verify(Timed(), [MODEL], cases=min(cases, 32), seed=1)  # what is compiled once
    bc.verify(Timed(), [MODEL], cases=2, within=SMALL)
    subject, clock, begin = Timed(), StageClock(now=time.process_time), time.process_time()
    with counted_by(clock):
        bc.verify(subject, [MODEL], cases=cases)
    total = time.process_time() - begin
    spent = dict.fromkeys(STAGES, 0.0)
    for (stage, oracle), seconds in clock.seconds.items():
        spent[oracle or OF_CLOCK.get(stage, "rest")] += seconds
    spent["rest"] += total - sum(clock.seconds.values())
    return {name: seconds / cases for name, seconds in spent.items()} | {"call": subject.mean}
