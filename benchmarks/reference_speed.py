"""Speed and memory of the NumPy reference beside PyTorch, on an LSTM in float64.

    python benchmarks/reference_speed.py [--rounds N] [--json PATH]
    python benchmarks/reference_speed.py --against CHECKOUT [--rounds N] [--json PATH]

Three contenders compute the same loss and the same gradients (every parameter, x, h0, c0) from the
same arrays: the reference, `torch.nn.LSTM`, and PyTorch autograd over the reference's Python loop.
They take turns within each round, so that whatever else the machine does hits all of them; reported
is the median over the rounds of the ratio within one round. Below 1 the reference is faster.

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
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# Some environments pin the BLAS of NumPy, but not that of PyTorch, to an older kind of processor.
# BLAS reads these variables when it is loaded, hence a fresh process without them.
PINS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
if __name__ == "__main__" and any(pin in os.environ for pin in PINS):
    free = {name: value for name, value in os.environ.items() if name not in PINS}
    raise SystemExit(subprocess.run([sys.executable, *sys.argv], env=free, check=False).returncode)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))

import numpy as np  # noqa: E402 - see PINS
import torch  # noqa: E402 - see PINS
from bptt_reference import loss_and_grads  # noqa: E402 - a bare checkout is enough

SIZES = ((100, 64, 256, 256), (64, 32, 64, 128), (32, 8, 16, 32), (8, 3, 4, 5))
NAMES = ("reference", "torch.nn.LSTM", "autograd loop")
CELLS = (("rnn", True), ("lstm", True), ("gru", True), ("gru", False))
"""With whether the reset gate comes after the product."""
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
Contender = Callable[[], tuple[float, dict[str, Any]]]


def draw_case(
    T: int, B: int, D: int, H: int, cell: str = "lstm", reset_after: bool = True
) -> SimpleNamespace:
    """Linear loss, standard normal data and weights of size 1/sqrt(H)."""
    normal, rows = np.random.default_rng(0).standard_normal, GATES[cell] * H
    shapes: dict[str, tuple[int, ...]] = {"W_xh_l0": (rows, D), "W_hh_l0": (rows, H)}
    biases = ("b_xh_l0", "b_hh_l0") if cell == "gru" and reset_after else ("b_h_l0",)
    shapes |= dict.fromkeys(biases, (rows,))
    model = SimpleNamespace(cell=cell, activation="tanh", reset_after=reset_after, layers=1)
    model.bidirectional, model.bias = False, True
    model.loss, model.readout, model.reduction = "linear", "every", "sum"
    states = {name: normal((1, B, H)) for name in ("h0", "c0", "cotangent_h_n", "cotangent_c_n")}
    if cell != "lstm":
        states["c0"] = states["cotangent_c_n"] = None
    return SimpleNamespace(
        model=model,
        truncation=None,
        lengths=None,
        params={name: normal(shape) / H**0.5 for name, shape in shapes.items()},
        x=normal((T, B, D)),
        targets=normal((T, B, H)),
        **states,
    )


def contenders(case: SimpleNamespace) -> dict[str, Contender]:
    """The three ways to the same numbers, each ready to be called again and again."""
    return dict(zip(NAMES, (lambda: loss_and_grads(case), module(case), loop(case)), strict=True))


def module(case: SimpleNamespace) -> Contender:
    """`torch.nn.LSTM`; no gradient is asked of its second bias, which only saves it work."""
    lstm = torch.nn.LSTM(case.x.shape[-1], case.h0.shape[-1], dtype=torch.float64)
    leaves = leaves_of(case)
    own = {"W_xh_l0": "weight_ih_l0", "W_hh_l0": "weight_hh_l0", "b_h_l0": "bias_ih_l0"}
    for name, theirs in own.items():
        getattr(lstm, theirs).data.copy_(leaves[name].data)
        leaves[name] = getattr(lstm, theirs)
    lstm.bias_hh_l0.data.zero_()
    lstm.bias_hh_l0.requires_grad_(False)

    def run() -> tuple[float, dict[str, Any]]:
        h, (h_n, c_n) = lstm(leaves["x"], (leaves["h0"], leaves["c0"]))
        return differentiated(case, h, h_n, c_n, leaves)

    return run


def loop(case: SimpleNamespace) -> Contender:
    """Autograd over the reference's loop: one product for all inputs, then step by step."""
    leaves = leaves_of(case)

    def run() -> tuple[float, dict[str, Any]]:
        h_t, c_t, hidden = leaves["h0"][0], leaves["c0"][0], []
        a_x = torch.addmm(leaves["b_h_l0"], leaves["x"].flatten(0, 1), leaves["W_xh_l0"].T)
        for a_t in a_x.unflatten(0, leaves["x"].shape[:2]).unbind(0):
            a_i, a_f, a_g, a_o = (a_t + h_t @ leaves["W_hh_l0"].T).chunk(4, dim=1)
            c_t = torch.sigmoid(a_f) * c_t + torch.sigmoid(a_i) * torch.tanh(a_g)
            h_t = torch.sigmoid(a_o) * torch.tanh(c_t)
            hidden.append(h_t)
        return differentiated(case, torch.stack(hidden), h_t[None], c_t[None], leaves)

    return run


