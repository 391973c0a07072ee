"""Whether another checkout gives the same verdicts, worst entries and floors.

    python benchmarks/same_results.py --against CHECKOUT [--cases N] [--models NAME ...]

Both checkouts verify the NumPy reference of this one on the same cases, `N` in all (2,000 unless
told) of all default models in both precisions, each in one process; every row of every case is
compared. A worst entry is where a gradient is farthest from an oracle's, and by how many budgets; a
floor is the smallest relative error that would have shown. An oracle that answers in one of the two
alone (a share of the cases is proven) is counted, and no difference. Printed are how many verdicts
and places differ, and the largest difference of each number with its case. The exit status is 1 if
there is another verdict, or a case or row that only one of the two has; numbers may differ by
rounding.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SHOWN = 5
"""Places that are named of each kind of difference."""


class Key(NamedTuple):
    """A row: a gradient of a case against an oracle; no gradient and no oracle for the case."""

    model: str
    spec: str
    parameter: str = ""
    oracle: str = ""

    def __str__(self) -> str:
        row = f" {self.parameter} by {self.oracle}" if self.parameter else ""
        return f"{self.model}: {self.spec}{row}"


@dataclass(frozen=True)
class Result:
    """What is compared of a row, or of a case, which has a verdict alone."""

    verdict: str
    reason: str = ""
    index: tuple[int, ...] = ()
    budgets: float = math.nan
    floor: float = math.nan
    floor_any: float = math.nan

    @property
    def asked(self) -> bool:
        """Whether the oracle had an answer to compare with."""
        return self.verdict != "unsupported"


class Apart(NamedTuple):
    """The largest difference of a number, and where it is."""

    difference: float
    key: Key | None


@dataclass(frozen=True)
class Differences:
    """How far two sets of results are apart.

    Args:
        compared: results that both have.
        only_one: those that only one of them has.
        asked_by_one: rows whose oracle answered in one of them alone; nothing else counts these.
        verdicts, reasons, places: those that differ; a place is the index of a worst entry.
        budgets: of worst entries, in budgets.
        at_other_places: the same, of those at other places alone.
        floors: relative.
    """

    compared: int
    only_one: list[Key]
    asked_by_one: list[Key]
    verdicts: list[Key]
    reasons: list[Key]
    places: list[Key]
    budgets: Apart
    at_other_places: Apart
    floors: Apart

    @property
    def same(self) -> bool:
        """Whether all verdicts are there, and equal."""
        return not (self.only_one or self.verdicts)


def differences(ours: Mapping[Key, Result], theirs: Mapping[Key, Result]) -> Differences:
    """Compare results with others, key by key."""
    common = [key for key in ours if key in theirs]
    by_one = [key for key in common if key.oracle and ours[key].asked != theirs[key].asked]
    left_out = set(by_one)
    both = [key for key in common if key not in left_out]

    def differing(value: Callable[[Result], object]) -> list[Key]:
        return [key for key in both if value(ours[key]) != value(theirs[key])]

    def apart(distance: Callable[[Result, Result], float], keys: Sequence[Key]) -> Apart:
        found = ((distance(ours[key], theirs[key]), key) for key in keys)
        return Apart(*max(found, key=lambda pair: pair[0], default=(0.0, None)))

    places = differing(lambda r: r.index)
    return Differences(
        compared=len(both),
        only_one=[*(k for k in ours if k not in theirs), *(k for k in theirs if k not in ours)],
        asked_by_one=by_one,
        verdicts=differing(lambda r: r.verdict),
        reasons=differing(lambda r: r.reason),
        places=places,
        budgets=apart(lambda a, b: distance(a.budgets, b.budgets), both),
        at_other_places=apart(lambda a, b: distance(a.budgets, b.budgets), places),
        floors=apart(_of_floors, both),
    )


def distance(one: float, other: float) -> float:
    """Absolute difference; nothing between two equal infinities or two that are not there."""
    if one == other or (math.isnan(one) and math.isnan(other)):
        return 0.0
    difference = abs(one - other)
    return math.inf if math.isnan(difference) else difference


def relative(one: float, other: float) -> float:
    """Difference beside the larger of the two."""
    difference, size = distance(one, other), max(abs(one), abs(other))
    return difference / size if 0.0 < difference < math.inf else difference


def _of_floors(one: Result, other: Result) -> float:
    return max(relative(one.floor, other.floor), relative(one.floor_any, other.floor_any))


def lines(found: Differences) -> Iterator[str]:
    """What to print."""
    yield f"{found.compared:,} results compared, of cases and of rows"
    for name, keys in (
        ("are of one checkout alone", found.only_one),
        ("have an answer of their oracle in one checkout alone", found.asked_by_one),
        ("have another verdict", found.verdicts),
        ("have another reason", found.reasons),
        ("have their worst entry at another place", found.places),
    ):
        yield f"{len(keys):,} {name}"
        yield from (f"    {key}" for key in keys[:SHOWN])
    for name, (size, key) in (
        ("budgets of a worst entry", found.budgets),
        ("the same, where it is at another place", found.at_other_places),
        ("relative difference of a floor", found.floors),
    ):
        yield f"largest difference: {name}: {size:.3g}" + (f" at {key}" if size else "")


HEAD = (
    *("oracle", "results", "by one", "verdicts", "reasons"),
    *("places", "budgets", "elsewhere", "floors"),
)


def table(ours: Mapping[Key, Result], theirs: Mapping[Key, Result]) -> Iterator[str]:
    """The same for each oracle, a line each; the verdicts of cases are of none."""
    yield "".join(f"{head:>18}" if not n else f"{head:>11}" for n, head in enumerate(HEAD))
    for oracle in dict.fromkeys(key.oracle for key in (*ours, *theirs)):
        found = differences(_of_oracle(ours, oracle), _of_oracle(theirs, oracle))
        keys = (found.asked_by_one, found.verdicts, found.reasons, found.places)
        sizes = (found.budgets, found.at_other_places, found.floors)
        yield "".join(
            [
                f"{oracle or 'cases':>18}{found.compared:>11,}",
                *(f"{len(of_kind):>11,}" for of_kind in keys),
                *(f"{size.difference:>11.2g}" for size in sizes),
            ]
        )


def _of_oracle(results: Mapping[Key, Result], oracle: str) -> dict[Key, Result]:
    return {key: result for key, result in results.items() if key.oracle == oracle}


def results_of(checkout: Path, cases: int, models: Sequence[str]) -> dict[Key, Result]:
    """The results of a checkout, from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.jsonl"
        command = [sys.executable, __file__, "--write", str(path), "--cases", str(cases)]
        command += ["--models", *models] if models else []
        done = subprocess.run(command, env=_variables(checkout), cwd=checkout, check=False)
        if done.returncode:
            raise SystemExit(f"{checkout} cannot be compared: its run ended with an error.")
        with path.open(encoding="utf-8") as file:
            return dict(read(line) for line in file)


