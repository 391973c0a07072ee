"""How the reference grows: time with T and H, memory with T for full and truncated BPTT.

The claim is O(T H) memory and O(T H^2) time for one sequence. Prints a table with the exponents
fitted to the largest half of each row (1 is linear, 2 quadratic) and writes a figure.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from pathlib import Path

import numpy as np
from bptt_reference import loss_and_grads

import bptt_check as bc

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


def exponent(sizes: list[int], values: list[float]) -> float:
    """Slope of the log-log line through the larger half of the sizes."""
    half = len(sizes) // 2
    slope, _ = np.polyfit(np.log(sizes[half:]), np.log(values[half:]), 1)
    return float(slope)


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


def draw(measurements: dict[str, tuple[str, list[int], list[float]]], path: Path) -> None:
    """The measurements as log-log lines, one panel for what varies."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(measurements), figsize=(4 * len(measurements), 3.5))
    for axis, (name, (varies, sizes, values)) in zip(axes, measurements.items(), strict=True):
        axis.loglog(sizes, values, marker="o")
        axis.set(title=f"{name}\nslope {exponent(sizes, values):.2f}", xlabel=varies)
        axis.grid(visible=True, which="both", alpha=0.3)
    figure.tight_layout()
    figure.savefig(path)
    print(f"figure: {path}")


def main() -> None:
    """Measure, print the table, write the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", type=Path, default=Path("reports/reference_growth.svg"))
    arguments = parser.parse_args()
    measurements = measure()
    for name, (varies, sizes, values) in measurements.items():
        cells = "  ".join(f"{size}: {value:.3g}" for size, value in zip(sizes, values, strict=True))
        print(f"{name:36} {varies}  {cells}  slope {exponent(sizes, values):.2f}")
    arguments.figure.parent.mkdir(parents=True, exist_ok=True)
    draw(measurements, arguments.figure)


if __name__ == "__main__":
    main()
