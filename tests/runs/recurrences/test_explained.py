"""What is found out about a failing recurrence, and in which words."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import pytest

import bptt_check as bc
from bptt_check.runs.recurrences import explained
from bptt_check.runs.recurrences.condition import SizeRule
from bptt_check.runs.recurrences.places import SameFactor, WrongRange, ZeroGradient
from bptt_check.verdicts.cause import WrongOutputs
from bptt_check.verdicts.verdict import Verdict

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

from support import decayed_sums as code

from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceSpec
from bptt_check.oracles.recurrences.reverse_mode import ReferenceOracle
from bptt_check.recurrences.code import reference_code
from bptt_check.runs.check import Setup, check_case
from bptt_check.subjects.kernels.kernel import kernel_subject
from bptt_check.verdicts.case_kind import CaseEnd

SETUP = Setup((ReferenceOracle(),))
RECURRENCE = Recurrence("sums", code.INPUTS, reference_code(code.plain_sums))


def sums_spec(T: int, B: int = 1, **words: Any) -> RecurrenceSpec:
    return RecurrenceSpec(RECURRENCE, (("T", T), ("B", B)), dtype="float32", seed=1, **words)


def checked(kernel: Any, spec: RecurrenceSpec) -> bc.CaseReport:
    """The report of a case."""
    return check_case(kernel_subject(kernel), spec.build(), SETUP)


def found(kernel: Any, specs: list[RecurrenceSpec], smallest: RecurrenceSpec) -> list[str]:
    """The sentences about a run of these specs, of which one is the smallest that fails."""
    known = {spec: checked(kernel, spec).end for spec in specs}
    report = checked(kernel, smallest)
    findings = explained.findings_of_recurrence(
        report, known, report.end, lambda case: checked(kernel, case.spec)
    )
    return [finding.sentence for finding in findings]


def test_condition_and_place_are_told():
    specs = [sums_spec(T, B) for T in range(1, 7) for B in (1, 2)]

    assert found(code.sums_that_forget, specs, sums_spec(4)) == [
        "only when T > 3 (6 cases that fail, 6 that pass)",
        "S is zero everywhere",
    ]


class SameAgain(ReferenceOracle):
    """Another oracle that measures entries."""

    name = "again"


def test_a_place_is_told_once_however_many_oracles_see_it(monkeypatch):
    monkeypatch.setitem(globals(), "SETUP", Setup((ReferenceOracle(), SameAgain())))

    assert found(code.sums_doubled, [sums_spec(3), sums_spec(4)], sums_spec(3, 2)) == [
        "decay is 2 times what it should be, in every entry"
    ]


def test_without_a_condition_the_place_alone():
    assert found(code.sums_doubled, [sums_spec(3), sums_spec(4)], sums_spec(3, 2)) == [
        "decay is 2 times what it should be, in every entry"
    ]


def test_of_a_case_of_one_entry_the_largest_that_fails_is_asked():
    one = sums_spec(1)

    assert found(code.sums_doubled, [one, sums_spec(5, 3)], one) == [
        "decay is 2 times what it should be, in every entry"
    ]
    assert found(code.sums_doubled, [one], one) == []


def test_a_case_that_failed_otherwise_is_on_neither_side():
    """It does not count as one that passes."""
    specs = [sums_spec(T) for T in (4, 5, 6)]
    known = {spec: checked(code.sums_that_forget, spec).end for spec in specs}
    report = checked(code.sums_that_forget, specs[0])
    others = {sums_spec(T): CaseEnd(Verdict.ERROR, report.end.kind) for T in (1, 2, 3)}

    def said(ends: Any) -> list[str]:
        findings = explained.findings_of_recurrence(
            report, ends, report.end, lambda case: checked(code.sums_that_forget, case.spec)
        )
        return [f.condition for f in findings if f.condition]

    passing = {s: CaseEnd(Verdict.PASS, report.end.kind) for s in others}
    assert said({**known, **others}) == []
    assert said({**known, **passing}) == ["T > 3"]


@pytest.mark.parametrize(
    ("kernel", "told"),
    [(code.sums_off, explained.RIGHT_FOR_ITSELF), (code.sums, None)],
)
def test_wrong_outputs_are_told_with_what_the_gradients_are_of(kernel, told):
    spec = sums_spec(4)
    report = checked(kernel, spec)
    cause = explained.with_own_forward(kernel_subject(kernel), report).cause

    assert (cause.own_derivative if isinstance(cause, WrongOutputs) else None) == told


def test_gradients_of_neither_are_told_as_such():
    def kernel(x: Any, decay: Any, S: Any) -> Any:
        return code.sums_doubled(1.25 * x, decay, S)

    report = checked(code.sums_off, sums_spec(4))
    other = replace(report, case=sums_spec(4).build())
    cause = explained.with_own_forward(kernel_subject(kernel, like="torch"), other).cause

    assert isinstance(cause, WrongOutputs)
    assert cause.own_derivative == explained.WRONG_FOR_ITSELF


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (ZeroGradient("k"), "k is zero everywhere"),
        (SameFactor("k", -1.0), "k is -1 times what it should be, in every entry"),
        (SameFactor("k", 1 / 3), "k is 0.333333 times what it should be, in every entry"),
        (WrongRange("k", "T", 5, 5, 6), "k is wrong only at T = 5, of 0 to 5"),
        (WrongRange("k", "axis 1", 0, 2, 6), "k is wrong only at axis 1 = 0 to 2, of 0 to 5"),
    ],
)
def test_the_words_of_a_place(place, text):
    assert explained.place_text(place) == text


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (SizeRule("T", ">", 16), "T > 16"),
        (SizeRule("D", "is no multiple of", 32), "D is no multiple of 32"),
        (SizeRule("layout", "is", "strided"), "layout is strided"),
    ],
)
def test_the_words_of_a_rule(rule, text):
    assert explained.rule_text(rule) == text
