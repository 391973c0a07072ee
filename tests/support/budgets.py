"""Budgets and differences of one small gradient, made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bptt_check.cases.precision import PRECISIONS
from bptt_check.equations.rounding_errors import Conditioning
from bptt_check.verdicts.budget import Budgets, Tolerance
from bptt_check.verdicts.difference import Difference

U64, U32 = PRECISIONS["float64"].unit, PRECISIONS["float32"].unit


Gradients = dict[str, np.ndarray]


def conditioning_of(size: float, dtype: str = "float64", **shapes: Any) -> Conditioning:
    """The same conditioning everywhere."""
    return Conditioning(dtype, size, {n: np.full(s, size) for n, s in shapes.items()})


def budgets_of(
    size: float = 1.0,
    units: float = 32.0,
    dtype: str = "float64",
    bounds: Mapping[str, np.ndarray] | None = None,
    **shapes: Any,
) -> Budgets:
    """Budgets with the same conditioning for subject and oracle; of one `b` of four by default."""
    shapes = shapes or {"b": 4}
    own, exact = (conditioning_of(size, d, **shapes) for d in (dtype, "float64"))
    return Budgets(Tolerance(units), own, exact, bounds)


def difference(got: Any, want: Any, name: str = "b") -> Difference:
    """The difference of two lists."""
    return Difference(name, np.array(got, dtype=float), np.array(want, dtype=float))
