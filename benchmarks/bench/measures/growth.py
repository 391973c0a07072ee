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

BASE = {"T": 8, "B": 2, "H": 8, "layers": 1, "cases": 16}
AXES = {
    "T": (4, 8, 16, 32, 64, 128),
    "B": (1, 2, 4, 8, 16, 32),
    "H": (4, 8, 16, 32, 64),
    "layers": (1, 2, 3, 4),
    "cases": (16, 32, 64, 128, 256),
}


def measure(effort: Effort) -> Iterator[Growth]:
    """An LSTM along every axis, all else as in `BASE`."""
    if not effort.growth:
        return
    for axis, sizes in AXES.items():
        costs = [call(f"{__name__}:cost_of", **BASE | {axis: size}) for size in sizes]
        count = sizes if axis == "cases" else [1] * len(sizes)
        verify, reference = (
            tuple(1e3 * n * cost[name] for n, cost in zip(count, costs, strict=True))
            for name in ("case", "call")
        )
        yield Growth(axis, sizes, verify, reference)


def cost_of(T: int, B: int, H: int, layers: int, cases: int) -> Mapping[str, float]:
    """Seconds of one case and of one call of the reference on it."""
    model = "lstm" if layers == 1 else f"lstm+{layers}layers"
    given: dict[str, Any] = {"within": f"T={T} B={B} D=3 H={H} O=3"}
    bc.verify(Timed(), [model], cases=4, seed=1, **given)
    subject, begin = Timed(), time.process_time()
    bc.verify(subject, [model], cases=cases, **given)
    return {"case": (time.process_time() - begin) / cases, "call": subject.mean}
