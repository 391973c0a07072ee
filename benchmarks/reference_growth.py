"""How the reference grows: time with T and H, memory with T for full and truncated BPTT.

The claim is O(T H) memory and O(T H^2) time for one sequence. Prints a table with the exponents
fitted to the larger half of each row (1 is linear, 2 quadratic).
"""

from __future__ import annotations

import statistics
import sys
import time
import tracemalloc
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / name) for name in ("", "reference")]

from bptt_reference import loss_and_grads  # noqa: E402 - a bare checkout is enough

import bptt_check as bc  # noqa: E402
from benchmarks.bench.chart import exponent  # noqa: E402

LONG = [25, 50, 100, 200, 400, 800]
WIDE = [32, 64, 128, 256, 512]
TRUNCATION = bc.Truncation(20, 20)
REPEATS = 7


def case_of(T: int, H: int, truncation: bc.Truncation | None = None) -> bc.Case:
    """An LSTM on one sequence with few inputs, so that the recurrence is what is measured."""
    model = bc.Model("lstm", loss="linear")
    return bc.Spec(model, bc.Sizes(T, 1, 2, H, 1), truncation).build()


def seconds(case: bc.Case) -> float:
    """Median time of one loss and gradient."""
    times: list[float] = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        loss_and_grads(case)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def peak(case: bc.Case) -> int:
    """Largest number of bytes allocated at once, the case itself not counted."""
    loss_and_grads(case)
    tracemalloc.start()
    loss_and_grads(case)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def measure() -> dict[str, tuple[str, list[int], list[float]]]:
    """Name to (what varies, its values, the measurements)."""
    full = {T: case_of(T, 64) for T in LONG}
    cut = {T: case_of(T, 64, TRUNCATION) for T in LONG}
    return {
        "time over T, seconds": ("T", LONG, [seconds(c) for c in full.values()]),
        "time over H, seconds": ("H", WIDE, [seconds(case_of(50, H)) for H in WIDE]),
        "memory over T, full, bytes": ("T", LONG, [float(peak(c)) for c in full.values()]),
        "memory over T, truncated, bytes": ("T", LONG, [float(peak(c)) for c in cut.values()]),
        "memory over H, full, bytes": ("H", WIDE, [float(peak(case_of(400, H))) for H in WIDE]),
    }


def main() -> None:
    """Measure and print the table."""
    for name, (varies, sizes, values) in measure().items():
        cells = "  ".join(f"{size}: {value:.3g}" for size, value in zip(sizes, values, strict=True))
        print(f"{name:36} {varies}  {cells}  slope {exponent(sizes, values):.2f}")


if __name__ == "__main__":
    main()
