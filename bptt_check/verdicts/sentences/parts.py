"""What all messages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Told = tuple[str, str, list[str]]
"""The word for a verdict, what happened, and the lines below; empty ones are left out."""


def diagnosed(sentence: str, more: Iterable[str] = ()) -> list[str]:
    """The lines of a message that name the mistake."""
    return [f"diagnosis: {sentence}", *(f"  {line}" for line in more)]


def comma_list(names: Sequence[str]) -> str:
    """Names, one after the other."""
    return ", ".join(names)
