"""Oracles that contradict each other: on which entry, and who is outvoted."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from ..cases.directions import SignDirections
from ..cases.result import Result
from ..cases.types import Array
from .budget import Budgets, ratio

OF_REFERENCE = (
    "the reference's own backward pass is not the derivative of its outputs: look in it for a "
    "backward written by hand, .detach(), or numbers taken out of arrays"
)
"""What it means that the gradient of a reference and differences of its outputs disagree."""


@dataclass(frozen=True)
class Disagreement:
    """Two oracles that exclude each other on one entry, and who is outvoted by the rest.

    `proven` says that the outvoted one contradicts a proof. Where one of them measured along
    directions, they disagree `along_direction`, and there is no index.
    """

    parameter: str
    index: tuple[int, ...]
    values: Mapping[str, float]
    outvoted: str
    proven: bool = False
    along_direction: bool = False


def disagreement(
    results: Mapping[str, Result], budgets: Mapping[str, Budgets]
) -> Disagreement | None:
    """The worst entry on which two oracles differ by more than both their errors allow, if any."""
    worst: tuple[float, Disagreement | None] = (1.0, None)
    for pair in itertools.combinations(results, 2):
        for parameter in results[pair[0]].grads:
            gaps = gaps_in_budgets(parameter, pair, results, budgets)
            index = np.unravel_index(int(np.argmax(gaps)), gaps.shape)
            if gaps[index] > worst[0]:
                place = tuple(int(i) for i in index)
                worst = (float(gaps[index]), _at(parameter, place, pair, results))
    return worst[1]


def _at(
    parameter: str, index: tuple[int, ...], pair: tuple[str, str], results: Mapping[str, Result]
) -> Disagreement:
    """The disagreement of a pair on one entry or slope, with what all others say of it."""
    along = _directions(parameter, pair, results)
    known = {n: r for n, r in results.items() if along is not None or parameter not in r.along}
    values = {n: float(_values(parameter, r, along)[index]) for n, r in known.items()}
    proven = set(pair) & {n for n in values if results[n].proven}
    return Disagreement(
        parameter=parameter,
        index=() if along else index,
        values=values,
        outvoted=_outvoted(values, proven),
        proven=bool(proven),
        along_direction=along is not None,
    )


def gaps_in_budgets(
    parameter: str,
    pair: tuple[str, str],
    results: Mapping[str, Result],
    budgets: Mapping[str, Budgets],
) -> Array:
    """Distance of two oracles in what both their errors allow, of each entry; of each slope if one
    of them measured along directions.
    """
    along = _directions(parameter, pair, results)
    one, other = (_values(parameter, results[name], along) for name in pair)
    allowed = [
        budgets[n].of(parameter) if along is None else budgets[n].slopes(parameter, along)
        for n in pair
    ]
    return ratio(np.abs(one - other), allowed[0] + allowed[1])


def differ_at_kinks(
    parameter: str,
    pair: tuple[str, str],
    results: Mapping[str, Result],
    budgets: Mapping[str, Budgets],
) -> int:
    """In how many entries, or slopes, two oracles took different slopes at kinks of relu."""
    along = _directions(parameter, pair, results)
    one, other = (_values(parameter, results[name], along) for name in pair)
    blunt = pair[0] if parameter in results[pair[0]].along else pair[1]
    return int(np.sum(budgets[blunt].only_by_subgradient(parameter, np.abs(one - other))))


def _directions(
    parameter: str, pair: tuple[str, str], results: Mapping[str, Result]
) -> SignDirections | None:
    """The directions of whoever measured along some; they are the same for all oracles."""
    return next((results[n].along[parameter] for n in pair if parameter in results[n].along), None)


def _values(parameter: str, result: Result, along: SignDirections | None) -> Array:
    """What an oracle says of each entry, or of each slope."""
    values = result.grads[parameter]
    return values if along is None or parameter in result.along else along.slopes(values)


def _outvoted(values: Mapping[str, float], proven: Collection[str]) -> str:
    """The oracle farthest from the proven one; else from the median of at least three."""
    if not proven and len(values) < 3:
        return ""
    middle = values[min(proven)] if proven else float(np.median(list(values.values())))
    return max(values, key=lambda name: abs(values[name] - middle))
