"""Whether a subject that fails is right where the initial state is zero: much code has none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import astuple, replace

from ...cases.case import Spec
from ...cases.result import Differentiator
from ...verdicts.case_report import CaseReport
from ...verdicts.cause import WrongFollowUp
from ...verdicts.verdict import Verdict
from ..check import Setup, check_case

TRIED = 3
"""Cases that must pass."""


def passing_initial_state(
    subject: Differentiator, setup: Setup, report: CaseReport, failing: Mapping[Spec, bool]
) -> str:
    """The kind of initial state with which cases that failed pass; "" if there is none.

    Where one of two states is enough, it is that one.

    Args:
        subject: what failed.
        setup: as in the run.
        report: of the smallest case that fails.
        failing: whether each spec that was checked failed in the same way.
    """
    smallest = report.case.spec
    if not isinstance(smallest, Spec) or isinstance(report.cause, WrongFollowUp):
        return ""
    others = sorted((spec for spec, fails in failing.items() if fails), key=_size)
    specs = list(dict.fromkeys([smallest, *others]))
    kinds = ("zero",) if "c" not in smallest.model.layout.states else ("zero_h", "zero_c", "zero")
    for kind in kinds:
        fails_so = any(spec.initial_state == kind for spec in specs)
        again = (replace(spec, initial_state=kind) for spec in specs[:TRIED])
        if not fails_so and all(_passes(subject, spec, setup) for spec in again):
            return kind
    return ""


def _size(spec: Spec) -> int:
    return math.prod(astuple(spec.sizes))


def _passes(subject: Differentiator, spec: Spec, setup: Setup) -> bool:
    return check_case(subject, spec.build(), setup, ()).verdict is Verdict.PASS
