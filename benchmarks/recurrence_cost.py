"""What it costs to judge a kernel on one case, beside the reference's own float64 time.

    python benchmarks/recurrence_cost.py [--steps N] [--width N] [--dtype NAME] [--rounds N]

The case is one of the gated delta rule of `examples/recurrences` with so many steps, one sequence
and K = V = width; processor time. Printed are one forward and backward pass of the reference in
float64, what `bc.verify_against` takes in all, in multiples of that, and what each stage takes;
medians over rounds, of which the first one, where everything is warmed up, does not count.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

from recurrences import gated_delta_rule

import bptt_check as bc
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceCase
from bptt_check.cases.timing.stage_clock import StageClock, counted_by
from bptt_check.recurrences.code import reference_code

WHOLE, REFERENCE, CALLS = "in all", "reference forward and backward", "kernel calls"


def inputs_of(steps: int, width: int) -> bc.Inputs:
    """Those of the example, of one size."""
    arrays: dict[str, Any] = {**gated_delta_rule.INPUTS.values}
    return bc.Inputs(**arrays, sizes={"T": steps, "B": 1, "K": width, "V": width}, time="T")


def case_of(inputs: bc.Inputs, line: str) -> RecurrenceCase:
    """The case of a line."""
    code = reference_code(gated_delta_rule.reference)
    return Recurrence("reference", inputs, code).spec_of(line).build()


def reference_seconds(case: RecurrenceCase) -> float:
    """One evaluation of outputs and gradients in float64."""
    begin = time.process_time()
    wrt = case.model.inputs.differentiated
    case.model.reference.gradients(case.arrays, case.cotangents, wrt)
    return time.process_time() - begin


def judging_seconds(inputs: bc.Inputs, line: str, dtype: str) -> dict[str, float]:
    """Seconds of each stage and in all, and how many calls of the kernel there were."""
    calls = 0

    def kernel(**arrays: Any) -> Any:
        nonlocal calls
        calls += 1
        return gated_delta_rule.kernel(**arrays)

    begin = time.process_time()
    with counted_by(StageClock(now=time.process_time)) as clock:
        report = bc.verify_against(
            kernel, gated_delta_rule.reference, inputs, dtypes=(dtype,), case=line
        )
    whole = time.process_time() - begin
    assert report.passed, report.message
    stages = {f"{stage} {name}".strip(): s for (stage, name), s in clock.seconds.items()}
    return {WHOLE: whole, **stages, "rest": whole - sum(stages.values()), CALLS: calls}


def medians(rounds: list[dict[str, float]]) -> Mapping[str, float]:
    """Of each number."""
    return {name: statistics.median(own.get(name, 0.0) for own in rounds) for name in rounds[-1]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=256)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    inputs = inputs_of(options.steps, options.width)
    sizes = f"T={options.steps} B=1 K={options.width} V={options.width}"
    rounds = list[dict[str, float]]()
    for seed in range(options.rounds + 1):
        line = f"reference {sizes} dtype={options.dtype} seed={seed}"
        own = {REFERENCE: reference_seconds(case_of(inputs, line))}
        rounds.append(own | judging_seconds(inputs, line, options.dtype))
    found = medians(rounds[1:])
    one = found[REFERENCE]
    for name, number in found.items():
        told = f"{number:.0f}" if name == CALLS else f"{number:.3f} s, {number / one:.1f} times"
        print(f"{name}: {told}")


if __name__ == "__main__":
    main()
