"""Oracles that contradict each other: on which entry, and who is outvoted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from ..cases.result import Result
from .budget import Budgets, ratio


@dataclass(frozen=True)
class Disagreement:
    """Two oracles that exclude each other on one entry, and who is outvoted by the rest.

    `proven` says that the outvoted one contradicts a proof.
    """

    parameter: str
    index: tuple[int, ...]
    values: Mapping[str, float]
    outvoted: str
    proven: bool = False


def disagreement(
    results: Mapping[str, Result], budgets: Mapping[str, Budgets]
) -> Disagreement | None:
    """The worst entry on which two oracles differ by more than both their errors allow, if any."""
    worst: tuple[float, Disagreement | None] = (1.0, None)
    names = list(results)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            for parameter in results[one].grads:
                excess, index = _excess(parameter, (one, other), results, budgets)
                if excess > worst[0]:
                    values = {n: float(results[n].grads[parameter][index]) for n in names}
                    proven = {one, other} & {n for n in names if results[n].proven}
                    loser = _outvoted(values, proven)
                    worst = (excess, Disagreement(parameter, index, values, loser, bool(proven)))
    return worst[1]


def _excess(
    parameter: str,
    pair: tuple[str, str],
    results: Mapping[str, Result],
    budgets: Mapping[str, Budgets],
) -> tuple[float, tuple[int, ...]]:
    """Largest distance of two oracles in what both their errors allow, and where."""
    one, other = pair
    allowed = budgets[one].of(parameter) + budgets[other].of(parameter)
    gap = np.abs(results[one].grads[parameter] - results[other].grads[parameter])
    in_budgets = ratio(gap, allowed)
    index = np.unravel_index(int(np.argmax(in_budgets)), in_budgets.shape)
    return float(in_budgets[index]), tuple(int(i) for i in index)


def _outvoted(values: Mapping[str, float], proven: Collection[str]) -> str:
    """The oracle farthest from the proven one; else from the median of at least three."""
    if not proven and len(values) < 3:
        return ""
    middle = values[min(proven)] if proven else float(np.median(list(values.values())))
    return max(values, key=lambda name: abs(values[name] - middle))
