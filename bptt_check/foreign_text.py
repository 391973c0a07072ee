"""Texts of others, made fit to be shown: nothing in them is a command, and none is without end.

Whatever a subject calls its things, or a file from elsewhere says, comes to a terminal, a page or a
file through these functions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST_VALUE = 60
"""Characters of a value inside a sentence."""
LONGEST_LINE = 2000
"""Characters of a line of a message: what is longer is no sentence, and nobody reads it."""
MOST_LISTED = 20
"""Names that a sentence lists."""

_NOT_PLAIN = re.compile("[^ -~]")


def clean(text: str, lines: bool = False) -> str:
    """Text in which whatever is no visible character of Unicode stands as an escape: control
    characters, direction marks, other invisible ones, lone surrogates, what has no meaning yet.

    They would reach a terminal as commands, reverse what is read, hide in it, or fail to be written
    at all. All kinds of spaces stay, line breaks and tabs only with `lines`.
    """
    kept = "\n\t" if lines else ""

    def told(match: re.Match[str]) -> str:
        character = match.group()
        if character in kept or character.isprintable() or unicodedata.category(character) == "Zs":
            return character
        return character.encode("unicode_escape").decode()

    return _NOT_PLAIN.sub(told, text)


def cut(text: str, longest: int = LONGEST_LINE) -> str:
    """The text, or its beginning with the number of characters that it has in all."""
    if len(text) <= longest:
        return text
    end = f"... ({len(text):,} characters)"
    return text[: max(longest - len(end), 0)] + end


def printable(text: str) -> str:
    """A message that can do no harm on a terminal: clean, and no line of it longer than
    `LONGEST_LINE`; its line breaks stay.
    """
    return "\n".join(cut(line) for line in clean(text, lines=True).split("\n"))


def shown(value: object, longest: int = LONGEST_VALUE) -> str:
    """A value of others as part of a sentence: as it would be written in Python, clean and cut."""
    if isinstance(value, str) and len(value) > longest:
        return f"{value[:longest]!r}... ({len(value):,} characters)"
    try:
        text = repr(value)
    except Exception:  # foreign objects may have any __repr__
        text = f"a {type(value).__name__}"
    return clean(text) if isinstance(value, str) else cut(clean(text), longest)


def listed(names: Iterable[object], most: int = MOST_LISTED) -> str:
    """Names with commas between them, the first ones where there are many, with a count."""
    texts = list(names)
    told = [cut(clean(str(name)), LONGEST_VALUE) for name in texts[:most]]
    left = len(texts) - len(told)
    return ", ".join(told) + (f" and {left:,} more" if left else "")


_HALF_A_PAIR = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def why_no_json(content: bytes, error: Exception) -> str:
    """Why bytes could not be read as JSON, said of the bytes where the error does not.

    Args:
        content: the bytes.
        error: what was raised in reading them.
    """
    try:
        content.decode()
    except UnicodeDecodeError as wrong:
        return f"it is not UTF-8: byte 0x{content[wrong.start]:02x} at {wrong.start:,}"
    half = _HALF_A_PAIR.search(content)
    if half:
        return f"it has half of a surrogate pair, {half.group().decode()}"
    return str(error) or type(error).__name__
