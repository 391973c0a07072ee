"""What traced values are made of: numbers of float64, or others that stand for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...cases.types import Array


@dataclass(frozen=True)
class Numbers:
    """What values are made of.

    Args:
        of: an array of float64, or complex128, as values.
        single: a number as a value, or as an array [1] of it.
        plain: values as float64 that code may compare, sort and branch by.
        stored: NumPy's dtype of cotangents.
    """

    of: Callable[[Array], Array]
    single: Callable[[float], Any]
    plain: Callable[[Array], Array]
    stored: type = float


FLOATS = Numbers(np.asarray, float, np.real)
