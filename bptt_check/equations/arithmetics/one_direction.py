"""Arithmetics whose errors have one direction: of a right formula they make a gradient that is off
in all cases alike, which is no fault of the formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import numpy as np

from ...cases.case import Case
from ...cases.precision import PRECISIONS, Precision
from ...cases.types import Array
from ..exact import gradients_in
from .arithmetic import Arithmetic
from .on_grid import OnGrid, off_functions


class OneDirection(StrEnum):
    """An arithmetic whose errors have one direction."""

    TRUNCATING = "truncating"
    """Results are rounded towards zero."""
    IN_TURN = "sums in turn"
    """Sums are rounded after each addition: they stagnate where the terms are small beside them."""
    FUNCTIONS = "functions"
    """The values of tanh, sigmoid or exp are too large, or too small, everywhere."""


NAMES = {
    OneDirection.TRUNCATING: "arithmetic that rounds towards zero",
    OneDirection.IN_TURN: "sums that are rounded after each addition",
    OneDirection.FUNCTIONS: "a tanh, sigmoid or exp that is off in one direction",
}
"""What a message calls each."""


def errors_in(known: OneDirection, case: Case, exact: Mapping[str, Array]) -> dict[str, Array]:
    """The error of each gradient of a case in one of them, float64."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = gradients_in(case, _arithmetic(known, PRECISIONS[case.dtype]))
        return {name: found[name] - exact[name] for name in found}


def _arithmetic(known: OneDirection, precision: Precision) -> Arithmetic:
    match known:
        case OneDirection.TRUNCATING:
            return OnGrid(precision, np.trunc)
        case OneDirection.IN_TURN:
            return OnGrid(precision, sums_in_turn=True)
        case OneDirection.FUNCTIONS:
            return off_functions(precision.unit)
