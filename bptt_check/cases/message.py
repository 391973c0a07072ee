"""The explanation of one case: a record until it is printed or saved, and harmless then."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..errors import clean, printable
from .own_names import OwnNames


@dataclass(frozen=True)
class Message:
    """An explanation.

    Args:
        title: the first line.
        lines: what follows it, each indented by two.
        reproduction: what to type to see it again, in one line or several; "" for a message that
            has none.
    """

    title: str = ""
    lines: tuple[str, ...] = ()
    reproduction: str = ""

    def __str__(self) -> str:
        body = [self.title, *(f"  {line}" for line in self.lines)]
        typed = reproduction_lines(clean(self.reproduction, lines=True))
        return "\n".join([*map(printable, body), *typed])

    def with_lines(self, lines: Iterable[str]) -> Message:
        """The same with more lines; empty ones are left out."""
        return replace(self, lines=(*self.lines, *filter(None, lines)))


def in_names(message: Message, names: OwnNames) -> Message:
    """The same in somebody's own names; what is to be typed stays as it is."""
    lines = tuple(map(names.told, message.lines))
    return replace(message, title=names.told(message.title), lines=lines)


def preformatted(text: str) -> str:
    """Text as a notebook shows it, with every line where it is."""
    return f'<pre style="white-space: pre-wrap">{html.escape(text)}</pre>'


def reproduction_lines(typed: str) -> list[str]:
    """How a message ends: a command beside its word, or a block of lines that can be pasted."""
    lines = typed.splitlines()
    if len(lines) == 1:
        return [f"  reproduce: {typed}"]
    return ["  reproduce:", *lines] if lines else []
