"""A pass rests on decided cases: where a subject declines, similar ones are drawn, and few are no
pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.right import RightOracle, right

import bptt_check as bc
from bptt_check.cases.case import Case
from bptt_check.cases.design.within import Within
from bptt_check.cases.targets import parse_targets
from bptt_check.report.report import Report
from bptt_check.runs.check import Setup
from bptt_check.runs.run import Plan, verify_plan

SMALL = Within(T=(1, 4), B=(1, 3), D=(1, 4), H=(1, 3), O=(1, 4))


def taking(takes: Callable[[Case], bool]) -> Callable[[Case], Any]:
    """A right subject that declines all other cases."""

    def subject(case: Case) -> Any:
        if not takes(case):
            raise bc.Unsupported("not this one")
        return right(case)

    return subject


TARGETS = tuple(parse_targets("rnn-tanh+mse"))


def plan(cases: int = 16) -> Plan:
    """Small cases."""
    return Plan(TARGETS, cases, within=SMALL)


def run(subject: Any, cases: int = 16, oracle: Any = None) -> Report:
    """A run of small cases."""
    return Report(*verify_plan(subject, plan(cases), Setup((oracle or RightOracle(),))))


def test_subject_with_one_kind_of_case_gets_cases_of_that_kind() -> None:
    """Code whose output is its input's vocabulary is asked as often as other code."""
    report = run(taking(lambda case: case.sizes.D == case.sizes.O))
    (target,) = report.covered.targets

    assert report.verdict == "pass"
    assert (target.asked, target.decided, target.declined) == (16, 16, 0)
    others = [s for s in plan().design(TARGETS[0]).specs(16) if s.sizes.D != s.sizes.O]
    assert target.redrawn == len(others) > 0
    assert "16 of 16 cases decided" in report.message


def test_wrong_subject_with_one_kind_of_case_is_found() -> None:
    """The sibling that is wrong in one such case."""
    takes = taking(lambda case: case.sizes.D == case.sizes.O)

    def subject(case: Case) -> Any:
        loss, grads = takes(case)
        wrong = 1.5 if case.sizes.T == 3 else 1.0
        return loss, {**grads, "W_hy": wrong * grads["W_hy"]}

    assert run(subject).verdict == "fail"


def test_subject_that_declines_nearly_everything_has_not_passed() -> None:
    """One case that is right is no proof of the others; the message says so."""
    seen: list[int] = []

    def takes(case: Case) -> bool:
        seen.append(1)
        return len(seen) <= 2  # both calls of the first case

    report = run(taking(takes), cases=8)

    assert report.verdict == "inconclusive"
    assert report.cases["pass"] == 1
    assert "rnn-tanh+mse: only 1 of 8 cases decided (7 declined by the subject)" in report.message


def test_run_that_its_oracles_hardly_decide_has_not_passed() -> None:
    """Every gradient is decided somewhere, but only in a few cases."""
    telling = [
        spec
        for spec in plan().design(TARGETS[0]).specs(16)
        if spec.inputs == spec.initial_state == "random"
    ]
    few = run(right, oracle=RightOracle(refuses=lambda case: case.spec not in telling[:2]))
    enough = run(right, oracle=RightOracle(refuses=lambda case: case.spec in telling[:2]))

    assert few.verdict == "inconclusive"
    assert enough.verdict == "pass"
    assert not few.covered.targets[0].declined
    assert "undecided" in few.message


def asked_of(subject: Any, cases: int) -> tuple[Report, dict[str, int]]:
    """A run against two oracles, and how often each was asked about a case."""
    asked = {"torch": 0, "slow": 0}

    def counting(name: str) -> RightOracle:
        def refuses(case: Case) -> bool:
            asked[name] += case.spec is not None
            return False

        return RightOracle(name, refuses)

    oracles = (counting("slow"), counting("torch"))
    return Report(*verify_plan(subject, plan(cases), Setup(oracles))), asked


def test_quickest_oracle_is_asked_alone_once_enough_cases_failed() -> None:
    """What else fails is told by one as well; the smallest case is judged by all."""

    def wrong(case: Case) -> Any:
        loss, grads = right(case)
        return loss, {**grads, "W_hy": 1.5 * grads["W_hy"]}

    report, asked = asked_of(wrong, 40)

    assert report.verdict == "fail"
    assert report.cases["fail"] > 30
    assert asked["slow"] < 12
    assert asked["torch"] >= 40
    assert {r.oracle for r in report.rows} == {"slow", "torch"}


def test_every_oracle_is_asked_where_few_cases_fail() -> None:
    """And where none does."""

    def seldom_wrong(case: Case) -> Any:
        loss, grads = right(case)
        wrong = 1.5 if case.spec is not None and case.spec == first[1] else 1.0
        return loss, {**grads, "W_hy": wrong * grads["W_hy"]}

    first = [*plan().design(TARGETS[0]).specs(4)]

    assert asked_of(right, 40)[1]["slow"] >= 40
    report, asked = asked_of(seldom_wrong, 40)
    assert report.verdict == "fail"
    assert asked["slow"] >= 40


def test_earlier_failures_outside_the_limits_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """One within them is, before all others."""
    lines = [f"rnn-tanh+mse T={steps} B=1 D=2 H=2 O=2 seed=7" for steps in (9, 3)]
    before = [bc.Spec.parse(line) for line in lines]
    monkeypatch.setattr("bptt_check.runs.target_cases.remembered", lambda memory, spec_of: before)
    asked: list[bc.Spec | None] = []

    def subject(case: Case) -> Any:
        asked.append(case.spec)
        return right(case)

    run(subject, cases=4)

    assert asked[0] == before[1]
    assert before[0] not in asked
