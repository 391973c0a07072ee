"""A clock for tests of what measures time."""

from __future__ import annotations


class Clock:
    """A time that passes when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds
