"""All entries of the gallery, and how one is asked for."""

from __future__ import annotations

from bptt_check.errors import UnknownName

from . import elman_biases, elman_softmax, many_to_one, sentiment_toy, three_steps
from .entry import Entry, FormulaSubject

GALLERY: tuple[Entry, ...] = (
    *many_to_one.ENTRIES,
    *elman_softmax.ENTRIES,
    *elman_biases.ENTRIES,
    *sentiment_toy.ENTRIES,
    *three_steps.ENTRIES,
)
"""In the order of the notes."""


def subject(name: str) -> FormulaSubject:
    """The subject of the entry of this name.

    Raises:
        UnknownName: there is none; the message lists all.
    """
    entries = {entry.name: entry for entry in GALLERY}
    if name not in entries:
        raise UnknownName("gallery entry", name, entries)
    return FormulaSubject(entries[name])
