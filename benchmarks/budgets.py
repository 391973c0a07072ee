"""How far right implementations are from each other, in units of the measured conditioning.

    python benchmarks/budgets.py [--cases N] [--seed N] [--within LIMITS] [--json PATH]

Every gradient entry of N drawn cases (all default targets, all regimes and kinds of inputs)
by three right implementations: the NumPy reference in the case's dtype, complex step and PyTorch
autograd in float64. The distance of each to the truth is divided by what one unit of
`verdict.Budgets` allows, `u_s k_s + u_64 k_64`. Truth is complex step, or PyTorch where it does not
apply. Printed per regime and dtype: quantiles over all entries, the maximum and where it was. These
numbers back `verdict.Tolerance.units`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import bptt_reference
from support.drawn import SMALL, specs_of_defaults

from bptt_check import oracles
from bptt_check.cases.case import DTYPES, Case
from bptt_check.cases.contract import accept
from bptt_check.cases.generate import REGIMES
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.result import Result
from bptt_check.equations.conditioning import conditioning
from bptt_check.errors import Undecidable
from bptt_check.verdicts.budget import Tolerance

QUANTILES = (0.5, 0.9, 0.99, 0.999)
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Distance:
    """One gradient of one implementation: its entries' distances to the truth, in units."""

    implementation: str
    regime: str
    dtype: str
    parameter: str
    spec: str
    units: Array


def reference(case: Case) -> Result | None:
    """The NumPy reference, read like a subject; None where it overflows or has no such model."""
    if not bptt_reference.supports(case.model):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        accepted = accept(case, bptt_reference.loss_and_grads(case))
    return None if accepted.breaches else accepted.result


def decided(oracle: Callable[[Case], Result]) -> Callable[[Case], Result | None]:
    """The oracle, with None for what it cannot decide."""

    def ask(case: Case) -> Result | None:
        try:
            return oracle(case)
        except Undecidable:
            return None

    return ask


def implementations() -> dict[str, Callable[[Case], Result | None]]:
    """The right implementations by name; the first that answers is the truth."""
    names = [n for n in ("complex_step", "torch") if oracles.available(n)]
    return {n: decided(oracles.load_oracle(n, every_entry=True)) for n in names} | {
        "reference": reference
    }


def distances(case: Case) -> Iterator[Distance]:
    """Distances of every implementation but the one that is the truth, of every gradient."""
    results = {n: r for n, f in implementations().items() if (r := f(case)) is not None}
    truth, *others = results
    exact = conditioning(case, "float64")
    for name in others:
        # the oracles compute in float64, whatever the case's dtype
        own = conditioning(case, case.dtype) if name == "reference" else exact
        for parameter, want in results[truth].grads.items():
            unit = own.error(parameter) + exact.error(parameter)
            gap = np.maximum(
                np.abs(results[name].grads[parameter] - want) - PRECISIONS[own.dtype].tiniest, 0.0
            )
            with np.errstate(divide="ignore"):
                units = np.divide(gap, unit, out=np.zeros(gap.shape), where=gap > 0)
            spec = case.spec
            assert spec is not None
            yield Distance(name, spec.regime, own.dtype, parameter, str(spec), units.ravel())


def row(of_group: Iterable[Distance]) -> dict[str, object]:
    """Quantiles over all entries and the worst one."""
    measured = list(of_group)
    every = np.concatenate([d.units for d in measured])
    worst = max(measured, key=lambda d: float(d.units.max()))
    quantiles = {f"{q:g}": float(np.quantile(every, q)) for q in QUANTILES}
    where = f"{worst.implementation} {worst.parameter}: {worst.spec}"
    return {"entries": every.size, **quantiles, "max": float(every.max()), "worst": where}


def table(measured: list[Distance]) -> list[dict[str, object]]:
    """A row per regime and dtype, then one for everything."""
    groups = [
        ({"regime": r, "dtype": d}, [m for m in measured if (m.regime, m.dtype) == (r, d)])
        for r in REGIMES
        for d in DTYPES
    ]
    rows = [name | row(group) for name, group in groups if group]
    return [*rows, {"regime": "all", "dtype": "both"} | row(measured)]


def line(entry: dict[str, object]) -> str:
    """One row as text."""
    numbers = "".join(f"{entry[k]:>9.3g}" for k in [f"{q:g}" for q in QUANTILES] + ["max"])
    return f"{entry['regime']:>10} {entry['dtype']:>8} {entry['entries']:>9}{numbers}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=600, help="number of cases (default 600)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--within", default=SMALL, help="limits of the cases (default: small ones)")
    parser.add_argument("--json", type=Path, help="write the table there as well")
    options = parser.parse_args()
    specs = specs_of_defaults(options.cases, options.seed, options.within, DTYPES)
    cases = (spec.build() for spec in specs)
    rows = table([distance for case in cases for distance in distances(case)])
    heads = "".join(f"{h:>9}" for h in [*(f"q{100 * q:g}" for q in QUANTILES), "max"])
    print(f"{'regime':>10} {'dtype':>8} {'entries':>9}{heads}", *map(line, rows), sep="\n")
    allowed = Tolerance().units
    print(f"worst: {rows[-1]['worst']}")
    print(
        f"allowed: {allowed:g} units, {allowed / float(str(rows[-1]['max'])):.2g} times the maximum"
    )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
