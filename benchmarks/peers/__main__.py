"""Check peers' own fast code against peers' own plain code, and print a table.

    python -m benchmarks.peers [--cases N] [--seed N] [--peer NAME] [--dtype NAME] [--json PATH]

What is not installed is said, and left out. Kernels of Triton run in its interpreter, on the CPU,
which has no device to measure the speed of configurations on: the first one is taken.
A verdict other than `pass` is a finding to be examined: a mistake, a limit of the peer's precision,
a convention, or a false alarm. docs/against.md has what was found.
"""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("TRITON_INTERPRET", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import bptt_check as bc

DTYPES = ("float32", "bfloat16")


@dataclass(frozen=True)
class PeerVerdict:
    """What became of a peer in one dtype.

    Args:
        peer: the adapter.
        package: its distribution and version.
        what: what is checked against what.
        dtype: of its arrays.
        cases: how many of each verdict.
        verdict: of the run.
        wrong: outputs and gradients that are not right, each with its worst error in budgets.
        finding: the first line of the message.
        seconds: of this run.
    """

    peer: str
    package: str
    what: str
    dtype: str
    cases: dict[str, int]
    verdict: str
    wrong: dict[str, float]
    finding: str
    seconds: float


def judged(name: str, module: Any, dtype: str, cases: int, seed: int) -> PeerVerdict:
    """A peer in one dtype."""
    begin = time.process_time()
    report = bc.verify_against(
        module.kernel, module.reference, module.INPUTS, cases, (dtype,), seed
    )
    table, wrong = report.table, dict[str, float]()
    columns = (table[column] for column in ("verdict", "parameter", "max_budgets"))
    for verdict, parameter, budgets in zip(*columns, strict=True):
        if verdict not in ("pass", "inconclusive", "unsupported"):
            wrong[parameter] = max(wrong.get(parameter, 0.0), float(budgets))
    return PeerVerdict(
        name,
        f"{module.PACKAGE} {version(module.PACKAGE)}",
        (module.__doc__ or "").strip().splitlines()[0],
        dtype,
        {str(v): n for v, n in report.cases.items() if n},
        "pass" if report.passed else str(report.verdict),
        wrong,
        "" if report.passed else report.message.strip().splitlines()[0],
        time.process_time() - begin,
    )


def without_tuning() -> None:
    """Have kernels of Triton in their first configuration, where the interpreter runs them."""
    if os.environ["TRITON_INTERPRET"] == "1" and find_spec("triton"):
        from triton.runtime.autotuner import Autotuner

        Autotuner.prune_configs = lambda tuner, _: tuner.configs[:1]


def adapters() -> list[str]:
    """The names of all adapters."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name for module in found if not module.name.startswith("_"))


def loaded(names: list[str]) -> Iterator[tuple[str, Any]]:
    """The adapters that can be imported; of the others why not."""
    for name in names:
        try:
            module = import_module(f"benchmarks.peers.{name}")
            version(module.PACKAGE)
        except (ImportError, PackageNotFoundError, OSError, RuntimeError) as error:
            print(f"{name}: left out, {type(error).__name__}: {error}", flush=True)
        else:
            yield name, module


def row(peer: PeerVerdict) -> str:
    """A line of the table."""
    cases = ", ".join(f"{n} {verdict}" for verdict, n in peer.cases.items())
    wrong = ", ".join(f"{name} {budgets:.3g}" for name, budgets in peer.wrong.items())
    cells = (peer.peer, peer.package, peer.dtype, cases, peer.verdict, wrong, peer.finding)
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Check and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=20, help="of each peer and dtype (default 20)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peer", action="append", choices=adapters(), help="default: all")
    parser.add_argument("--dtype", action="append", choices=DTYPES, help="default: both")
    parser.add_argument("--json", type=Path, help="write the verdicts there as well")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    without_tuning()
    peers = list[PeerVerdict]()
    print("| peer | package | dtype | cases | verdict | worst budgets | finding |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, module in loaded(options.peer or adapters()):
        for dtype in options.dtype or getattr(module, "DTYPES", DTYPES):
            peers.append(judged(name, module, dtype, options.cases, options.seed))
            print(row(peers[-1]), flush=True)
            if options.json:
                told = json.dumps([asdict(peer) for peer in peers], indent=1)
                options.json.write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
