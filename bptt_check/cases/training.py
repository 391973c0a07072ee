"""What the functions for a training step answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .types import Arrays

TrainingAnswer = tuple[str, Any, Arrays]
"""Name of a function, what it answered, what its definition says."""


@dataclass(frozen=True, eq=False)
class TrainingAnswers:
    """What `clip`, `clip_by_value` and `update` answered, or the error of the one that raised."""

    answers: tuple[TrainingAnswer, ...] = ()
    error: str = ""
