"""The gallery: formulas of teaching texts, printed right and wrong, judged by the harness.

Every formula is evaluated literally, as a subject: `gallery:NAME` wherever a subject is named.
"""

from .entry import Entry, Formula, FormulaSubject
from .judge import ORACLES, Judged, judge, judge_gallery
from .page import LABELS, page, render
from .subjects import GALLERY, subject

__all__ = [
    "GALLERY",
    "LABELS",
    "ORACLES",
    "Entry",
    "Formula",
    "FormulaSubject",
    "Judged",
    "judge",
    "judge_gallery",
    "page",
    "render",
    "subject",
]