def _variables(checkout: Path) -> dict[str, str]:
    """The variables of a process with the package of a checkout, and the reference of this one."""
    sys.path.append(str(ROOT))  # in this process alone: the other one must not find our package
    from benchmarks.bench.child import environment

    paths = os.pathsep.join([str(checkout), str(ROOT / "reference")])
    return environment(checkout) | {"PYTHONPATH": paths}


def read(line: str) -> tuple[Key, Result]:
    """A line of what `write` wrote."""
    key, (verdict, reason, index, *numbers) = json.loads(line)
    return Key(*key), Result(verdict, reason, tuple(index), *numbers)


def write(path: Path, cases: int, models: Sequence[str]) -> None:
    """Verify the reference with the package in the working directory, a line per case and row."""
    import bptt_check

    if Path.cwd() not in Path(bptt_check.__file__).parents:
        raise SystemExit(f"{Path.cwd()} is no checkout: it holds no package bptt_check.")
    with path.open("w", encoding="utf-8") as file:
        for key, result in _own_results(cases, models):
            numbers = (result.budgets, result.floor, result.floor_any)
            content = [key, [result.verdict, result.reason, result.index, *numbers]]
            file.write(json.dumps(content) + "\n")


def _own_results(cases: int, models: Sequence[str]) -> Iterator[tuple[Key, Result]]:
    from bptt_reference import loss_and_grads

    from bptt_check import api
    from bptt_check.cases.targets import default_targets, parse_targets
    from bptt_check.runs.check import Setup
    from bptt_check.runs.target_cases import Plan, check_target

    targets = [t for m in models for t in parse_targets(m)] or default_targets()
    each = math.ceil(cases / len(targets))
    plan = Plan(tuple(targets), cases=each, dtypes=("float64", "float32"))
    setup = Setup(api.load_oracles(None))
    for target in targets:
        for spec, report in check_target(loss_and_grads, target, plan, setup):
            yield Key(target.name, str(spec)), Result(str(report.verdict))
            yield from (_of_row(target.name, str(spec), row) for row in report.rows)


def _of_row(model: str, spec: str, row: Any) -> tuple[Key, Result]:
    return Key(model, spec, row.parameter, row.oracle), Result(
        str(row.verdict),
        row.reason_kind.name,
        tuple(row.index),
        float(row.max_budgets),
        float(row.floor),
        float(row.floor_any),
    )


def main() -> None:
    """Compare, or write the results of one checkout."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--against", type=Path, metavar="CHECKOUT")
    parser.add_argument("--cases", type=int, default=2000, help="of all models together")
    parser.add_argument("--models", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)  # in a process of its own
    asked = parser.parse_args()
    if asked.write:
        write(asked.write, asked.cases, asked.models)
        return
    if asked.against is None:
        parser.error("--against CHECKOUT: with what to compare")
    checkouts = (ROOT, asked.against.resolve())
    ours, theirs = (results_of(path, asked.cases, asked.models) for path in checkouts)
    found = differences(ours, theirs)
    print(*lines(found), "", *table(ours, theirs), sep="\n")
    sys.exit(not found.same)


if __name__ == "__main__":
    main()
