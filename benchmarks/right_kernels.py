"""How often right kernels are called wrong, over many cases of the examples of recurrences.

    python benchmarks/right_kernels.py [--runs N] [--first N] [--cases N] [--dtype NAME]
                                       [--example NAME] [--json PATH]

Every kernel of `examples/recurrences` is right. Each run has another seed, and so many cases of
each dtype. Counted are checks: one of each output and each gradient of a case against each oracle.
Printed are those that are not silent, each with the line of its spec; there must be none. Checks
that decided nothing, because rounding explains any value, are counted by themselves.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

import bptt_check as bc

EXAMPLES = (
    "decayed_linear_attention",
    "diagonal_complex",
    "gated_delta_rule",
    "mingru",
    "mlstm",
    "rwkv",
    "selective_scan",
    "slstm",
)
DTYPES = ("float32", "bfloat16", "float16", "float64")


@dataclass(frozen=True)
class FalseAlarm:
    """A check of a right kernel that is not silent.

    Args:
        example: which kernel.
        verdict, reason, parameter, oracle: of the check.
        budgets: how many times its budget the worst entry is off.
        spec: the line of the case.
    """

    example: str
    verdict: str
    reason: str
    parameter: str
    oracle: str
    budgets: float
    spec: str


def alarms_of(example: str, report: bc.Report) -> Iterator[FalseAlarm]:
    """The checks of a report that blame the kernel."""
    table = report.table
    columns = ("verdict", "reason", "parameter", "oracle", "max_budgets", "spec")
    for row in zip(*(table[column] for column in columns), strict=True):
        verdict, reason, parameter, oracle, budgets, spec = row
        if verdict not in ("pass", "inconclusive", "unsupported"):
            yield FalseAlarm(
                example, str(verdict), reason, parameter, oracle, float(budgets), str(spec)
            )
    for failure in report.failures:
        if failure.verdict in ("error", "contract"):
            line, message = str(failure.counterexample), failure.message.splitlines()[0]
            yield FalseAlarm(example, str(failure.verdict), message, "", "", 0.0, line)


def checked(example: str, cases: int, dtypes: tuple[str, ...], seed: int) -> bc.Report:
    """A run of a right kernel."""
    module: Any = import_module(f"recurrences.{example}")
    return bc.verify_against(
        module.kernel, module.reference, module.INPUTS, cases * len(dtypes), dtypes, seed
    )


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10, help="seeds (default 10)")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--cases", type=int, default=5, help="of each dtype (default 5)")
    parser.add_argument("--dtype", choices=DTYPES, action="append", help="default: all")
    parser.add_argument("--example", choices=EXAMPLES, action="append", help="default: all")
    parser.add_argument("--json", type=Path, help="write the counts there as well")
    options = parser.parse_args()
    counts, cases, alarms = Counter[str](), Counter[str](), list[FalseAlarm]()
    begin, dtypes = time.process_time(), tuple(options.dtype or DTYPES)
    for seed in range(options.first, options.first + options.runs):
        for example in options.example or EXAMPLES:
            report = checked(example, options.cases, dtypes, seed)
            counts.update(map(str, report.table["verdict"]))
            cases.update({str(verdict): n for verdict, n in report.cases.items()})
            found = [*alarms_of(example, report)]
            alarms += found
            for alarm in found:
                print(alarm, flush=True)
        seconds = time.process_time() - begin
        total, in_all = sum(counts.values()), sum(cases.values())
        print(f"seed {seed}: {total:,} checks, {in_all:,} cases, {seconds:.0f} s", file=sys.stderr)
        if options.json:
            told = {"checks": counts, "cases": cases, "false_alarms": list(map(asdict, alarms))}
            options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"checks: {dict(counts)}; cases: {dict(cases)}; false alarms: {len(alarms)}")


if __name__ == "__main__":
    main()
