"""Failures that say the same: a run ends after a few of them, and tells them once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from ..cases.contract import Breach
from ..cases.wrong_kind import NoSubject, WrongKind
from ..verdicts.case_report import CaseReport
from ..verdicts.cause import ContractBroken, NoAnswer
from .records import FailureWithCase
from .systematic.records import have_same_errors

FEW = 3
"""Cases with the same ending, from the first on, after which something is no subject."""
MANY = 8
"""Cases of a target with the same ending, from its first on, after which its rest is left out."""
TARGETS = 3
"""Targets of a cell that were left out for the same ending, after which its others are, too."""


class AlikeEndings:
    """Counts cases that ended with the same ending, of each target from its first on."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[Hashable, int]] = {}
        self._of_cell: dict[str, dict[str, Hashable]] = {}

    def add(self, target: str, report: CaseReport) -> None:
        """Take in a case."""
        ending = ending_of(report)
        before, count = self._counts.get(target, (ending, 0))
        same = ending is not None and ending == before
        self._counts[target] = (ending, count + 1) if same else (None, 0)
        self._of_cell.setdefault(report.case.model.cell, {})[target] = self._counts[target][0]

    @property
    def targets(self) -> set[str]:
        """The targets of which a case was asked."""
        return set(self._counts)

    def count(self, target: str) -> int:
        """How many cases of a target ended with the same ending, from the first on."""
        return self._counts.get(target, (None, 0))[1]

    def left_out(self, target: str) -> bool:
        """Whether what remains of a target would say the same once more."""
        return self._is_no_subject or self.count(target) >= MANY

    def skips(self, cell: str) -> bool:
        """Whether further targets of a cell would."""
        endings = list(self._of_cell.get(cell, {}).values())
        same = len(endings) >= TARGETS and None not in endings and len(set(endings)) == 1
        return self._is_no_subject or same

    @property
    def _is_no_subject(self) -> bool:
        counts = list(self._counts.values())
        same = all(isinstance(ending, WrongKind) for ending, _ in counts)
        return same and sum(count for _, count in counts) >= FEW


def ending_of(report: CaseReport) -> Hashable:
    """Why a case came to no number at all, the same where it is the same; None if it did."""
    match report.cause:
        case NoSubject() as what:
            return what.kind
        case NoAnswer() as none:
            return none.place or none.what
        case ContractBroken() as broken if not report.rows:
            return tuple(b.parameter for b in broken.breaches if isinstance(b, Breach)) or None
        case _:
            return None


def told_once(failures: Sequence[FailureWithCase]) -> list[FailureWithCase]:
    """The failures, each with the model of the first that says the same, if one does."""
    told: list[FailureWithCase] = []
    for failure in failures:
        first = next((f for f in told if not f.same_as and _same(f, failure)), None)
        told.append(failure if first is None else replace(failure, same_as=first.model))
    return told


def _same(one: FailureWithCase, other: FailureWithCase) -> bool:
    """Whether two failures have the same ending, the same diagnosis or the same errors that all
    cases share.
    """
    if one.verdict != other.verdict:
        return False
    if one.shared or other.shared:
        return one.model != other.model and have_same_errors(one.shared, other.shared)
    if one.diagnoses or other.diagnoses:
        return one.diagnoses == other.diagnoses
    return one.ending is not None and one.ending == other.ending
