"""What a quick run is made of: few cases, and oracles that start at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

QUICK_CASES = 24
"""Cases of a model in a quick run: about seven of ten pairs of levels, for about a tenth of the
steps of all cases that cover every pair."""
SLOW_STARTS = ("torch", "jax")
"""Oracles that a quick run leaves out: their frameworks take seconds to be imported, or to compile
the first cases."""
QUICK_TRIES = 60
"""Specs, and then simpler values, with which a quick run tries to make a failing case smaller."""


@dataclass(frozen=True)
class Quick:
    """What a quick run leaves out, beside the pairs of levels that none of its cases has.

    `oracles` are those that are installed and were not asked, as they take long to start.
    """

    oracles: tuple[str, ...] = ()


def merged_quick(several: Iterable[Quick | None]) -> Quick | None:
    """What several runs left out; None where none was quick."""
    quick = [one for one in several if one is not None]
    names = dict.fromkeys(name for one in quick for name in one.oracles)
    return Quick(tuple(names)) if quick else None
