"""How far right implementations are off over many cases together, and what would be found.

    python benchmarks/systematic.py [--cases N] [--seed N] [--dtype NAME] [--within LIMITS]
                                    [--json PATH]

N cases of every default target are given to implementations that are right and round to nearest.
The error of each gradient is regressed on what it may be a multiple of, as in a run, and the slopes
are added up for each model and family. Printed for each implementation: how many slopes were judged
("checks"), the largest strength, how many parts stood out ("suspects") and what fresh cases
confirmed of them, which must be nothing; and how far off the estimate is beside the band. Then the
floors: the smallest systematic error that would have been found, at several numbers of cases of a
model, and the smallest error of one entry. The numbers of docs/systematic.md are from here.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))

from benchmarks.rounding_to_nearest import COMPILED, right_implementations, targets
from bptt_check.cases.case import Case
from bptt_check.cases.contract import accept
from bptt_check.cases.design.within import Within
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.result import Differentiator
from bptt_check.cases.targets import Target
from bptt_check.cases.types import Array
from bptt_check.equations.conditioning import conditioning, conditioning_in_float64
from bptt_check.equations.exact import exact_gradients
from bptt_check.equations.terms import shares_of_terms
from bptt_check.errors import Unsupported
from bptt_check.power.implementations import jax_scan
from bptt_check.runs.systematic.findings import findings_of, smallest_found
from bptt_check.runs.systematic.fresh import has_small_steps
from bptt_check.runs.systematic.model_group import ModelGroup, family_groups
from bptt_check.runs.systematic.records import SystematicError
from bptt_check.runs.systematic.screening import SUSPICIOUS, Screening
from bptt_check.runs.systematic.slope import Errors, Regressor, RegressorKind, errors_of
from bptt_check.runs.systematic.sums import Sums
from bptt_check.runs.target_cases import Plan
from bptt_check.verdicts.budget import Tolerance

DTYPES = ("bfloat16", "float16", "float32", "float64")
SMALL = "T=2..8 B=1..4 D=1..5 H=1..6 O=1..4"
"""Sizes of cases that cost little, and of which the terms are known."""
CASES = (100, 10_000, 1_000_000)
"""Numbers of cases for which floors are told."""
COUNTING = 30.0
"""Cases that must count before an estimate says how far off an implementation is, and their spread
how well that will be known."""


@dataclass
class Measured:
    """What was measured in one dtype."""

    dtype: str
    screenings: dict[str, Screening] = field(default_factory=dict[str, Screening])
    cases: Counter[str] = field(default_factory=Counter[str])
    left_out: Counter[str] = field(default_factory=Counter[str])
    """Cases of an implementation that are beyond the budgets of their entries: none of them says
    anything of other cases."""
    entries: list[float] = field(default_factory=list[float])
    """For each gradient of each case the relative error that half of its entries would show."""

    @property
    def checks(self) -> int:
        """How many slopes were judged."""
        return sum(s.cases for own in self.screenings.values() for s in own.sums.values())

    def add(self, target: Target, case: Case, subjects: Mapping[str, Differentiator]) -> None:
        """Take in what each implementation makes of a case."""
        true = exact_gradients(case)
        rounding, of_truth = conditioning(case, case.dtype), conditioning_in_float64(case)
        small = has_small_steps(case.model, case.sizes)
        shares = shares_of_terms(case) if small else {}
        for name, own in true.items():
            if (seen := own != 0.0).any():
                budget = Tolerance().units * (rounding.error(name) + of_truth.error(name))
                self.entries.append(float(np.median(budget[seen] / np.abs(own[seen]))))
        for subject, compute in subjects.items():
            got = gradients_of(compute, case, target)
            if got is None:
                continue
            self.cases[subject] += 1
            errors = {
                n: errors_of(case, n, got[n], true[n], rounding, of_truth.error(n)) for n in got
            }
            if any(map(is_beyond, errors.values())):
                self.left_out[subject] += 1
                continue
            for name, own in errors.items():
                self._of(subject).add_errors(target.name, case, name, own, true[name], shares)

    def _of(self, subject: str) -> Screening:
        return self.screenings.setdefault(subject, Screening())


def gradients_of(compute: Differentiator, case: Case, target: Target) -> Mapping[str, Array] | None:
    """The gradients of an implementation; None if it declines the case or overflows."""
    if compute is jax_scan and target.sizes != COMPILED:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            accepted = accept(case, compute(case))
        except Unsupported:
            return None
    result = accepted.result
    return None if result is None or accepted.breaches else result.grads


def is_beyond(errors: Errors) -> bool:
    """Whether an entry is beyond what one alone may be off by."""
    return bool(np.any(np.square(errors.error) * errors.weight > Tolerance().units ** 2))


def measured(plan: Plan, subjects: Mapping[str, Differentiator]) -> Iterator[Measured]:
    """What was measured after one case of each target of a plan of one dtype, then after two..."""
    (dtype,) = plan.dtypes
    result = Measured(dtype)
    streams = [(t, plan.design(t).specs(plan.cases)) for t in plan.targets]
    for _ in range(plan.cases):
        for target, specs in streams:
            result.add(target, next(specs).build(), subjects)
        yield result


@dataclass(frozen=True)
class Right:
    """What is said of an implementation in one dtype.

    Args:
        dtype, implementation: whose errors.
        cases, left_out, checks: how many, and how many slopes.
        strength, strongest: the largest of all parts, and of which.
        suspects, confirmed: parts that stood out, and what fresh cases made of them.
        bands, uncertainty, farthest: the largest estimate of a model's part, in bands, with its
            standard error, and which; where enough cases count.
        family_bands, family_uncertainty, family_farthest: the same over the models of a family.
    """

    dtype: str
    implementation: str
    cases: int
    left_out: int
    checks: int
    models: int
    strength: float
    strongest: str
    suspects: int
    confirmed: list[dict[str, Any]]
    bands: float
    uncertainty: float
    farthest: str
    family_bands: float
    family_uncertainty: float
    family_farthest: str


Parts = Mapping[tuple[str, Regressor], Sums]


def said_of(measured: Measured, implementation: str, subject: Differentiator, plan: Plan) -> Right:
    """Everything that is told of an implementation; suspects are looked at on fresh cases."""
    screening = measured.screenings[implementation]
    models = {key.model for key in screening.sums}
    alone = [ModelGroup(t.name, (t,)) for t in plan.targets if t.name in models]
    families = family_groups(t for t in plan.targets if t.name in models)
    parts = {group: screening.of(group) for group in (*alone, *families)}
    suspects = {g: n for g in parts if (n := sum(map(len, screening.suspects(g).values())))}
    confirmed = list[SystematicError]()
    for group in suspects:
        confirmed += findings_of(subject, group, screening, plan, None)
    strongest = max(every(parts), key=lambda one: one[1].strength)
    farthest = largest_in_bands({g: parts[g] for g in alone})
    of_family = largest_in_bands({g: parts[g] for g in families})
    return Right(
        measured.dtype,
        implementation,
        measured.cases[implementation],
        measured.left_out[implementation],
        sum(sums.cases for sums in screening.sums.values()),
        len(models),
        strongest[1].strength,
        strongest[0],
        sum(suspects.values()),
        [asdict(one) for one in confirmed],
        *farthest,
        *of_family,
    )


def every(parts: Mapping[ModelGroup, Parts]) -> Iterator[tuple[str, Sums]]:
    """The sums of all parts of all groups, by what they are of."""
    for group, own in parts.items():
        for (_, part), sums in own.items():
            yield " ".join((group.name, part.parameter, part.kind, part.name)).strip(), sums


def largest_in_bands(parts: Mapping[ModelGroup, Parts]) -> tuple[float, float, str]:
    """The estimate that is largest beside its band, its standard error in bands, and of what."""
    sized = [
        (abs(sums.estimate) / sums.band, sums.uncertainty / sums.band, of)
        for of, sums in every(parts)
        if sums.counting >= COUNTING
    ]
    return max(sized, default=(math.nan, math.nan, ""))


def floors(measured: Measured, families: Sequence[ModelGroup]) -> dict[str, Any]:
    """Medians over the gradients of families: the smallest errors that would be seen, in one entry
    and over so many cases. NaN where no gradient had enough.
    """
    unit = PRECISIONS[measured.dtype].unit
    sums = [
        own
        for screening in measured.screenings.values()
        for family in families
        for (_, part), own in screening.of(family).items()
        if part.kind is RegressorKind.WHOLE
        and own.counting >= COUNTING
        and own.uncertainty > 0.0  # plain float64 is the truth itself
    ]

    def median(sizes: list[float]) -> float:
        return float(np.median(sizes)) * unit if sizes else math.nan

    told: dict[str, Any] = {"dtype": measured.dtype, "entry": float(np.median(measured.entries))}
    for cases in CASES:
        as_many = [own.of_as_many(cases) for own in sums]
        told[f"stands out at {cases}"] = median([o.smallest_seen(SUSPICIOUS) for o in as_many])
        told[f"found at {cases}"] = median([smallest_found(own) for own in as_many])
    return told | {"band": median([own.band for own in sums])}


def table(rows: Sequence[Right]) -> Iterator[str]:
    """The implementations, a line each, and below what is largest."""
    yield (
        f"{'dtype':>9} {'implementation':24}{'checks':>9}{'cases':>7}{'models':>7}{'left out':>9}"
        f"{'strength':>9}{'suspects':>9}{'confirmed':>10}{'bands':>16}{'of a family':>16}"
    )
    for row in rows:
        bands = f"{row.bands:.2f} +-{row.uncertainty:.2f}"
        of_family = f"{row.family_bands:.3f} +-{row.family_uncertainty:.3f}"
        yield (
            f"{row.dtype:>9} {row.implementation:24}{row.checks:9}{row.cases:7}{row.models:7}"
            f"{row.left_out:9}{row.strength:9.2f}{row.suspects:9}{len(row.confirmed):10}"
            f"{bands:>16}{of_family:>16}"
        )
    for row in rows:
        yield f"{row.dtype} {row.implementation}: strongest {row.strongest}"
        yield f"    farthest {row.farthest}; of a family {row.family_farthest}"
        for one in row.confirmed:
            yield f"    CONFIRMED {one}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=100, help="of each target (default 100)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", choices=DTYPES, action="append", help="default: all")
    parser.add_argument("--within", default=SMALL, help="limits of the cases")
    parser.add_argument("--json", type=Path, help="write the tables there as well")
    options = parser.parse_args()
    within, rows, smallest = Within.parse(options.within), list[Right](), list[dict[str, Any]]()
    subjects, chosen = right_implementations(), tuple(targets())
    for dtype in options.dtype or DTYPES:
        plan = Plan(chosen, options.cases, (dtype,), options.seed, within)
        begin, found = time.perf_counter(), Measured(dtype)
        for number, found in enumerate(measured(plan, subjects), 1):
            done = f"{number} of {options.cases} cases of each model, {found.checks} checks"
            spent = time.perf_counter() - begin
            print(f"{dtype}: {done}, {spent:.0f} s", file=sys.stderr, flush=True)
        rows += [said_of(found, name, subjects[name], plan) for name in found.screenings]
        smallest.append(floors(found, family_groups(chosen)))
        if options.json:
            written = {"right": list(map(asdict, rows)), "floors": smallest}
            options.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    print(*table(rows), sep="\n")
    for told in smallest:
        print(*(f"{k}: {v:.3g}" if isinstance(v, float) else v for k, v in told.items()), sep="; ")


if __name__ == "__main__":
    main()
