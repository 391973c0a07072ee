"""The curated half of the dictionary: what people get wrong, as edits of the textbook.

The other half (`dictionary`) is every single edit that the operators of `mutation` make.
"""

from __future__ import annotations

import functools

from .in_steps import mistakes_in_steps
from .in_time import mistakes_in_time
from .mistake import Mistake


@functools.cache
def named_mistakes() -> tuple[Mistake, ...]:
    """All named mistakes, the most telling first."""
    return (*mistakes_in_time(), *mistakes_in_steps())
