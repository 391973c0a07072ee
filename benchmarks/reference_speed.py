"""Speed and memory of the NumPy reference beside PyTorch, on an LSTM, on one thread.

    python benchmarks/reference_speed.py [--rounds N] [--json PATH]
    python benchmarks/reference_speed.py --against CHECKOUT [--rounds N] [--json PATH]

Three contenders compute the same loss and the same gradients (every parameter, x, h0, c0) from the
same arrays: the reference, `torch.nn.LSTM`, and PyTorch autograd over the reference's Python loop.
A fourth does the matrix products of the reference and nothing else: what NumPy cannot go below.
They take turns within each round, so that whatever else the machine does hits all of them; reported
is the median over the rounds of the ratio of processor times within one round. Below 1 the
reference is faster.

With `--against` the one peer is the reference of another checkout, in the same process, for every
cell: what a change of the reference does to its speed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

# Some environments pin the BLAS of NumPy, but not that of PyTorch, to an older kind of processor.
# BLAS reads these variables when it is loaded, hence a fresh process without them.
PINS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
if __name__ == "__main__" and (
    any(pin in os.environ for pin in PINS) or not ONE_THREAD.items() <= os.environ.items()
):
    free = {name: value for name, value in os.environ.items() if name not in PINS} | ONE_THREAD
    raise SystemExit(subprocess.run([sys.executable, *sys.argv], env=free, check=False).returncode)

import numpy as np  # noqa: E402 - see PINS
import torch  # noqa: E402 - see PINS
from reference_peers import (  # noqa: E402 - see PINS
    NAMES,
    Contender,
    contenders,
    draw_case,
    loss_and_grads,
)

SIZES = ((100, 64, 256, 256), (64, 32, 64, 128), (32, 8, 16, 32), (8, 3, 4, 5))
"""T, B, D, H."""
AGREEMENT = {"float64": 1e-10, "float32": 1e-3}
"""Largest difference of a gradient, relative to its largest entry, by dtype."""
CELLS = (("rnn", True), ("lstm", True), ("gru", True), ("gru", False))
"""With whether the reset gate comes after the product."""


def check_agreement(runs: dict[str, Contender], dtype: str) -> float:
    """Largest difference of a gradient from the reference's, relative to its largest entry."""
    _, ours = runs["reference"]()
    worst = 0.0
    for name in NAMES[1:3]:
        _, theirs = runs[name]()
        for key, g in ours.items():
            worst = max(worst, float(np.abs(g - theirs[key].numpy()).max() / np.abs(g).max()))
    if worst > AGREEMENT[dtype]:
        raise SystemExit(
            f"The contenders disagree by {worst:.1e}: no comparison of speed is valid."
        )
    return worst


def seconds(run: Contender, repeats: int) -> float:
    """Processor time of one call, averaged over `repeats`."""
    start = time.process_time()
    for _ in range(repeats):
        run()
    return (time.process_time() - start) / repeats


def measure(size: tuple[int, int, int, int], dtype: str, rounds: int) -> dict[str, Any]:
    """Times and ratios of one size, beside PyTorch."""
    runs = contenders(draw_case(size, dtype))
    agreement = check_agreement(runs, dtype)
    record = {"size": size, "dtype": dtype, "rounds": rounds, "disagreement": agreement}
    return record | take_turns(runs, rounds)


def take_turns(runs: dict[str, Contender], rounds: int) -> dict[str, Any]:
    """Milliseconds of each, and quartiles of the ratios of the first one's times to the others'.

    Small ones are repeated until a round takes about 50 ms.
    """
    names = list(runs)
    repeats = {name: max(1, round(0.05 / seconds(run, 2))) for name, run in runs.items()}
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        for name in np.roll(names, number):  # nobody always runs after the same neighbour
            times[name].append(seconds(runs[name], repeats[name]))
    record: dict[str, Any] = {
        "milliseconds": {name: 1e3 * statistics.median(times[name]) for name in names}
    }
    for name in names[1:]:
        ratios = [a / b for a, b in zip(times[names[0]], times[name], strict=True)]
        low, mid, high = statistics.quantiles(ratios, n=4)
        record[f"ratio to {name}"] = {"lower quartile": low, "median": mid, "upper quartile": high}
    return record


def reference_of(checkout: Path) -> Callable[[Any], tuple[float, dict[str, Any]]]:
    """`loss_and_grads` of another checkout, its package loaded beside ours under another name."""
    file = checkout / "reference" / "bptt_reference" / "__init__.py"
    spec = importlib.util.spec_from_file_location("other_reference", file)
    if not file.exists() or spec is None or spec.loader is None:
        raise SystemExit(f"{checkout} is no checkout: there is no {file}.")
    package = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = package
    spec.loader.exec_module(package)
    return package.loss_and_grads


