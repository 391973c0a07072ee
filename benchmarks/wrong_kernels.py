"""Which wrong kernels are found, by `verify_against` and by what people test kernels with.

    python benchmarks/wrong_kernels.py [--cases N] [--seed N] [--only TEXT ...] [--json PATH]

The kernels are those of `examples/recurrences`, their broken twins, and more wrong ones of
`benchmarks/kernels`, in float32 and bfloat16. Beside the verdict of `bc.verify_against` at its
defaults stand, each on a few typical shapes with random inputs and cotangents:

- `torch.testing.assert_close` at its defaults, against the reference in the same dtype;
- ratio: root mean square of the error by that of the reference, of every output and gradient, at
  most 0.005 (Songlin Yang, Yu Zhang, flash-linear-attention: its tests), in bfloat16 also 0.01 and
  0.02;
- `torch.autograd.gradcheck` at its defaults, in float64.

A right kernel must be silent. Whoever rejects right ones says nothing of wrong ones: in the table
a method that does so in a dtype is marked there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bptt_check as bc
from benchmarks.kernels.field_tests import (
    found_by_assert_close,
    found_by_gradcheck,
    largest_ratio,
)
from benchmarks.kernels.tested import BOTH, TestedKernel
from benchmarks.kernels.twins import right_kernels
from benchmarks.kernels.wrong import wrong_kernels
from bptt_check.runs.effort.progress import Progress

RATIOS = {"float32": (0.005,), "bfloat16": (0.005, 0.01, 0.02)}
"""Limits of the ratio test by dtype."""
OURS = "verify_against"
ENOUGH = 3
"""Cases that fail, after which a run ends: its verdict is known."""


@dataclass(frozen=True)
class Judged:
    """What one kernel got in one dtype.

    Args:
        kernel, wrong, dtype: which one; `wrong` is "" where it is right in this dtype.
        verdicts: by method, `caught`, `missed` or `imprecise`; of a right kernel `false alarm` or
            `silent`.
        ratio: the largest of the ratio test.
        failing, cases: of `verify_against`, which ends after `ENOUGH` that fail.
        spec: the first of them.
        said: the first line of its message.
        seconds: of it, on the CPU.
    """

    kernel: str
    wrong: str
    dtype: str
    verdicts: dict[str, str]
    ratio: float
    failing: int
    cases: int
    spec: str
    said: str
    seconds: float


def judged(
    kernel: TestedKernel, dtype: str, cases: int | None, seed: int, by_gradcheck: bool
) -> Judged:
    """One kernel in one dtype, by all methods; each gets it without memory of earlier calls.
    gradcheck says the same in all dtypes.
    """
    claimed = kernel.claimed
    wrong = kernel.wrong if dtype in kernel.wrong_in else ""
    begin = time.process_time()
    report = bc.verify_against(
        kernel.make(),
        claimed.reference,
        claimed.inputs,
        cases,
        (dtype,),
        seed,
        progress=end_if_enough,
        keep_partial=True,
    )
    seconds = time.process_time() - begin
    ratio = largest_ratio(kernel.make(), claimed.reference, claimed.inputs, dtype)
    found = {
        "assert_close": found_by_assert_close(
            kernel.make(), claimed.reference, claimed.inputs, dtype
        ),
        **{f"ratio {limit}": ratio > limit for limit in RATIOS[dtype]},
        "gradcheck": by_gradcheck,
    }
    own = "imprecise" if report.verdict == "imprecise" else _word(not report.passed, bool(wrong))
    verdicts = {OURS: own} | {method: _word(f, bool(wrong)) for method, f in found.items()}
    passed = report.cases.get("pass", 0)
    return Judged(
        kernel.name,
        wrong,
        dtype,
        verdicts,
        ratio,
        sum(report.cases.values()) - passed,
        sum(report.cases.values()),
        str(report.failures[0].counterexample) if report.failures else "",
        report.message.splitlines()[0],
        seconds,
    )


def end_if_enough(progress: Progress) -> None:
    """End a run that has failed often enough; nothing is made smaller or explained."""
    if progress.failing >= ENOUGH:
        raise KeyboardInterrupt


def _word(found: bool, is_wrong: bool) -> str:
    if is_wrong:
        return "caught" if found else "missed"
    return "false alarm" if found else "silent"


def methods(rows: Sequence[Judged], dtype: str) -> list[str]:
    """The methods of a dtype."""
    return next([*row.verdicts] for row in rows if row.dtype == dtype)


def table(rows: Sequence[Judged]) -> Iterator[str]:
    """A line of Markdown for each kernel, all methods of both dtypes beside each other."""
    dtypes = dict.fromkeys(row.dtype for row in rows)
    columns = [(d, m) for d in dtypes for m in methods(rows, d)]
    by_kernel: dict[str, dict[str, Judged]] = {}
    for row in rows:
        by_kernel.setdefault(row.kernel, {})[row.dtype] = row
    yield "| ".join(["| kernel", "wrong", *(f"{d} {m}" for d, m in columns)]) + " |"
    yield "|---" * (2 + len(columns)) + "|"
    for kernel, own in by_kernel.items():
        wrong = next((row.wrong for row in own.values() if row.wrong), "nothing")
        yield "| ".join([f"| {kernel}", wrong, *(own[d].verdicts[m] for d, m in columns)]) + " |"


def counts(rows: Sequence[Judged]) -> Iterator[str]:
    """For each dtype and method how many wrong kernels it found, and how many right ones."""
    for dtype in dict.fromkeys(row.dtype for row in rows):
        own = [row for row in rows if row.dtype == dtype]
        wrong = [row for row in own if row.wrong]
        for method in methods(rows, dtype):
            missed = sum(row.verdicts[method] == "missed" for row in wrong)
            alarms = sum(row.verdicts[method] not in ("silent",) for row in own if not row.wrong)
            yield (
                f"{dtype} {method}: {len(wrong) - missed} of {len(wrong)} wrong kernels found, "
                f"{alarms} of {len(own) - len(wrong)} right ones rejected"
            )


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, help="of each kernel and dtype (default 50)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", nargs="+", default=[""], help="kernels whose names have one of these texts"
    )
    parser.add_argument("--json", type=Path, help="write the table there as well")
    options = parser.parse_args()
    rows = list[Judged]()
    for kernel in (*wrong_kernels(), *right_kernels()):
        if not any(text in kernel.name for text in options.only):
            continue
        by_gradcheck = found_by_gradcheck(kernel.make(), kernel.claimed.inputs)
        for dtype in BOTH:
            rows.append(judged(kernel, dtype, options.cases, options.seed, by_gradcheck))
            row = rows[-1]
            print(f"{row.kernel} {dtype}: {row.verdicts}, {row.seconds:.1f} s", file=sys.stderr)
        if options.json:
            written = json.dumps([asdict(row) for row in rows], indent=1)
            options.json.write_text(written + "\n", encoding="utf-8")
    print(*table(rows), *counts(rows), sep="\n")


if __name__ == "__main__":
    main()
