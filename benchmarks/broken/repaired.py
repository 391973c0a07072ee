"""How many faults of the corpus `bptt-check fix` repairs, and whether it shows the right line.

    python -m benchmarks.broken.repaired [--every N] [--first N] [--only TEXT] [--pairs]
                                         [--timeout S] [--json PATH]

Each fault is written into a folder of its own, and a repair is searched with the defaults of the
command, proven by complex step alone on few cases. A line is right that `Broken.lines` names, of
the file that was broken; the search was not tuned to these.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bptt_check import api
from bptt_check.errors import BpttCheckError

from .catalogue import PAIRS, SINGLE
from .fault import Broken
from .written import write

CASES = 20
"""Of the proof of a repair."""


@dataclass(frozen=True)
class Repaired:
    """What became of a fault.

    Args:
        name, kind: of the fault, or of two.
        outcome: `repaired`, `in part`, `nothing`, or what was raised.
        shown: whether a line of the fault is edited, or the first that is named as suspicious.
        tried: edits.
        seconds: of the search, and in all.
    """

    name: str
    kind: str
    outcome: str
    shown: bool
    tried: int = 0
    seconds: float = 0.0
    whole: float = 0.0


def repaired(broken: Broken, timeout: float) -> Repaired:
    """Search a repair of one."""
    kind, begin = ", ".join(fault.kind for fault in broken.faults), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        address = write(broken, Path(folder))
        try:
            found = api.search_repair(
                address, timeout=timeout, cases=CASES, oracles=["complex_step"]
            )
        except BpttCheckError as error:
            return Repaired(broken.name, kind, f"{type(error).__name__}: {error}"[:120], False)
    repair = found.repair
    outcome = "nothing" if repair is None else "repaired" if repair.verified else "in part"
    edited = () if repair is None else [(e.file, e.line) for e in repair.edits]
    places = [*edited, *((file, int(line)) for file, line in map(_split, found.lines[:1]))]
    own = {line for lines in broken.lines for line in lines}
    file = f"{broken.implementation}.py"
    shown = any(line in own and Path(name).name == file for name, line in places)
    whole = time.monotonic() - begin
    return Repaired(broken.name, kind, outcome, shown, found.tried, found.seconds, whole)


def _split(place: str) -> tuple[str, str]:
    file, _, line = place.rpartition(":")
    return file, line


def summary(all_of: Sequence[Repaired]) -> str:
    """Shares and medians."""
    outcomes = Counter(r.outcome if r.outcome in KNOWN else "raised" for r in all_of)
    shown = sum(r.shown for r in all_of)
    took = [r.seconds for r in all_of if r.outcome == "repaired"]
    middle = f"{statistics.median(took):.1f} s" if took else "none"
    told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    return f"{len(all_of)}: {told}; right line shown in {shown}; median of repairs {middle}"


KNOWN = ("repaired", "in part", "nothing")


def main() -> None:
    """Search, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take each N-th (default 1)")
    parser.add_argument("--first", type=int, default=0, help="beginning with this one")
    parser.add_argument("--only", default="", metavar="TEXT", help="of names with this text")
    parser.add_argument("--pairs", action="store_true", help="pairs instead of single faults")
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds of a search")
    parser.add_argument("--json", type=Path, help="write the outcomes there as well")
    options = parser.parse_args()
    done: list[Repaired] = []
    named = [b for b in (PAIRS if options.pairs else SINGLE) if options.only in b.name]
    for broken in named[options.first :: options.every]:
        done.append(repaired(broken, options.timeout))
        one = done[-1]
        line = "line shown" if one.shown else ""
        print(
            f"{one.outcome:10} {line:10} {one.tried:5} {one.seconds:5.1f} s  {one.name}", flush=True
        )
        if options.json:
            text = json.dumps([asdict(r) for r in done], indent=1)
            options.json.write_text(text + "\n", "utf-8")
    print(summary(done))


if __name__ == "__main__":
    main()
