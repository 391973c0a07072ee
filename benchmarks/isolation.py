"""What a process of its own costs a subject, as ratios within one run.

    python benchmarks/isolation.py [--rounds N]

In turns, the same case is asked of the NumPy reference in this process, of the same in a worker,
and as many bytes are sent to a process that only sends as many back: the least that any worker
costs. Whatever else the machine does so hits all three. Reported are medians over the rounds, of
the time that passes and of the processor time of both processes together, which says the same on a
busy machine. One row is a whole `check` of the case, which is what a user waits for. The goal is
what a call of the first case may cost more on an idle machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.pop("OPENBLAS_CORETYPE", None)  # the kernels of this machine, in both processes
os.environ.pop("OPENBLAS_L2_SIZE", None)
sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("", "reference")]

from bptt_reference import loss_and_grads  # noqa: E402 - a bare checkout is enough

import bptt_check as bc  # noqa: E402
from bptt_check.subjects.calling import call  # noqa: E402
from bptt_check.subjects.isolation import protocol  # noqa: E402
from bptt_check.subjects.processes.descendants import children_of  # noqa: E402

SPECS = (
    "rnn-tanh T=2 B=1 D=1 H=2 O=2",
    "lstm T=4 B=2 D=3 H=4 O=2",
    "lstm+2layers T=16 B=3 D=4 H=5 O=3",
)
NAME = "bptt_reference:loss_and_grads"
GOAL = 0.3
"""Milliseconds."""
WARM_UP = 5
"""Rounds before those that count."""
ECHO = """
import os, sys
number, answer = int(sys.argv[1]), b"x" * int(sys.argv[2])
while True:
    came = 0
    while came < number:
        chunk = os.read(0, 65536)
        if not chunk:
            sys.exit()
        came += len(chunk)
    os.write(1, answer)
"""
"""Answers every so many bytes with so many others, and does nothing else."""

Cost = tuple[float, float]
"""Milliseconds that passed, and of processor time."""


class Echo:
    """A process that is sent what a worker is sent for a case, and sends as much back."""

    def __init__(self, case: bc.Case) -> None:
        self._request = protocol.packed(protocol.CallSubject(case, None))
        self._bytes = len(protocol.packed(protocol.Answered(call(loss_and_grads, case))))
        sizes = str(len(self._request)), str(self._bytes)
        command = [sys.executable, "-c", ECHO, *sizes]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def __call__(self) -> None:
        """One round trip."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(self._request)
        came = 0
        while came < self._bytes:
            came += len(self.process.stdout.read(65536) or b"")

    def close(self) -> None:
        """End it."""
        self.process.communicate()


def processor_seconds(pid: int | None) -> float:
    """What the main thread of another process has used until now; 0 where nobody tells."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) * 1e-9
    except OSError:
        return 0.0


def cost(call: Callable[[], Any], pid: int | None) -> Cost:
    """What one call costs in this thread and in the process `pid` together."""
    there, here, begin = processor_seconds(pid), time.thread_time(), time.perf_counter()
    call()
    passed, here = time.perf_counter() - begin, time.thread_time() - here
    return passed * 1e3, (here + processor_seconds(pid) - there) * 1e3


def measured(
    calls: Sequence[tuple[Callable[[], Any], int | None]], rounds: int
) -> list[list[Cost]]:
    """The costs of every call, all calls in turn."""
    found = [[cost(*each) for each in calls] for _ in range(rounds + WARM_UP)]
    return [list(column) for column in zip(*found[WARM_UP:], strict=True)]


def show(label: str, costs: Sequence[Sequence[Cost]]) -> None:
    """Medians of both clocks: here, in a worker, what that is more, their ratio, the floor."""
    for clock, name in enumerate(("time", "processor")):
        here, worker, *floor = ([c[clock] for c in column] for column in costs)
        pairs = list(zip(here, worker, strict=True))
        more = statistics.median(b - a for a, b in pairs)
        ratio = statistics.median(b / a for a, b in pairs)
        middle = [f"{statistics.median(c):9.3f}" for c in (here, worker)]
        least = "".join(f"{statistics.median(f):9.3f}" for f in floor)
        print(f"{label:42} {name:9} {''.join(middle)} {more:+9.3f}  x {ratio:.2f} {least}")


def compare(spec: str, isolated: bc.Isolated, worker: int, rounds: int) -> None:
    """The rows of one case."""
    case = bc.Spec.parse(spec).build()
    echo = Echo(case)
    calls = [
        (lambda: call(loss_and_grads, case), None),
        (lambda: call(isolated, case), worker),
        (echo, echo.process.pid),
    ]
    show(f"call  {spec}", measured(calls, rounds))
    echo.close()
    checks = [
        (lambda: bc.check(loss_and_grads, case, ["complex_step"]), None),
        (lambda: bc.check(isolated, case, ["complex_step"]), worker),
    ]
    show(f"check {spec}", measured(checks, max(rounds // 50, 5)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=500)
    rounds = parser.parse_args().rounds
    start = [cost(lambda: bc.isolated(NAME).close(), None)[0] for _ in range(5)]
    print(f"starting a worker: {statistics.median(start) / 1e3:.2f} s, once; in milliseconds:")
    print(f"{'':52} {'here':>9}{'worker':>9}{'more':>10} {'ratio':>7}{'floor':>9}")
    before = set(children_of(os.getpid()))
    with bc.isolated(NAME) as isolated:
        (worker,) = set(children_of(os.getpid())) - before
        for spec in SPECS:
            compare(spec, isolated, worker, rounds)
    print(f"goal: a call in a worker takes at most {GOAL} ms more than one here, on the first case")


if __name__ == "__main__":
    main()
