"""Makes a failing case small and readable: hypothesis shrinks the spec, then the values are
simplified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from hypothesis.strategies import SearchStrategy
from numpy.typing import NDArray

from ..cases.case import Case, Spec
from .drawing import smallest

Fails = Callable[[Case], bool]


@dataclass(frozen=True)
class Drawing:
    """How specs were drawn: the same drawing finds the same failing spec again, and shrinks it."""

    strategy: SearchStrategy[Spec]
    count: int
    seed: int


def shrink_spec(drawing: Drawing, known: Mapping[Spec, bool], fails: Fails) -> Spec | None:
    """The smallest spec that still fails; `known` answers for those that were checked already."""

    def spec_fails(spec: Spec) -> bool:
        return known[spec] if spec in known else fails(spec.build())

    return smallest(drawing.strategy, drawing.count, drawing.seed, spec_fails)


def simplify(case: Case, fails: Fails, most: int = 200) -> Case:
    """The case with values zeroed and rounded for as long as it still fails, in at most `most`
    tries.
    """
    tries = 0
    for name in case.inputs:
        for simpler in _simpler(case.inputs[name]):
            if tries >= most:
                return case
            if np.array_equal(simpler, case.inputs[name]):
                break
            tries += 1
            candidate = case.with_inputs({name: simpler})
            if fails(candidate):
                case = candidate
                break
    return case


def _simpler(array: NDArray[np.floating]) -> Iterator[NDArray[np.floating]]:
    """Simpler versions of an array, the simplest first; ends with the array itself."""
    yield np.zeros_like(array)
    yield np.sign(array)
    for decimals in range(3):
        yield np.round(array, decimals)
    yield array
