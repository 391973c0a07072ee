"""Are gradients missing in every call? Then the code may never give them, which can be declared."""

from __future__ import annotations

from collections.abc import Sequence

from .call_facts import NeverGiven
from .trials import Trial


def never_given(trials: Sequence[Trial]) -> NeverGiven | None:
    """The parameters of which no call gave a gradient; None where each has one somewhere."""
    if not trials:
        return None
    everywhere = frozenset[str].intersection(*(trial.missing for trial in trials))
    missing = tuple(name for name in trials[0].case.params if name in everywhere)
    return NeverGiven(missing) if missing else None
