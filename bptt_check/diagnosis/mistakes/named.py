"""The curated half of the dictionary: what people get wrong, as edits of the textbook.

The other half (`dictionary`) is every single edit that the operators of `mutation` make.
"""

from __future__ import annotations

import functools

from .in_steps import of_steps
from .in_time import of_time
from .mistake import Mistake


@functools.cache
def mistakes() -> tuple[Mistake, ...]:
    """All named mistakes, the most telling first."""
    return (*of_time(), *of_steps())
