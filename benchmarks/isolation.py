"""What a process of its own costs a subject, as ratios within one run.

    python benchmarks/isolation.py [--rounds N]

In turns, the same case is asked of the NumPy reference in this process and in a worker, so that
whatever else the machine does hits both; reported are medians over the rounds. One row is a whole
`check` of the case, which is what a user waits for. The goal is what a call of the first case may
cost more on an idle machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("", "reference")]

from bptt_reference import loss_and_grads  # noqa: E402 - a bare checkout is enough

import bptt_check as bc  # noqa: E402
from bptt_check.subjects.calling import call  # noqa: E402

SPECS = (
    "rnn-tanh T=2 B=1 D=1 H=2 O=2",
    "lstm T=4 B=2 D=3 H=4 O=2",
    "lstm+2layers T=16 B=3 D=4 H=5 O=3",
)
GOAL = 0.3
"""Milliseconds."""


def seconds(call: Callable[[], Any]) -> float:
    """The time of one call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def compare(here: Callable[[], Any], there: Callable[[], Any], rounds: int) -> str:
    """Medians of both in milliseconds, what the second costs more, and their ratio."""
    here(), there()
    pairs = [(seconds(here), seconds(there)) for _ in range(rounds)]
    one, other = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
    more = statistics.median(b - a for a, b in pairs) * 1e3
    ratio = statistics.median(b / a for a, b in pairs)
    return f"{one:8.2f} ms  {other:8.2f} ms  {more:+8.2f} ms  x {ratio:.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    name = "bptt_reference:loss_and_grads"
    start = [seconds(lambda: bc.isolated(name).close()) for _ in range(5)]
    print(f"starting a worker: {statistics.median(start):.2f} s, once")
    print(f"{'':44}{'here':>11}  {'worker':>11}  {'more':>11}  ratio")
    with bc.isolated(name) as isolated:
        for spec in SPECS:
            case = bc.Spec.parse(spec).build()
            calls = [lambda s=s, c=case: call(s, c) for s in (loss_and_grads, isolated)]
            print(f"call   {spec:36} {compare(*calls, rounds)}")
            checks = [
                lambda s=s, c=case: bc.check(s, c, ["complex_step"])
                for s in (loss_and_grads, isolated)
            ]
            print(f"check  {spec:36} {compare(*checks, max(rounds // 10, 5))}")
    print(f"goal: a call in a worker takes at most {GOAL} ms more than one here, on the first case")


if __name__ == "__main__":
    main()
