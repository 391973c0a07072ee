"""What arithmetic makes of a right formula, in one direction: no fault of the formula."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import numpy as np

from ...cases.case import Case
from ...cases.precision import PRECISIONS
from ...cases.types import Array
from ...equations.arithmetics.arithmetic import Arithmetic
from ...equations.arithmetics.on_grid import OffFunctions, OnGrid
from ...equations.exact import gradients_in


class KnownArithmetic(StrEnum):
    """An arithmetic whose errors have one direction."""

    TRUNCATING = "truncating"
    """Results are rounded towards zero."""
    IN_TURN = "sums in turn"
    """Sums are rounded after each addition: they stagnate where the terms are small beside them."""
    FUNCTIONS = "functions"
    """The values of tanh, sigmoid or exp are too large, or too small, everywhere."""


def errors_of_arithmetics(
    case: Case, exact: dict[str, Array]
) -> Iterator[tuple[KnownArithmetic, dict[str, Array]]]:
    """The error of each gradient of a case in each of them, float64."""
    for known, arithmetic in _arithmetics(case.dtype):
        with np.errstate(over="ignore", invalid="ignore"):
            found = gradients_in(case, arithmetic)
            yield known, {name: found[name] - exact[name] for name in found}


def _arithmetics(dtype: str) -> Iterator[tuple[KnownArithmetic, Arithmetic]]:
    facts = PRECISIONS[dtype]
    yield KnownArithmetic.TRUNCATING, OnGrid(facts, np.trunc)
    yield KnownArithmetic.IN_TURN, OnGrid(facts, sums_in_turn=True)
    yield KnownArithmetic.FUNCTIONS, OffFunctions(facts.unit)
