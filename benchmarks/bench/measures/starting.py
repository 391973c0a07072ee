"""What the beginning of a program takes: the first verdict, `--help`, the import."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence

from ..child import CACHE, seconds
from ..effort import Effort
from ..rows import Measured

FIRST = """
import bptt_check as bc
from bptt_reference import loss_and_grads

report = bc.verify(loss_and_grads, ["lstm"], cases=1, within="T=4 B=2 D=3 H=4 O=3")
assert all(row.decided for row in report.rows), report.message
"""
"""One model, one case, small enough for all oracles; each of them must have decided it."""


def measure(effort: Effort) -> Iterator[Measured]:
    """A row per beginning; the peer is a Python that does nothing, in the same round."""
    times: dict[str, list[float]] = {"cold": [], "warm": [], "help": [], "import": []}
    nothing: list[float] = []
    _python("import bptt_check, torch, jax, flint")  # whose bytecode is written once for all time
    for _ in range(effort.rounds):
        nothing.append(_python("pass"))
        for name, spent in _one_round():
            times[name].append(spent)
    for name, spent in times.items():
        ratios = [a / b for a, b in zip(spent, nothing, strict=True)]
        yield Measured(f"start/{name}", spent, ratios)


def _one_round() -> Iterator[tuple[str, float]]:
    """Every beginning once; the cache of compiled programs is empty only for the first."""
    with tempfile.TemporaryDirectory() as cache:
        variables = {CACHE: cache}
        yield "cold", seconds(_command("-c", FIRST), variables)
        yield "warm", seconds(_command("-c", FIRST), variables)
    yield "help", seconds(_command("-m", "bptt_check", "--help"))
    yield "import", _python("import bptt_check")


def _python(code: str) -> float:
    return seconds(_command("-c", code))


def _command(*arguments: str) -> Sequence[str]:
    return [sys.executable, *arguments]
