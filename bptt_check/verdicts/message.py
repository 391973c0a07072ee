"""The explanation of one case: a record until it is printed or saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Message:
    """An explanation.

    Args:
        title: the first line.
        lines: what follows it, each indented by two.
        reproduction: what to type to see it again; "" for a message that has no such line.
    """

    title: str = ""
    lines: tuple[str, ...] = ()
    reproduction: str = ""

    def __str__(self) -> str:
        last = [f"reproduce: {self.reproduction}"] if self.reproduction else []
        return "\n".join([self.title, *(f"  {line}" for line in (*self.lines, *last))])

    def with_lines(self, lines: Iterable[str]) -> Message:
        """The same with more lines; empty ones are left out."""
        return replace(self, lines=(*self.lines, *filter(None, lines)))
