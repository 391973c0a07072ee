"""Work that an interrupt waits for: `runs.interruption` finds it on the stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def uninterrupted(work: Callable[[], T]) -> T:
    """Do work that is not interrupted. An interrupt waits for the next that may be, if any."""
    return work()
