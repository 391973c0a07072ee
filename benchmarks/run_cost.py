"""What a verification costs per case, beside that of another checkout.

    python benchmarks/run_cost.py [--against CHECKOUT] [--cases N] [--rounds N] [--models NAME ...]

Each round starts one process per checkout and model, in turns, so that whatever else the machine
does hits all of them; a process verifies the NumPy reference of its own checkout on N cases of one
model after a few to warm up, on one thread, and reports the processor time per case. Printed are
the medians over the rounds, in multiples of one call of the reference on such a case too, and the
ratio of the two checkouts within each round.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HERE)]

from benchmarks.bench.child import environment  # noqa: E402 - a bare checkout is enough

MODELS = ("rnn-tanh", "lstm", "gru+2layers", "lstm+truncated")

MEASURE = """
import json, sys, time
import bptt_check as bc
from bptt_reference import loss_and_grads

model, cases = sys.argv[1], int(sys.argv[2])
calls = []

def subject(case):
    begin = time.process_time()
    answer = loss_and_grads(case)
    calls.append(time.process_time() - begin)
    return answer

bc.verify(subject, [model], cases=min(cases, 16), seed=1)
bc.verify(subject, [model], cases=2, within="T=4 B=2 D=3 H=4 O=3")  # small: by every oracle
calls.clear()
begin = time.process_time()
report = bc.verify(subject, [model], cases=cases)
spent = time.process_time() - begin
print(json.dumps([spent / cases, sum(calls) / len(calls), str(report.verdict)]))
"""


def measured(checkout: Path, model: str, cases: int) -> tuple[float, float, str]:
    """Seconds per case, seconds per call of the reference, and the verdict."""
    command = [sys.executable, "-c", MEASURE, model, str(cases)]
    done = subprocess.run(
        command,
        env=environment(checkout),
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )  # there, as Python looks for modules in the working directory first
    if done.returncode:
        raise SystemExit(f"{checkout}: {done.stderr}")
    case, call, verdict = json.loads(done.stdout.splitlines()[-1])
    return case, call, verdict


def main() -> None:
    """Measure in turns, print a line per model."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--against", type=Path)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=MODELS)
    options = parser.parse_args()
    checkouts = [HERE, *([options.against.resolve()] if options.against else [])]
    for model in options.models:
        rounds = [
            [measured(path, model, options.cases) for path in checkouts]
            for _ in range(options.rounds)
        ]
        line = f"{model:24}"
        for of_checkout in zip(*rounds, strict=True):
            case = statistics.median(one[0] for one in of_checkout)
            times = statistics.median(one[0] / one[1] for one in of_checkout)
            line += f"  {1000 * case:7.1f} ms per case ({times:4.0f} calls) {of_checkout[0][2]}"
        if options.against:
            ratio = statistics.median(ours[0] / theirs[0] for ours, theirs in rounds)
            line += f"  ratio {ratio:.2f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
