"""All entries of the gallery, and how one is asked for."""

from __future__ import annotations

from ..errors import UnknownName
from . import note_000, note_001, note_002, note_003, note_004
from .entry import Entry, FormulaSubject

GALLERY: tuple[Entry, ...] = (
    *note_000.ENTRIES,
    *note_001.ENTRIES,
    *note_002.ENTRIES,
    *note_003.ENTRIES,
    *note_004.ENTRIES,
)
"""In the order of the notes."""


def subject(name: str) -> FormulaSubject:
    """The subject of the entry of this name.

    Raises:
        UnknownName: there is none; the message lists all.
    """
    found = {entry.name: entry for entry in GALLERY}
    if name not in found:
        raise UnknownName("gallery entry", name, found)
    return FormulaSubject(found[name])
