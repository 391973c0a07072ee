"""All functions of NumPy that a traced array knows, in one table."""

from __future__ import annotations

from typing import Any

from .applying import comparison, of_one, of_two
from .arranging import ARRANGING
from .creating import CREATING
from .elementwise import BINARY, COMPARISONS, UNARY
from .joining import JOINING
from .products import PRODUCTS
from .reductions import REDUCTIONS

FUNCTIONS: dict[Any, Any] = {
    **{ufunc: of_one(rule) for ufunc, rule in UNARY.items()},
    **{ufunc: of_two(rule) for ufunc, rule in BINARY.items()},
    **{ufunc: comparison(ufunc) for ufunc in COMPARISONS},
    **REDUCTIONS,
    **PRODUCTS,
    **ARRANGING,
    **JOINING,
    **CREATING,
}
"""By function or ufunc of NumPy, or ufunc and method: what does the same on traced arrays."""
