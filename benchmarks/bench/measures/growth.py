"""How the cost of a case grows with T, B, H and layers, and that of a run with its cases."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import bptt_check as bc

from ..child import call
from ..effort import Effort
from ..record import Growth
from .subject import Timed

BASE = {"T": 8, "B": 2, "H": 8, "layers": 1, "cases": 12}
AXES = {
    "T": (4, 8, 16, 32, 64),
    "B": (1, 2, 4, 8, 16),
    "H": (4, 8, 16, 32, 64),
    "layers": (1, 2, 3, 4),
    "cases": (12, 25, 50, 100, 200),
}


def measure(effort: Effort) -> Iterator[Growth]:
    """An LSTM along every axis, all else as in `BASE`; each axis in a process of its own."""
    if not effort.growth:
        return
    for axis, sizes in AXES.items():
        costs = call(f"{__name__}:costs_along", axis=axis)
        verify, reference = (tuple(cost[name] for cost in costs) for name in ("verify", "call"))
        yield Growth(axis, sizes, verify, reference)


def costs_along(axis: str) -> list[Mapping[str, float]]:
    """Milliseconds of one case and of one call on it at every size; of all, where cases grow."""
    costs = [_cost(**BASE | {axis: size}) for size in AXES[axis]]
    count = AXES[axis] if axis == "cases" else [1] * len(costs)
    return [
        {name: 1e3 * n * seconds for name, seconds in cost.items()}
        for n, cost in zip(count, costs, strict=True)
    ]


def _cost(T: int, B: int, H: int, layers: int, cases: int) -> Mapping[str, float]:
    """Seconds of one case and of one call of the reference on it."""
    model = "lstm" if layers == 1 else f"lstm+{layers}layers"
    given: dict[str, Any] = {"within": f"T={T} B={B} D=3 H={H} O=3"}
    bc.verify(Timed(), [model], cases=2, seed=1, **given)  # what is compiled once
    subject, begin = Timed(), time.process_time()
    bc.verify(subject, [model], cases=cases, **given)
    return {"verify": (time.process_time() - begin) / cases, "call": subject.mean}
