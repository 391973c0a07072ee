"""The most memory that a run has: of 1,000 cases and of 20,000."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bptt_reference import loss_and_grads

import bptt_check as bc

from ..child import call
from ..effort import Effort
from ..rows import Measured

FEW, MANY = 1_000, 20_000
MODEL, ORACLES = "rnn-tanh", ("torch",)
"""The quickest: what a run keeps of a case does not depend on what the case costs."""


WITHIN = "T=1..16 B=1..4 D=1..5 H=1..5 O=1..4"
"""Small cases, beside which what is kept of each would show."""


def measure(effort: Effort) -> Iterator[Measured]:
    """One row; each number of cases in a process of its own."""
    if effort.long:
        few, many = (call(f"{__name__}:most_memory", cases=cases) for cases in (FEW, MANY))
        yield Measured("memory/cases", [many / 1e6], [many / few])


def most_memory(cases: int) -> int:
    """Bytes that this process had at most, after a run of so many cases."""
    bc.verify(loss_and_grads, [MODEL], cases=cases, oracles=ORACLES, within=WITHIN)
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM:"))
    return 1024 * int(line.split()[1])
