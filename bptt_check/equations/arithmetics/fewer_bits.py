"""Matrix products whose factors are read on fewer bits, exactly as hardware does it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...cases.types import Array
from .arithmetic import Exact


def fewer_bits(digits: int, to_integer: Callable[[Array], Array]) -> Exact:
    """No rounding, but products read their factors on fewer bits.

    Args:
        digits: bits of the significand, the leading one included.
        to_integer: how: `np.rint` or `np.trunc`.
    """
    scale = 2.0**digits

    def read(factor: Array) -> Array:
        mantissa, exponent = np.frexp(factor)
        return np.ldexp(to_integer(mantissa * scale) / scale, exponent)

    return Exact(product=lambda a, b: read(a) @ read(b))
