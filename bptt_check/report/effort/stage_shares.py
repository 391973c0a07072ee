"""Where the time of a run went, as rows and lines for readers."""

from __future__ import annotations

from dataclasses import dataclass

from ...cases.timing.stage_clock import Stage
from ...runs.records import Run

REST = "the rest"
"""What no stage has of the time of a run."""
OUTSIDE = frozenset({Stage.STARTING, Stage.REPORT})
"""Stages that come before the run or after it: `Run.seconds` is without them."""


@dataclass(frozen=True)
class StageShare:
    """A stage, its seconds and its part of all."""

    name: str
    seconds: float
    share: float


def stage_shares(run: Run) -> list[StageShare]:
    """Every stage that took time, the longest first, then the rest; none of older records."""
    if not run.stages.seconds and not run.stages.oracles:
        return []
    named = {str(stage): s for stage, s in run.stages.seconds.items()}
    named |= {f"{Stage.ORACLE} {name}": s for name, s in run.stages.oracles.items()}
    outside = sum(s for stage, s in run.stages.seconds.items() if stage in OUTSIDE)
    rest = max(0.0, run.seconds - (sum(named.values()) - outside))
    total = sum(named.values()) + rest
    ordered = sorted(named.items(), key=lambda item: -item[1])
    return [
        StageShare(name, seconds, seconds / total if total > 0 else 0.0)
        for name, seconds in [*ordered, (REST, rest)]
    ]


def stage_lines(run: Run) -> list[str]:
    """A line for every stage: seconds, share, name."""
    shares = stage_shares(run)
    total = sum(one.seconds for one in shares)
    return [
        f"time by stage, {total:.2f} s:",
        *(f"  {one.seconds:8.2f} s  {one.share:4.0%}  {one.name}" for one in shares),
    ]
