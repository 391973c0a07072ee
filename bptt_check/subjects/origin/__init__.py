"""How a new process gets a subject that this one was handed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from ...cases.result import address_of
from ...cases.written.reproduction import Origin
from .addresses import address_found, name_in_session
from .snippets import NotWritable
from .writer import Writer

__all__ = ["NotWritable", "origin_of", "source_of", "written"]

FIRST = "import bptt_check as bc"


def origin_of(subject: Callable[..., Any]) -> Origin:
    """The address of a subject, or the lines that make it; neither where it cannot be known."""
    try:
        if address := address_of(subject) or address_found(subject):
            return Origin(address)
        return Origin(setup=_setup(subject))
    except (NotWritable, RecursionError):
        return Origin()
    except Exception:  # whatever a foreign object raises when it is looked at
        return Origin()


def written(value: Any, saved: Mapping[int, str] | None = None) -> tuple[list[str], str]:
    """An expression for a value, and the lines that it needs before it.

    Args:
        value: what is written.
        saved: expressions for the numbers of some arrays in it, by their identity.

    Raises:
        NotWritable: there is none.
    """
    writer = Writer({}, saved)
    text = writer.expression(value)
    return writer.lines, text


def _setup(subject: Callable[..., Any]) -> tuple[str, ...]:
    """Lines that end with `subject` being it."""
    if name := name_in_session(subject):
        return (FIRST, *([f"subject = {name}"] if name != "subject" else []))
    return _lines(subject)


def source_of(subject: Callable[..., Any]) -> str:
    """The text of a module whose `subject` is this one, also of one that was typed into a session.

    Raises:
        NotWritable: there is none.
    """
    try:
        return "\n".join((*_lines(subject), ""))
    except Exception as error:  # whatever a foreign object raises when it is looked at
        raise NotWritable(subject) from error


def _lines(subject: Callable[..., Any]) -> tuple[str, ...]:
    writer = Writer({"bc": sys.modules["bptt_check"]})
    writer.bind("subject", subject, {})
    lines = ("from __future__ import annotations", FIRST, *writer.lines)
    compile("\n".join(lines), "<setup>", "exec", dont_inherit=True)
    return lines
