"""Judging is pure: a case, an answer and results become a report, and nobody is called."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.contract import Answer, Breach, Outcome
from bptt_check.cases.result import Result
from bptt_check.cases.training import TrainingAnswers
from bptt_check.equations.exact import exact_gradients, exact_loss
from bptt_check.errors import Undecidable
from bptt_check.verdicts import judge as module
from bptt_check.verdicts.budget import Tolerance
from bptt_check.verdicts.case_report import CaseReport
from bptt_check.verdicts.cause import (
    ContractBroken,
    Declined,
    NoAnswer,
    WrongGradient,
    WrongLoss,
    WrongTrainingStep,
)
from bptt_check.verdicts.judge import judge
from bptt_check.verdicts.verdict import Verdict

CASE = Spec.parse("lstm T=3").build()
EXACT = Result(exact_loss(CASE), exact_gradients(CASE))


def judged(answer: Answer, results: dict[str, Result | Exception] | None = None) -> CaseReport:
    """The report of a subject that exists nowhere but in this answer."""
    results = {"truth": EXACT} if results is None else results
    return judge(CASE, answer, results, Tolerance(), "gone.module:no_longer_there")


def scaled(name: str, factor: float) -> Result:
    """The right result but for one gradient."""
    return replace(EXACT, grads={**EXACT.grads, name: EXACT.grads[name] * factor})


ANSWERS: dict[str, tuple[Answer, Verdict, type | None]] = {
    "right": (Answer(EXACT), Verdict.PASS, None),
    "declined": (Answer(outcome=Outcome.DECLINED, text="no"), Verdict.UNSUPPORTED, Declined),
    "raised": (
        Answer(outcome=Outcome.RAISED, text="raised ValueError: no"),
        Verdict.ERROR,
        NoAnswer,
    ),
    "not readable": (
        Answer(breaches=(Breach("loss", "the loss must be a number"),)),
        Verdict.CONTRACT,
        ContractBroken,
    ),
    "a breach beside a result": (
        Answer(EXACT, (Breach("x", "x was written to"),)),
        Verdict.CONTRACT,
        ContractBroken,
    ),
    "two answers": (
        Answer(EXACT, second_result=scaled("x", 2.0)),
        Verdict.CONTRACT,
        ContractBroken,
    ),
    "wrong loss": (Answer(replace(EXACT, loss=2 * EXACT.loss)), Verdict.FAIL, WrongLoss),
    "wrong gradient": (Answer(scaled("b_y", 1.5)), Verdict.FAIL, WrongGradient),
    "a training step that raised": (
        Answer(EXACT, training=TrainingAnswers(error="raised ValueError: no")),
        Verdict.ERROR,
        NoAnswer,
    ),
    "a wrong update": (
        Answer(
            EXACT,
            training=TrainingAnswers((("update", {"b": np.ones(2)}, {"b": np.zeros(2)}),)),
        ),
        Verdict.FAIL,
        WrongTrainingStep,
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_report_is_made_of_an_answer_and_results_alone(name):
    """There is no subject and no oracle that could be called, and every verdict is reached."""
    answer, verdict, cause = ANSWERS[name]
    report = judged(answer)

    assert report.verdict == verdict
    assert type(report.cause) is (cause or type(None))
    assert report.subject == "gone.module:no_longer_there"
    assert bool(report.message) == (verdict != Verdict.PASS)


def test_judging_twice_says_the_same():
    """Nothing of the first judgement is left for the second."""
    answer = Answer(scaled("x", 1.5))
    first, second = judged(answer), judged(answer)

    assert (first.rows, first.cause, first.message) == (second.rows, second.cause, second.message)


def test_an_exception_in_place_of_a_result_is_the_oracle_s_reason():
    """Whoever called the oracle caught it; the others judge."""
    report = judged(Answer(EXACT), {"shy": Undecidable("not today"), "truth": EXACT})

    assert report.verdict == Verdict.PASS
    assert {r.reason for r in report.rows if r.oracle == "shy"} == {"not today"}


def test_training_steps_are_judged_only_where_the_gradients_are_right():
    """A wrong gradient comes first, and its report has no row of `update`."""
    training = TrainingAnswers((("update", {"b": np.ones(2)}, {"b": np.zeros(2)}),))
    report = judged(Answer(scaled("x", 1.5), training=training))

    assert isinstance(report.cause, WrongGradient)
    assert "update" not in {r.parameter for r in report.rows}
    assert "update" in {r.parameter for r in judged(Answer(EXACT, training=training)).rows}


def called(source: str) -> set[str]:
    """Names of parameters and attributes that a source calls as a subject or an oracle is called:
    with a case alone.
    """
    calls = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call))
    return {
        ast.unparse(n.func)
        for n in calls
        if [ast.unparse(a) for a in n.args] in (["case"], ["self.case"], ["judged.case"])
        and not n.keywords
        and ("subject" in ast.unparse(n.func) or "oracle" in ast.unparse(n.func))
    }


@pytest.mark.parametrize("path", sorted(Path(module.__file__).parent.glob("*.py")), ids=str)
def test_no_module_of_the_room_calls_a_subject_or_an_oracle(path):
    """The table of imports forbids the callers; nor is a subject called that was handed in."""
    assert called(path.read_text("utf-8")) == set()


def test_a_planted_call_is_seen():
    """The sibling, which the test above must reject."""
    assert called("def f(subject, case):\n    return subject(case)") == {"subject"}
    assert called("def f(self):\n    return self.oracle(self.case)") == {"self.oracle"}
    assert called("def f(subject, case):\n    return name_of(subject)") == set()


def test_nothing_in_the_room_calls_back(monkeypatch: pytest.MonkeyPatch):
    """Neither a case nor a result is asked for anything that runs foreign code."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("called")

    # first, as this may import the module: it would keep what it found in the others for good
    monkeypatch.setattr("bptt_check.runs.check.trusted_results", forbidden)
    monkeypatch.setattr("bptt_check.subjects.calling.call", forbidden)
    monkeypatch.setattr("bptt_check.subjects.calling.call_once", forbidden)
    monkeypatch.setattr("bptt_check.subjects.training.call_training_step", forbidden)

    for answer, verdict, _ in ANSWERS.values():
        assert judged(answer).verdict == verdict


def test_a_case_is_judged_as_it_is():
    """A case without a spec is judged as any other."""
    case: Case = CASE.with_inputs({})
    report = judge(case, Answer(EXACT), {"truth": EXACT}, Tolerance(), "f")

    assert (report.verdict, report.spec) == (Verdict.PASS, "")
