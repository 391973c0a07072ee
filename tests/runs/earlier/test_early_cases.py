"""The first cases of a run are asked again at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.right import RightOracle, right

from bptt_check.cases.case import Case
from bptt_check.cases.targets import parse_targets
from bptt_check.runs.check import Setup
from bptt_check.runs.earlier.early_cases import KEPT
from bptt_check.runs.records import RunWithCases
from bptt_check.runs.run import Plan, verify_plan

SETUP = Setup((RightOracle(),))
SHORT = 20


def run(subject: Any, *models: str, cases: int = SHORT) -> RunWithCases:
    """A run on a few small targets."""
    targets = tuple(t for model in models for t in parse_targets(model))
    return verify_plan(subject, Plan(targets, cases), SETUP)


def spoilt(when: Callable[[list[Case], Case], bool]) -> Any:
    """A subject that is wrong on a case it has met before, when what came in between says so."""
    seen: list[Case] = []

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        known = case.spec is not None and any(old.spec == case.spec for old in seen[:-20])
        wrong = known and when(seen, case)
        seen.append(case)
        return loss, {n: -g if wrong else g for n, g in grads.items()}

    return subject


def test_a_case_that_is_wrong_after_others_of_its_target_is_found():
    """The message says after how many, and promises no way to see it with fewer."""
    report = run(spoilt(lambda *_: True), "rnn-tanh").run
    (failure,) = report.failures

    assert report.verdict == "fail"
    assert report.cases == {"pass": SHORT - KEPT, "fail": KEPT}
    assert "once, but not when asked again after 19 other cases:" in failure.message
    assert "so only a whole run shows this again" in failure.message
    assert (failure.reproduction, failure.cases, failure.spec) == ("", KEPT, failure.first_spec)


def test_a_case_that_is_wrong_only_after_another_target_is_found():
    """The first cases of all are asked once more when all is done."""

    def other(seen: list[Case], case: Case) -> bool:
        return case.model.cell == "rnn" and any(old.model.cell == "gru" for old in seen)

    report = run(spoilt(other), "rnn-tanh", "gru+linear").run
    (failure,) = report.failures

    assert (report.verdict, failure.model) == ("fail", "rnn-tanh")
    assert f"when asked again after {2 * SHORT - 1} other cases" in failure.message


def test_a_right_subject_is_asked_a_few_times_more():
    """Three cases of a target, and those of the first one again at the end of the run."""
    calls: list[Case] = []

    def subject(case: Case) -> Any:
        calls.append(case)
        return right(case)

    one, two = run(subject, "rnn-tanh").run, len(calls)
    assert (one.verdict, one.cases) == ("pass", {"pass": SHORT})
    calls.clear()
    both = run(subject, "rnn-tanh", "rnn-relu").run
    assert both.verdict == "pass"
    assert sum(both.cases.values()) == 2 * SHORT
    assert two >= 2 * SHORT + KEPT


def test_a_subject_that_declines_a_case_the_second_time_is_left_alone():
    """It has been judged on it."""
    from bptt_check.errors import Unsupported

    seen: list[Case] = []

    def tired(case: Case) -> Any:
        seen.append(case)
        if len(seen) > 20 and any(old.spec == case.spec for old in seen[:10]):
            raise Unsupported("not again")
        return right(case)

    assert run(tired, "rnn-tanh").run.verdict == "pass"
