"""How far a run is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Where a run stands: cases done and in all, the model at work, failing cases so far."""

    done: int
    total: int
    model: str
    failing: int
