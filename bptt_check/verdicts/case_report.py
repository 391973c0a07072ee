"""What is said of one case: the verdict, its rows, and what was compared."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..cases.any_case import AnyCase
from ..cases.contract import Outcome
from ..cases.follow_up import FollowUpKind
from ..cases.message import Message, in_names, preformatted
from ..cases.own_names import OwnNames
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.result import Result
from ..cases.written.reproduction import (
    Origin,
    reproduction,
    reproduction_of_arrays,
)
from .budget import Budgets
from .case_kind import CaseEnd, end_of
from .cause import Cause, NoAnswer
from .messages import message_of
from .row import Row
from .verdict import Verdict


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that was compared in one case: the subject's result and each oracle's with its
    budgets; `plain` are those without the bound of an oracle.
    """

    result: Result
    trusted: Mapping[str, Result]
    budgets: Mapping[str, Budgets]
    plain: Budgets


@dataclass(frozen=True, eq=False, repr=False)
class CaseReport:
    """The answer for one case: its verdict, a row per gradient and oracle, and the explanation.

    `cause` holds the facts that the explanation is made of.
    """

    verdict: Verdict
    case: AnyCase
    subject: str
    rows: tuple[Row, ...] = ()
    cause: Cause | None = None
    parameter: str = ""
    loss: float = float("nan")
    expected_loss: float = float("nan")
    evidence: Evidence | None = None
    outcome: Outcome = Outcome.ANSWERED
    """What came of calling the subject."""
    origin: Origin = field(default_factory=Origin)
    """How a new process gets the subject; not looked for where the case passed."""
    own: OwnNames = field(default_factory=OwnNames)
    """The names of the subject's convention, in which the message is."""
    file: str = ""
    """The file that the case was read from, or saved to."""
    asked: tuple[FollowUpKind, ...] = ()
    """The kinds of further calls that were made."""

    @functools.cached_property
    def explanation(self) -> Message:
        """What the verdict rests on, in sentences; empty where there is nothing to say."""
        if self.cause is None:
            return Message()
        told = message_of(self.cause, self.case, self.rows, self._reproduction)
        # what code raised is in its own words
        return told if isinstance(self.cause, NoAnswer) else in_names(told, self.own)

    @property
    def _reproduction(self) -> str:
        """What to type to see the case again."""
        if isinstance(self.case, RecurrenceCase):
            origin = replace(self.origin, kernel=self.case.model.options)
            return reproduction(self.spec, origin)
        if named := self.spec or self.file:
            return reproduction(named, self.origin)
        return reproduction_of_arrays(self.case, self.origin)

    @property
    def address(self) -> str:
        """The text by which the command line takes the subject; "" if it cannot."""
        return self.origin.address

    @property
    def message(self) -> str:
        """The explanation as text."""
        return str(self.explanation)

    def __str__(self) -> str:
        """The message; of a case that passed, that it did."""
        right = dict.fromkeys(r.parameter for r in self.rows if r.verdict == Verdict.PASS)
        names = ", ".join(self.own.of(name) for name in right)
        return self.message or f"{self.verdict.upper()}  {self.case.model}: right are {names}"

    def __repr__(self) -> str:
        what = self.explanation.title or f"{self.verdict.upper()}  {self.case.model}"
        return f"<CaseReport of {self.subject}: {what}>"

    def _repr_html_(self) -> str:
        return preformatted(str(self))

    @property
    def end(self) -> CaseEnd:
        """In which way the case ended."""
        return end_of(self.verdict, self.cause, self.outcome)

    @property
    def passed(self) -> bool:
        """Whether the verdict is `pass`."""
        return self.verdict == Verdict.PASS

    @property
    def proven(self) -> bool:
        """Whether the verdict rests on a proof: wrong for sure, or every gradient within budget."""
        settled = {r.parameter for r in self.rows if r.proven and r.verdict == self.verdict}
        if self.verdict == Verdict.FAIL:
            return bool(settled)
        return self.verdict == Verdict.PASS and settled >= {
            r.parameter for r in self.rows if r.verdict == Verdict.PASS
        }

    @property
    def spec(self) -> str:
        """The line that reproduces the case; empty if its arrays were given by hand."""
        return str(self.case.spec) if self.case.spec else ""
