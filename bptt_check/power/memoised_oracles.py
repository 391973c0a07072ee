"""What the oracles say of a case, asked once for all the subjects that are judged on it."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.follow_up import FollowUpCall, FollowUpKind
from ..cases.result import Differentiator, Result
from ..runs.check import Setup, check_cases, trusted_results
from ..subjects.raised import explained
from ..subjects.time_limit import time_limit
from ..verdicts.case_report import CaseReport
from ..verdicts.cause import NoAnswer
from ..verdicts.verdict import Verdict

TIMEOUT = 20.0
"""Seconds for one call of a subject; it needs milliseconds, unless an edit made it hang."""
ASKED = tuple(map(FollowUpCall, (FollowUpKind.FREED_MEMORY, FollowUpKind.LINEARITY)))
"""Further calls about the first case of a chunk: those that need no oracle, since an answer is
remembered for each case."""


class MemoisedOracle:
    """An oracle that is asked about each case once; what it raised is raised again."""

    def __init__(self, oracle: Callable[[Case], Any]) -> None:
        self.name = getattr(oracle, "name", "oracle")
        self._oracle = oracle
        self._answers: dict[Case, Any] = {}

    def answer(self, case: Case) -> Any:
        """The result, or the exception in its place."""
        if case not in self._answers:
            (self._answers[case],) = trusted_results(self._oracle, [case])
        return self._answers[case]

    def __call__(self, case: Case) -> Result:
        """The result."""
        answer = self.answer(case)
        if isinstance(answer, Exception):
            raise answer
        return answer


def judge_all(
    subject: Differentiator, cases: Sequence[Case], oracles: tuple[MemoisedOracle, ...]
) -> list[CaseReport]:
    """The reports that a run would have of this subject on these cases."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wrong arithmetic overflows, and that is no news
        setup = Setup(oracles, timeout=TIMEOUT)
        return list(check_cases(subject, cases, setup, lambda n, _: () if n else ASKED))


class CaseWithOracles:
    """A case with the answers of the oracles, each computed when it is first needed.

    Args:
        case: the case.
        oracles: the trusted differentiators.
        unedited: a right subject; an answer that is its own to the last bit needs no oracle.
    """

    def __init__(
        self,
        case: Case,
        oracles: Sequence[Callable[[Case], Any]],
        unedited: Differentiator | None = None,
    ) -> None:
        self.case, self._unedited = case, unedited
        self.oracles = tuple(MemoisedOracle(oracle) for oracle in oracles)

    @property
    def able(self) -> frozenset[str]:
        """Names of the oracles that could judge this case at all."""
        return frozenset(o.name for o in self.oracles if isinstance(o.answer(self.case), Result))

    def judge(self, subject: Differentiator) -> CaseReport:
        """The report of a subject on this case."""
        (report,) = judge_all(subject, [self.case], self.oracles)
        return report

    def error_report(self, error: Exception) -> CaseReport:
        """The report of a subject that cannot even be made."""
        return CaseReport(Verdict.ERROR, self.case, "subject", cause=NoAnswer(explained(error)))

    @functools.cached_property
    def is_informative(self) -> bool:
        """Whether the unedited subject is not failed here; else nothing is learnt of an edit."""
        return self._unedited is None or not self.judge(self._unedited).verdict.failing

    @functools.cached_property
    def _unedited_bits(self) -> bytes:
        assert self._unedited is not None
        return _bits(self._unedited, self.case)

    def is_unedited(self, subject: Differentiator) -> bool:
        """Whether a subject answers as the unedited one does, to the last bit."""
        try:
            with time_limit(TIMEOUT), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _bits(subject, self.case) == self._unedited_bits
        except Exception:
            return False


def _bits(subject: Differentiator, case: Case) -> bytes:
    """An answer as bytes: of the loss, of every gradient, of its name, shape and dtype."""
    returned: Any = subject(case)
    loss, grads = returned if isinstance(returned, tuple) else (returned.loss, returned.grads)
    parts = [np.float64(loss).tobytes()]
    for name in sorted(grads):
        array = np.asarray(grads[name])
        parts += [f"{name} {array.shape} {array.dtype}".encode(), array.tobytes()]
    return b"|".join(parts)
