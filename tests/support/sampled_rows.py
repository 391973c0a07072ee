"""Some rows of the tables of the whole harness, for sessions of other environments.

The session `tests` takes them all; what an older release or a missing framework breaks shows in
some of them as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol, TypeVar

FOLDER = "harness"
"""The folder of the tests whose rows are sampled."""


class Item(Protocol):
    """A collected test."""

    @property
    def nodeid(self) -> str:
        """Path, name and, in brackets, the row."""
        ...


T = TypeVar("T", bound=Item)


def left_out(items: Iterable[T], every: int) -> list[T]:
    """Those that are not the first row of a test, nor every so many after it."""
    seen: Counter[str] = Counter()
    left: list[T] = []
    for item in items:
        path, _, name = item.nodeid.partition("::")
        test, bracket, _ = name.partition("[")
        if not bracket or FOLDER not in path.split("/"):
            continue
        place = f"{path}::{test}"
        if seen[place] % every:
            left.append(item)
        seen[place] += 1
    return left
