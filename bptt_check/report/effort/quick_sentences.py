"""What a quick run left out, in words."""

from __future__ import annotations

from ...runs.records import Run
from .. import coverage, grouping


def left_out_by_quick(run: Run) -> list[str]:
    """A sentence for each thing that a quick run left out; none of any other run."""
    if run.quick is None:
        return []
    oracles = ", ".join(run.quick.oracles)
    return [
        *_pairs(run),
        *([f"the oracles {oracles} (slow to start)"] if oracles else []),
        "the Taylor tests",
        "systematic errors",
        *(["the diagnosis", "most tries for a smaller case"] if run.failures else []),
    ]


def _pairs(run: Run) -> list[str]:
    """The pairs of levels that no case had."""
    if not run.covered.factors:
        return []
    pairs = coverage.pair_facts(run.covered)
    missing = pairs.possible - pairs.checked
    return [f"{missing:,} of {grouping.plural(pairs.possible, 'pair')} of levels"]


def quick_lines(run: Run) -> list[str]:
    """What a quick run left out, for a terminal; none of any other run."""
    left_out = left_out_by_quick(run)
    return [f"  quick, without {'; '.join(left_out)}"] if left_out else []
