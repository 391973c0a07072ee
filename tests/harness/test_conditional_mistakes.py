"""Code that is wrong under one condition only is caught within the default number of cases.

A table over the whole harness: what checkers miss is seldom the size of an error, nearly always the
case that would have shown it. At every seed a case of a run that meets a condition is found wrong
on its own; at the first seed by a run that asks about all its cases, too.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from support.conditions import TABLE, Mistake, WrongWhen, groups_of, sizes

import bptt_check as bc
from bptt_check.api import load_oracles
from bptt_check.cases.case import Case, Spec
from bptt_check.cases.design.recipe import recipe_of, steps_of, work_of
from bptt_check.cases.memory_layout import arranged
from bptt_check.cases.result import Result
from bptt_check.cases.targets import parse_targets
from bptt_check.runs.check import Setup, check_case
from bptt_check.runs.target_cases import Plan, check_target
from bptt_check.verdicts.case_report import CaseReport
from bptt_check.verdicts.verdict import Verdict

CASES = 100
"""The default number of cases of a verification."""
TARGETS = sorted({mistake.target for mistake in TABLE})
SOMETIMES = next(mistake for mistake in TABLE if mistake.condition == "lengths differ")
NEVER = Mistake("T = 4000", SOMETIMES.target, sizes(lambda T: T == 4000), "W_hh_l0")
"""No case of a run meets it."""
ALWAYS = {"three layers"}
"""Conditions that every case of their target meets."""


class Remembering:
    """Complex step alone, as any oracle sees an error of one half; asked once about every case."""

    name = "complex_step"

    def __init__(self) -> None:
        (self._oracle,) = load_oracles([self.name])
        self.results: dict[Spec, Result] = {}

    def __call__(self, case: Case) -> Result:
        if case.spec is None:
            return self._oracle(case)
        if case.spec not in self.results:
            self.results[case.spec] = self._oracle(case)
        return self.results[case.spec]


@functools.cache
def oracle_of(target: str) -> Remembering:
    """The oracle of the cases of a target."""
    return Remembering()


def setup(target: str) -> Setup:
    """Against what a subject is checked on a target."""
    return Setup((oracle_of(target),))


@functools.lru_cache(maxsize=20)
def specs_of(target: str, seed: int) -> list[Spec]:
    """The specs of a run, the cheapest first."""
    plan = Plan(parse_targets(target), CASES, seed=seed)
    return sorted(plan.design(plan.targets[0]).specs(CASES), key=cost)


@functools.lru_cache(maxsize=4 * CASES)
def built(spec: Spec) -> tuple[Case, Case]:
    """A case, and with x as a subject gets it."""
    case = spec.build()
    return case, as_asked(case)


def cost(spec: Spec) -> int:
    """About what a case costs: steps, and numbers that are computed in them."""
    recipe = recipe_of(spec)
    return steps_of(recipe.T, recipe.cut) * 1000 + work_of(1, recipe)


def as_asked(case: Case) -> Case:
    """The case with x in its memory layout."""
    own = copy.copy(case)
    object.__setattr__(own, "x", arranged(case.x, case.layout))
    return own


def meeting(mistake: Mistake, seed: int) -> Iterator[Case]:
    """The cases of a run that meet a condition: those that the oracle knows, then the cheapest."""
    known = oracle_of(mistake.target).results
    pairs = map(built, sorted(specs_of(mistake.target, seed), key=lambda spec: spec not in known))
    return (case for case, asked in pairs if mistake.met(asked))


def finds(mistake: Mistake, report: CaseReport) -> bool:
    """Whether a report says that the gradient is wrong."""
    wrong = {row.parameter for row in report.rows if row.verdict == Verdict.FAIL}
    return report.verdict is Verdict.FAIL and mistake.gradient in wrong


def telling(mistake: Mistake, seed: int) -> Case | None:
    """The first case that meets a condition and is found wrong; None if none is."""
    subject, against = WrongWhen((mistake,)), setup(mistake.target)
    return next(
        (
            case
            for case in meeting(mistake, seed)
            if finds(mistake, check_case(subject, case, against, ()))
        ),
        None,
    )


def missed(mistakes: Iterable[Mistake], seeds: Iterable[int]) -> list[tuple[str, int]]:
    """The conditions and seeds of which no case of a run is found wrong."""
    pairs = [(one, seed) for seed in seeds for one in mistakes]
    return [(one.condition, seed) for one, seed in pairs if telling(one, seed) is None]


class OnSomeCases:
    """A subject that answers on some cases; the others cost nothing, as it raises."""

    def __init__(self, subject: WrongWhen, cases: Iterable[Case | None]) -> None:
        self.name, self.subject = subject.name, subject
        self.specs = {case.spec for case in cases if case is not None}

    def __call__(self, case: Case) -> object:
        if case.spec is not None and case.spec not in self.specs:  # not a further call
            raise RuntimeError
        return self.subject(case)


def missed_by_a_run(mistakes: tuple[Mistake, ...], seed: int = 0) -> list[str]:
    """The conditions whose mistake a run does not see, among several mistakes of one target."""
    plan = Plan(parse_targets(mistakes[0].target), CASES, seed=seed)
    subject = OnSomeCases(WrongWhen(mistakes), (telling(one, seed) for one in mistakes))
    checked = check_target(subject, plan.targets[0], plan, setup(mistakes[0].target))
    reports = [report for _, report in checked]
    assert len(reports) == CASES
    return [one.condition for one in mistakes if not any(finds(one, r) for r in reports)]


def test_table_has_enough_conditions() -> None:
    """Sixty kinds of cases and more, each under its own name; every gradient is wrong in some."""
    assert len({(one.target, one.condition) for one in TABLE}) == len(TABLE) >= 75
    assert {one.gradient for one in TABLE} >= {"W_xh_l0", "W_hh_l0", "W_hy", "b_y", "x", "h0", "c0"}


@pytest.mark.parametrize("target", TARGETS)
def test_condition_is_met_in_some_cases_only(target: str) -> None:
    """Else it would say nothing about the cases."""
    for one in (m for m in TABLE if m.target == target):
        count = len(list(meeting(one, 0)))
        assert 0 < count < 0.7 * CASES or one.condition in ALWAYS, (one.condition, count)


@pytest.mark.parametrize("target", TARGETS)
def test_wrong_under_one_condition_is_caught_at_every_seed(target: str) -> None:
    """Among the cases of a run of the default length there is one that shows it."""
    assert missed([m for m in TABLE if m.target == target], range(10)) == []


@pytest.mark.parametrize("target", TARGETS)
def test_wrong_under_one_condition_is_caught_by_a_run(target: str) -> None:
    """Which draws its cases itself and asks about each of them."""
    assert [missed_by_a_run(group) for group in groups_of(target)] == [[]] * len(groups_of(target))


def test_condition_that_no_case_meets_is_missed() -> None:
    """The sibling, on both ways and beside a mistake that is caught."""
    assert missed([SOMETIMES, NEVER], [0, 1]) == [(NEVER.condition, 0), (NEVER.condition, 1)]
    assert missed_by_a_run((SOMETIMES, NEVER)) == [NEVER.condition]


def test_mistake_that_no_oracle_sees_is_missed() -> None:
    """Another sibling: a case that meets the condition must be found wrong, too."""
    harmless = replace(SOMETIMES, gradient="b_h_l0", factor=1.0)

    assert list(meeting(harmless, 0))
    assert missed([harmless], [0]) == [(harmless.condition, 0)]


def test_whole_verification_catches_what_it_can() -> None:
    """With all its further calls, shrinking and diagnosis."""
    report = bc.verify(WrongWhen((SOMETIMES, NEVER)), [NEVER.target], oracles=["complex_step"])

    assert report.verdict == "fail"
    assert {row.parameter for row in report.rows if row.verdict == "fail"} == {SOMETIMES.gradient}


@pytest.mark.parametrize("target", TARGETS)
def test_right_sibling_is_silent(target: str) -> None:
    """The same subject without mistakes, on every fifth of the same cases but the dearest."""
    cases = [spec.build() for spec in specs_of(target, 0)[:80:5]]
    reports = [check_case(WrongWhen(), case, setup(target), ()) for case in cases]

    assert [str(r.message) for r in reports if r.verdict.failing] == []
    assert sum(r.verdict is Verdict.PASS for r in reports) > len(reports) / 2
