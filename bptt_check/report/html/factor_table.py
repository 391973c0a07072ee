"""What the section on coverage shows: factors with their levels, and pairs that are missing."""

from __future__ import annotations

from typing import Any

from ...runs.coverage.covered import CoveredFactor
from ...runs.records import Run
from .. import coverage
from ..called import label

FACTOR_PAIRS = 40
"""Pairs of factors shown of which levels are missing, those with most of them first."""


def covered_values(run: Run) -> dict[str, Any]:
    """The variables of the template."""
    covered = run.covered
    pairs = coverage.pair_facts(covered)
    return {
        "factors": [_factor(factor) for factor in covered.factors],
        "pairs": pairs,
        "lacking": pairs.incomplete[:FACTOR_PAIRS],
        "left": len(pairs.incomplete[FACTOR_PAIRS:]),
        "targets": covered.targets,
        "calls": covered.calls,
        "not_checked": coverage.not_checked(run),
        "decided": coverage.decided_sentence(run),
        "label": label,
    }


def _factor(factor: CoveredFactor) -> tuple[str, list[tuple[str, str, str]]]:
    """A factor, and of each of its levels the name, the look and what stands for the count."""
    levels: list[tuple[str, str, str]] = []
    for level, cases in zip(factor.levels, factor.cases, strict=True):
        state = coverage.state_of(factor, level)
        look, text = ("never", state) if cases is None else (state, f"{cases:,}")
        levels.append((level, look, text))
    return factor.name, levels