def leaves_of(case: SimpleNamespace) -> dict[str, Any]:
    """Tensors to differentiate with respect to, by the names of the case."""
    arrays = {**case.params, "x": case.x, "h0": case.h0, "c0": case.c0}
    return {name: torch.tensor(a, requires_grad=True) for name, a in arrays.items()}


def differentiated(
    case: SimpleNamespace, h: Any, h_n: Any, c_n: Any, leaves: dict[str, Any]
) -> tuple[float, dict[str, Any]]:
    """The linear loss and its gradients by autograd."""
    loss = (torch.from_numpy(case.targets) * h).sum()
    loss = loss + (torch.from_numpy(case.cotangent_h_n) * h_n).sum()
    loss = loss + (torch.from_numpy(case.cotangent_c_n) * c_n).sum()
    grads = torch.autograd.grad(loss, list(leaves.values()))
    return loss.item(), dict(zip(leaves, grads, strict=True))


def check_agreement(runs: dict[str, Contender]) -> float:
    """Largest difference of a gradient from the reference's, relative to its largest entry."""
    _, ours = runs["reference"]()
    worst = 0.0
    for name in NAMES[1:]:
        _, theirs = runs[name]()
        for key, g in ours.items():
            worst = max(worst, float(np.abs(g - theirs[key].numpy()).max() / np.abs(g).max()))
    if worst > 1e-10:
        raise SystemExit(
            f"The contenders disagree by {worst:.1e}: no comparison of speed is valid."
        )
    return worst


def seconds(run: Contender, repeats: int) -> float:
    """Time of one call, averaged over `repeats`."""
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


def measure(size: tuple[int, int, int, int], rounds: int) -> dict[str, Any]:
    """Times and ratios of one size, beside PyTorch."""
    runs = contenders(draw_case(*size))
    agreement = check_agreement(runs)
    return {"size": size, "rounds": rounds, "disagreement": agreement, **take_turns(runs, rounds)}


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
    """Times of our reference and of another checkout's, and whether they agree to the last bit."""
    theirs, records = reference_of(checkout), []
    print(f"\n{'cell':>18} {'T, B, D, H':>20} {'reference':>12} {'other':>12}", end="")
    print("   ratio (median, quartiles)   same bits")
    for cell, reset_after in CELLS:
        for size in SIZES:
            case = draw_case(*size, cell, reset_after)
            runs = {"reference": partial(loss_and_grads, case), "other": partial(theirs, case)}
            (loss, grads), (other_loss, other) = (run() for run in runs.values())
            same = loss == other_loss and all(np.array_equal(g, other[n]) for n, g in grads.items())
            name = cell if reset_after else f"{cell} reset before"
            record = {"cell": name, "size": size, "rounds": rounds, "same bits": same}
            record |= take_turns(runs, rounds)
            records.append(record)
            low, mid, high = record["ratio to other"].values()
            print(f"{name:>18} {', '.join(map(str, size)):>20}", end="")
            print("".join(f"{ms:10.2f} ms" for ms in record["milliseconds"].values()), end="")
            print(f"   {mid:.3f} ({low:.3f}..{high:.3f})   {same}", flush=True)
    return records


def memory(T: int, H: int) -> float:
    """Peak MiB of one call of the reference, 8 sequences and 16 inputs."""
    case = draw_case(T, 8, 16, H)
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
    print(f"\n{'T, B, D, H':>20} {'reference':>12} {'nn.LSTM':>11} {'loop':>11}", end="")
    print("   ratio to nn.LSTM     ratio to loop        (median, quartiles)")
    for record in records:
        print(f"{', '.join(map(str, record['size'])):>20}", end="")
        print("".join(f"{ms:9.2f} ms" for ms in record["milliseconds"].values()), end="   ")
        for name in NAMES[1:]:
            low, mid, high = record[f"ratio to {name}"].values()
            print(f"{mid:.2f} ({low:.2f}..{high:.2f})", end="    ")
        print(flush=True)


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
    speed = [measure(size, rounds) for size in SIZES]
    print_speed(speed)
    sizes = [(T, 64) for T in (100, 200, 400)] + [(200, H) for H in (32, 128)]
    used = [{"T": T, "H": H, "MiB": memory(T, H)} for T, H in sizes]
    print_memory(used)
    return {"speed": speed, "memory": used}


if __name__ == "__main__":
    main()
