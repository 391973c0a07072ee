"""Conventions about the size of a loss, by name."""

from __future__ import annotations

from collections.abc import Callable

from ..cases.case import Case

FACTORS: dict[str, Callable[[Case], float]] = {
    "-1": lambda case: -1.0,
    "2": lambda case: 2.0,
    "1/2": lambda case: 0.5,
    "1/B": lambda case: 1.0 / case.sizes.B,
    "B": lambda case: float(case.sizes.B),
    "1/T": lambda case: 1.0 / case.sizes.T,
    "T": lambda case: float(case.sizes.T),
    "1/(T*B)": lambda case: 1.0 / (case.sizes.T * case.sizes.B),
    "T*B": lambda case: float(case.sizes.T * case.sizes.B),
    "1/O": lambda case: 1.0 / case.sizes.O,
    "O": lambda case: float(case.sizes.O),
}
"""What a loss or a gradient may be multiplied with."""
