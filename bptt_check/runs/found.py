"""What a run has found so far; an interruption leaves it as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from ..cases.any_case import AnySpec
from ..cases.timing.stage_clock import Stage, timed
from ..own_loss.differencing.taylor_curve import TaylorCurve
from ..verdicts.case_report import CaseReport
from . import interruption
from .earlier.early_cases import EarlyCases
from .records import FailureWithCase
from .systematic.model_group import ModelGroup
from .systematic.records import SystematicError
from .systematic.screening import Screening
from .tally import Tally


@dataclass
class Found:
    """What is added up, and what is explained of it, in the order in which it was found.

    Counts of one case would contradict each other if they were not all taken in.
    """

    tally: Tally = field(default_factory=Tally)
    screening: Screening | None = None
    """None where no systematic errors are looked for."""
    early: EarlyCases = field(default_factory=EarlyCases)
    failures: list[FailureWithCase] = field(default_factory=list[FailureWithCase])
    systematic: list[tuple[ModelGroup, SystematicError]] = field(
        default_factory=list[tuple[ModelGroup, SystematicError]]
    )
    curves: list[TaylorCurve] = field(default_factory=list[TaylorCurve])

    @property
    def wrong_models(self) -> set[str]:
        """The models of which a case failed, or all cases have an error in common."""
        return {n for group, _ in self.systematic for n in group.names} | set(self.tally.first)

    def add(self, target: str, drawn: AnySpec, report: CaseReport) -> None:
        """Take in the report of a case."""
        interruption.uninterrupted(partial(self._add, target, drawn, report))

    def _add(self, target: str, drawn: AnySpec, report: CaseReport) -> None:
        self.tally.add(target, report)
        if self.screening is not None:
            with timed(Stage.SYSTEMATIC):
                self.screening.add(target, report)
        self.tally.coverage.add(target, drawn, report)
        self.early.add(target, report, self.tally.count)

    def revise(self, target: str, report: CaseReport) -> None:
        """Take in what a case is now that was another before."""
        interruption.uninterrupted(partial(self.tally.revise, target, report))