def compare(checkout: Path, rounds: int) -> list[dict[str, Any]]:
    """Times of our reference and of another checkout's, and how far their gradients differ."""
    theirs, records = reference_of(checkout), []
    print(f"\n{'cell':>18} {'T, B, D, H':>20} {'dtype':>8} {'reference':>12} {'other':>12}", end="")
    print("   ratio (median, quartiles)   difference in eps of the largest entry")
    for (cell, reset_after), size, dtype in product(CELLS, SIZES, AGREEMENT):
        case = draw_case(size, dtype, cell, reset_after)
        runs = {"reference": partial(loss_and_grads, case), "other": partial(theirs, case)}
        (_, grads), (_, other) = (run() for run in runs.values())
        worst = max(float(np.abs(g - other[n]).max() / np.abs(g).max()) for n, g in grads.items())
        name = cell if reset_after else f"{cell} reset before"
        record = {"cell": name, "size": size, "dtype": dtype, "rounds": rounds}
        record |= {"difference in eps": worst / np.finfo(dtype).eps} | take_turns(runs, rounds)
        records.append(record)
        low, mid, high = record["ratio to other"].values()
        print(f"{name:>18} {', '.join(map(str, size)):>20} {dtype:>8}", end="")
        print("".join(f"{ms:10.2f} ms" for ms in record["milliseconds"].values()), end="")
        print(
            f"   {mid:.3f} ({low:.3f}..{high:.3f})   {record['difference in eps']:.1f}", flush=True
        )
    return records


def memory(T: int, H: int) -> float:
    """Peak MiB of one call of the reference, 8 sequences and 16 inputs."""
    case = draw_case((T, 8, 16, H))
    loss_and_grads(case)
    tracemalloc.start()
    loss_and_grads(case)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20


def setting() -> dict[str, Any]:
    """What the numbers depend on."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "cores": os.cpu_count(),
        "torch threads": torch.get_num_threads(),
        "BLAS threads": os.environ.get("OPENBLAS_NUM_THREADS", f"{os.cpu_count()} (default)"),
    }


def print_speed(records: list[dict[str, Any]]) -> None:
    """One line per size: milliseconds of each contender, then the ratios."""
    print(f"\n{'T, B, D, H':>20} {'dtype':>8}", end="")
    print("".join(f"{name:>18}" for name in NAMES), end="")
    print("   ratio to " + ", to ".join(NAMES[1:]) + " (median, quartiles); products to nn.LSTM")
    for record in records:
        print(f"{', '.join(map(str, record['size'])):>20} {record['dtype']:>8}", end="")
        times = record["milliseconds"]
        print("".join(f"{ms:15.2f} ms" for ms in times.values()), end="   ")
        for name in NAMES[1:]:
            low, mid, high = record[f"ratio to {name}"].values()
            print(f"{mid:.2f} ({low:.2f}..{high:.2f})", end="    ")
        print(f"{times['matrix products'] / times['torch.nn.LSTM']:.2f}", flush=True)


def print_memory(records: list[dict[str, Any]]) -> None:
    """One line per size: peak memory, and per step and unit."""
    print("\nmemory of the reference, B = 8, D = 16")
    for r in records:
        per_unit = r["MiB"] * 2**20 / (8 * r["T"] * r["H"] * 8)
        print(
            f"T = {r['T']:5}, H = {r['H']:4}: {r['MiB']:8.2f} MiB, {per_unit:5.1f} floats per T*B*H"
        )


def main() -> None:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=15, help="rounds per size")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the numbers there, too")
    parser.add_argument(
        "--against", type=Path, metavar="CHECKOUT", help="compare with that reference instead"
    )
    wanted = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in setting().items()))
    record: dict[str, Any] = {"setting": setting()}
    if wanted.against:
        record["against"] = compare(wanted.against, wanted.rounds)
    else:
        record |= beside_torch(wanted.rounds)
    if wanted.json:
        wanted.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def beside_torch(rounds: int) -> dict[str, Any]:
    """Speed of all contenders, and memory of the reference."""
    speed = [measure(size, dtype, rounds) for dtype, size in product(AGREEMENT, SIZES)]
    print_speed(speed)
    sizes = [(T, 64) for T in (100, 200, 400)] + [(200, H) for H in (32, 128)]
    used = [{"T": T, "H": H, "MiB": memory(T, H)} for T, H in sizes]
    print_memory(used)
    return {"speed": speed, "memory": used}


if __name__ == "__main__":
    main()
