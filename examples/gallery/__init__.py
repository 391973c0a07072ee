"""The gallery: formulas of teaching texts, printed right and wrong, judged by the harness.

Every formula is evaluated literally, as a subject: `gallery:NAME` wherever a subject is named, with
the folder `examples` on the Python path.
"""

from __future__ import annotations

from bptt_check.errors import UnknownName

from .entry import FormulaSubject
from .subjects import GALLERY, subject


def __getattr__(name: str) -> FormulaSubject:
    """The subject of an entry, whose name is no Python name: `001-update-printed`."""
    try:
        return subject(name)
    except UnknownName as error:
        raise AttributeError(str(error)) from error


def __dir__() -> list[str]:
    return [*globals(), *(entry.name for entry in GALLERY)]
