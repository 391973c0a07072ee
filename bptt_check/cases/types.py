"""Types that every room needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
"""An array of whichever dtype; its shape and meaning stand in the docstring."""
Arrays = Mapping[str, Array]
"""Arrays by name: parameters, inputs or gradients."""
