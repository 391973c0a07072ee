"""What the message of a failing check says of every broken implementation, to be read by people.

    python -m benchmarks.broken.diagnosed [--cases N] [--only TEXT] [--json PATH]

Cases are small, so that a run takes seconds: the smallest failing case would be small anyway, and
the diagnosis draws cases of its own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import bptt_check as bc

from .catalogue import PAIRS, SINGLE
from .fault import Broken
from .written import broken_subject

WITHIN = "T=1..8 B=1..3 D=1..4 H=1..4 O=1..4"
RAW = argparse.RawDescriptionHelpFormatter
ORACLES = ("complex_step", "finite_difference")


@dataclass(frozen=True)
class Diagnosed:
    """What was said of one broken implementation.

    Args:
        name: of the broken implementation; `kinds` and `lines` are those of its faults.
        verdict: of the run.
        findings: by failure, each finding's confidence, sentence, and its line as it is wrong.
        message: the whole of it.
        seconds: of the run.
    """

    name: str
    kinds: tuple[str, ...]
    lines: tuple[tuple[int, ...], ...]
    verdict: str
    findings: tuple[tuple[str, str, str], ...]
    message: str
    seconds: float


def diagnosed(broken: Broken, cases: int) -> Diagnosed:
    """Verify one, with the diagnosis that a user gets."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        report = bc.verify(
            broken_subject(broken, Path(folder)), cases=cases, oracles=ORACLES, within=WITHIN
        )
        seconds = time.perf_counter() - started
    found = {
        (finding.confidence, finding.sentence, finding.wrong): None
        for failure in report.failures
        for finding in failure.findings
    }
    kinds = tuple(fault.kind for fault in broken.faults)
    verdict = str(report.verdict)
    return Diagnosed(
        broken.name, kinds, broken.lines, verdict, tuple(found), report.message, seconds
    )


def all_diagnosed(only: str, cases: int) -> Iterator[Diagnosed]:
    """Every broken implementation whose name holds a text."""
    for broken in (*SINGLE, *PAIRS):
        if only in broken.name:
            yield diagnosed(broken, cases)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=RAW)
    parser.add_argument("--cases", type=int, default=12, help="of every model")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--json", type=Path, metavar="PATH", help="a line for each")
    options = parser.parse_args()
    lines: list[str] = []
    for one in all_diagnosed(options.only, options.cases):
        print(f"{one.seconds:6.1f} s  {one.verdict:9} {one.name}", flush=True)
        for confidence, sentence, _ in one.findings:
            print(f"{'':12}{confidence}: {sentence}", flush=True)
        lines.append(json.dumps(asdict(one)))
        if options.json is not None:
            options.json.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
