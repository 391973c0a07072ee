"""Choices that a seed decides, the same on every machine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any


class Picks:
    """Choices that depend on the seed alone; only `random()` is promised never to change."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def below(self, count: int) -> int:
        """A number in [0, count)."""
        return int(self._random() * count)

    def of(self, values: Sequence[Any]) -> Any:
        """One of the values."""
        return values[self.below(len(values))]

    def order(self, count: int) -> list[int]:
        """0 .. count - 1 in another order."""
        return sorted(range(count), key=self.keys(count).__getitem__)

    def keys(self, count: int) -> list[float]:
        """Numbers in [0, 1)."""
        return [self._random() for _ in range(count)]
