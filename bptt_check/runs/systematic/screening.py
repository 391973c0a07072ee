"""Every case of a run adds its slopes; what stands out of them is looked at again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ...cases.any_case import AnyCase
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import Result
from ...cases.types import Array
from ...equations.terms import shares_of_terms
from ...verdicts.budget import Budgets
from ...verdicts.case_report import CaseReport, Evidence
from .fresh import has_small_steps
from .model_group import ModelGroup
from .slope import Errors, Regressor, errors_of, slopes_and_terms
from .sums import Sums, sums_of

TERM_CASES = 12
"""Cases of a model and dtype of which the terms are looked at: what they take is that of a few
oracles."""
SUSPICIOUS, SUSPICIOUS_TERM = 3.8, 3.2
"""Strengths from which on a part is looked at again, on fresh cases. A sum that strong is chance
with a probability of at most 1 in 700, or 1 in 80, where all errors are as large as the band."""


class Key(NamedTuple):
    """What slopes are added up for."""

    model: str
    dtype: str
    part: Regressor


class Screening:
    """The sums of a run, in any order of its cases."""

    def __init__(self) -> None:
        self.sums: dict[Key, Sums] = {}
        self._with_terms: dict[tuple[str, str], int] = {}

    def add(self, model: str, report: CaseReport) -> None:
        """Take in a case of which nothing is wrong by itself."""
        case = report.case
        if report.evidence is None or report.verdict.failing:
            return
        shares = self.shares(model, case)
        for errors in errors_of_case(case, report.evidence):
            self.add_errors(model, case, *errors, shares)

    def add_errors(
        self,
        model: str,
        case: AnyCase,
        name: str,
        errors: Errors,
        true: Array,
        shares: Mapping[str, Mapping[str, Array]],
    ) -> None:
        """Take in the errors of one gradient of a case, whatever they were measured against.

        Args:
            model: of the case.
            case: whose gradient it is.
            name: of the gradient.
            errors: of it.
            true: what it must be.
            shares: of the terms, by their names, in each gradient; may be empty.
        """
        for part, slope in slopes_and_terms(case, name, errors, true, shares):
            key = Key(model, case.dtype, part)
            sums, before = sums_of(slope), self.sums.get(key)
            self.sums[key] = sums if before is None else sums.and_those_of(before)

    def shares(self, model: str, case: AnyCase) -> Mapping[str, Mapping[str, Array]]:
        """The shares of the terms, of the first cases that are small enough."""
        place = model, case.dtype
        if isinstance(case, RecurrenceCase):  # its steps are not known
            return {}
        if self._with_terms.get(place, 0) >= TERM_CASES or not has_small_steps(
            case.model, case.sizes
        ):
            return {}
        self._with_terms[place] = self._with_terms.get(place, 0) + 1
        return shares_of_terms(case)

    def of(self, group: ModelGroup) -> dict[tuple[str, Regressor], Sums]:
        """The sums of the models of a group, by dtype and part."""
        names, added = set(group.names), dict[tuple[str, Regressor], Sums]()
        for key, sums in self.sums.items():
            if key.model in names:
                own = key.dtype, key.part
                added[own] = added.get(own, Sums()).and_those_of(sums)
        return added

    def suspects(self, group: ModelGroup) -> dict[str, list[Regressor]]:
        """By dtype what stands out of the cases of a group."""
        found: dict[str, list[Regressor]] = {}
        for (dtype, part), sums in self.of(group).items():
            if sums.strength > (SUSPICIOUS_TERM if part.is_term else SUSPICIOUS):
                found.setdefault(dtype, []).append(part)
        return found


def errors_of_case(case: AnyCase, evidence: Evidence) -> Iterator[tuple[str, Errors, Array]]:
    """Name, errors and true values of each gradient that an oracle knows entry by entry."""
    for name, got in evidence.result.grads.items():
        known = {o: r for o, r in evidence.trusted.items() if _entrywise(name, r)}
        if not known:
            continue
        oracle = min(
            known, key=lambda o: (not known[o].proven, evidence.budgets[o].bounds is not None)
        )
        budgets: Budgets = evidence.budgets[oracle]
        true = np.asarray(known[oracle].grads[name])
        own = 0.0 if budgets.proven else budgets.oracle.error(name)
        more = own + np.asarray(budgets.bound(name))
        yield name, errors_of(case, name, np.asarray(got), true, budgets.subject, more), true


def _entrywise(name: str, result: Result) -> bool:
    return name in result.grads and name not in result.along
