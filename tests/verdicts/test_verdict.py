"""The verdicts are strings with one order."""

from __future__ import annotations

import pytest

from bptt_check.verdicts.verdict import Reason, Verdict, decisive, sentence, worst


@pytest.mark.parametrize(
    ("verdicts", "which"),
    [
        ((), "inconclusive"),
        (("pass",), "pass"),
        (("pass", "inconclusive"), "inconclusive"),
        (("pass", "imprecise", "fail"), "fail"),
        (Verdict, "error"),
        (reversed(Verdict), "error"),
    ],
)
def test_worst_is_the_first_in_the_order(verdicts, which):
    """From error to pass; nothing at all is inconclusive."""
    assert worst(map(Verdict, verdicts)) == which


@pytest.mark.parametrize(
    ("verdicts", "which"),
    [
        ((), "inconclusive"),
        (("pass", "inconclusive"), "pass"),
        (("unsupported", "inconclusive"), "inconclusive"),
        (("inconclusive", "pass", "imprecise"), "imprecise"),
        (Verdict, "error"),
    ],
)
def test_decisive_prefers_failures_then_a_pass(verdicts, which):
    """Failures win, then a pass, then whatever says why nothing was decided."""
    assert decisive(map(Verdict, verdicts)) == which


def test_verdict_is_its_string():
    """Users compare with strings, and files hold them."""
    assert [f"{v}" for v in Verdict] == [
        *("error", "contract", "fail", "imprecise"),
        *("inconclusive", "unsupported", "pass"),
    ]
    assert Verdict.PASS == "pass" != Verdict.FAIL
    assert {Verdict.FAIL: 1}["fail"] == 1
    with pytest.raises(ValueError, match="passed"):
        Verdict("passed")


DETAILS = {
    Reason.DECLINED: ("not for relu",),
    Reason.AT_KINK: (2, 7),
    Reason.CHAOTIC: ("float32",),
    Reason.OUT_OF_RANGE: ("numbers reach 1e400",),
    Reason.OVERFLOW: ("W_hy", 1e300, "2e300"),
    Reason.UNDEFINED: (float("nan"), 2, 7, "output"),
    Reason.ORACLES_DISAGREE: ("W_hh_l0",),
    Reason.WORST_ENTRY: ("b_h_l0[1]",),
    Reason.NO_SINGLE_SLOPE: (0, 1),
    Reason.VARIES_BELOW_STEPS: (0.01, 2.5, 0.0001, 17),
    Reason.NO_DIGITS: (0.25,),
    Reason.PLATEAU: (0.5,),
    Reason.SYSTEMATIC: ("over all cases together 1.02 times what it must be",),
}
"""What the sentences of some reasons need."""


def test_reasons_are_told_apart():
    """Each has a sentence of its own, with all of its numbers and names in it."""
    sentences = [sentence(reason, *DETAILS.get(reason, ())) for reason in Reason]

    assert len(set(sentences)) == len(sentences) == len(set(Reason))
    assert [reason for reason, text in zip(Reason, sentences, strict=True) if not text] == [""]
    for reason, details in DETAILS.items():
        assert all(str(detail) in sentence(reason, *details) for detail in details)


@pytest.mark.parametrize("reason", list(DETAILS))
def test_reason_without_its_details_is_refused(reason):
    """A sentence with a hole in it is never printed."""
    with pytest.raises(IndexError):
        sentence(reason)


def test_failing_and_decided_follow_the_order():
    """The four worst are failures, and beside them only a pass decides anything."""
    assert [v for v in Verdict if v.failing] == ["error", "contract", "fail", "imprecise"]
    assert {v for v in Verdict if v.decided} == {v for v in Verdict if v.failing} | {"pass"}
    assert [v.rank for v in Verdict] == [0, 1, 2, 3, 4, 5, 6]
    assert [v.failure_rank for v in Verdict] == [0, 1, 2, 3, 4, 4, 4]
