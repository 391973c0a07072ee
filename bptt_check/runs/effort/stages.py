"""The record of where the time of a run went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...cases.timing.stage_clock import Stage


@dataclass(frozen=True)
class Stages:
    """Seconds by stage. The time of further cases that shrinking, a diagnosis or a Taylor test
    checks is theirs. What is left of the run is neither of these.

    Args:
        seconds: of each stage but the oracles; without the writing of files, which comes later.
        oracles: of each oracle by its name; what a framework compiles at first is in it.
    """

    seconds: Mapping[Stage, float] = field(default_factory=dict[Stage, float])
    oracles: Mapping[str, float] = field(default_factory=dict[str, float])


def stages_of(seconds: Mapping[tuple[Stage, str], float]) -> Stages:
    """The record of what a clock has counted."""
    rounded = {key: round(value, 4) for key, value in seconds.items()}
    return Stages(
        {stage: s for (stage, _), s in rounded.items() if stage is not Stage.ORACLE},
        {name: s for (stage, name), s in rounded.items() if stage is Stage.ORACLE},
    )


def added_stages(several: Iterable[Stages]) -> Stages:
    """The seconds of several runs together."""
    seconds: dict[Stage, float] = {}
    oracles: dict[str, float] = {}
    for one in several:
        for stage, value in one.seconds.items():
            seconds[stage] = seconds.get(stage, 0.0) + value
        for name, value in one.oracles.items():
            oracles[name] = oracles.get(name, 0.0) + value
    return Stages(seconds, oracles)
