"""The message of a run: the right sentence, on one screen."""

from __future__ import annotations

from typing import Any

import bptt_reference
import pytest
from support import made

import bptt_check as bc
from bptt_check.report import sentences


def test_the_message_of_a_failing_run_is_that_of_its_worst_failure() -> None:
    """The explanation comes first and whole, with the line that reproduces it."""
    report = made.failing(failures=(made.failure(), made.failure(message="second")))

    assert made.failure().message == report.message


def test_the_message_of_a_passing_run_says_what_was_shown() -> None:
    """Verdict, subject, how much, by whom."""
    assert report_lines(made.report()) == [
        "PASS  subject: every gradient that the subject offers is right",
        "  1 model, 10 of 10 cases decided by torch",
    ]


def test_message_of_a_pass_says_how_many_cases_were_decided() -> None:
    """Of those of targets that were not declined, and what they covered."""
    said = report_lines(made.report(cases={"pass": 8, "unsupported": 2}))
    covered = report_lines(made.report(covered=made.covered(decided=9)))

    assert "  1 model, 8 of 10 cases decided by torch" in said
    assert "  1 model, 9 of 10 cases decided by torch" in covered
    assert "  3 of 5 pairs of levels of 2 factors; largest T 2, H 2" in covered


def test_message_says_where_few_cases_were_decided() -> None:
    """Four of ten are too few for a pass, five are not."""
    few = made.report(verdict="inconclusive", covered=made.covered(decided=4))
    enough = made.report(verdict="inconclusive", covered=made.covered(decided=5))
    sentence = "lstm: only 4 of 10 cases decided (1 declined by the subject, 5 undecided)"

    assert sentence in few.message
    assert "within=bc.Within(...)" in few.message
    assert "only" not in enough.message


def report_lines(report: bc.Report) -> list[str]:
    """The lines of a message."""
    return report.message.splitlines()


OPEN: dict[str, tuple[dict[str, Any], str]] = {
    "vacuous": (
        {"rows": (made.row(), made.vacuous(parameter="b_h_l0"))},
        "lstm: b_h_l0 not decided: vacuous: the true gradient lies below the budget (torch)",
    ),
    "advice": ({"rows": (made.vacuous(),)}, "to do: more cases"),
    "refused": (
        {"rows": (made.refused(oracle="complex_step"),)},
        "lstm: W_hh_l0 not decided: complex step does not apply to relu (complex_step)",
    ),
    "another oracle": ({"rows": (made.refused(),)}, "bptt-check doctor"),
    "no rows": ({"models": ("lstm", "gru")}, "gru: no case was compared"),
    "unsupported": (
        {"rows": (), "cases": {"unsupported": 10}},
        "lstm: no case was compared; the subject declined them",
    ),
    "declined": (
        {"rows": (), "cases": {}, "declined": {"lstm": "supports() says no"}},
        "declined by the subject, not checked: lstm (supports() says no)",
    ),
    "all declined": (
        {"rows": (), "cases": {}, "declined": {"lstm": "supports() says no"}},
        "subject: nothing was checked",
    ),
    "interrupted": ({"interrupted": True}, "interrupted after 10 cases"),
    "not reached": (
        {"interrupted": True, "models": ("lstm", "gru")},
        "gru: not checked, the run was interrupted before",
    ),
}


@pytest.mark.parametrize(("changes", "words"), OPEN.values(), ids=list(OPEN))
def test_the_message_says_what_was_not_decided_and_why(changes: dict[str, Any], words: str) -> None:
    """Every reason for no verdict is a sentence that names the model."""
    report = made.report(verdict="inconclusive", **changes)

    assert report.message.startswith("INCONCLUSIVE  subject: ")
    assert words in report.message


def test_gradients_not_offered_are_no_gap() -> None:
    """A gradient that need not be returned does not stand among the undecided ones."""
    rows = (made.row(), made.not_offered(parameter="x"), made.vacuous(parameter="h0"))
    report = made.report(verdict="inconclusive", rows=rows)

    assert "h0 not decided" in report.message
    assert "x not decided" not in report.message


def test_a_refusal_does_not_hide_that_nothing_was_offered() -> None:
    """An oracle that refuses the model says nothing about a gradient that is not there."""
    refused = made.refused(parameter="x", oracle="complex_step")
    rows = (made.row(), made.not_offered(parameter="x"), refused)
    report = made.report(verdict="inconclusive", rows=rows, oracles=("torch", "complex_step"))

    assert "x not decided" not in report.message


def test_a_failure_that_could_not_be_explained_is_still_a_failure() -> None:
    """Interrupted between the failing case and its explanation, the worst row speaks."""
    rows = (made.wrong(max_budgets=5.0), made.wrong(parameter="W_hy", max_budgets=7.0))
    report = made.failing(failures=(), rows=rows, interrupted=True, cases={"fail": 2, "pass": 1})

    assert report.message.startswith("FAIL  subject: something is wrong; in 1 of 1 model")
    assert "fail: 2 cases" in report.message
    assert "worst so far: W_hy of lstm, 7 budgets (by torch)" in report.message
    assert f"reproduce: bc.check(subject, '{made.SPEC}')" in report.message


def test_an_error_without_rows_is_still_an_error() -> None:
    """Where nothing was measured there is nothing to reproduce, but the verdict stands."""
    report = made.report(verdict="error", rows=(), cases={"error": 3}, interrupted=True)

    assert "ERROR  subject: the subject raised" in report.message
    assert "reproduce" not in report.message


@pytest.mark.parametrize("count", [1, 7, 300])
def test_messages_fit_a_screen(count: int) -> None:
    """However much is open, 24 lines of 100 columns say it."""
    rows = tuple(
        made.vacuous(model=f"lstm+{n}layers", parameter=f"W_{n}_{p}", reason=f"reason {n} " * 9)
        for n in range(count)
        for p in range(12)
    )
    models = tuple(f"lstm+{n}layers" for n in range(count))
    declined = {f"gru+{n}layers": "supports() says no" for n in range(count)}
    report = made.report(
        verdict="inconclusive", rows=rows, models=(*models, *declined), declined=declined
    )

    assert len(report_lines(report)) <= 24
    assert max(map(len, report_lines(report))) <= 100


def test_a_long_message_is_cut_before_its_last_line() -> None:
    """What is cut is counted, and the line that reproduces the case is never wrapped or cut."""
    last = "  reproduce: bptt-check replay '" + "x" * 200 + "'"
    text = sentences.fit([*["a line"] * 50, last], 1)

    assert len(text.splitlines()) == 24
    assert last == text.splitlines()[-1]
    assert text.splitlines()[-2] == "  ... and 28 more lines"


def test_a_long_line_is_wrapped_under_itself() -> None:
    """Continuation lines are indented two more than the line they continue."""
    text = sentences.fit(["  wrong: " + ", ".join(["W_xh_l0 (4 of 4)"] * 12)], 0)

    assert max(map(len, text.splitlines())) <= 100
    assert all(line.startswith("    ") for line in text.splitlines()[1:])


def test_only_a_last_line_that_is_a_command_is_kept_whole() -> None:
    """Whatever a line says: what an exception of the subject says is no command of ours."""
    said = "reproduce: " + "word " * 40
    text = sentences.fit([said, said], 0)

    assert max(map(len, text.splitlines())) <= 100


def test_a_short_message_is_left_alone() -> None:
    """What fits is not touched."""
    message = made.failure().message

    assert message == sentences.fit(message.splitlines(), 1)


def wrong_by_a_thousandth(case: bc.Case) -> tuple[object, dict[str, object]]:
    """The reference, one gradient of which is off."""
    loss, grads = bptt_reference.loss_and_grads(case)
    return loss, {**grads, "W_hh_l0": grads["W_hh_l0"] * 1.001}


def verified(subject: Any) -> bc.Report:
    """A small real run."""
    return bc.verify(subject, models=["lstm"], cases=5, oracles=["complex_step"])


def test_message_of_a_real_run_that_fails() -> None:
    """The message of a wrong subject names the gradient and how to see it again."""
    with pytest.raises(bc.GradientMismatch, match="the gradient of W_hh_l0 is wrong") as caught:
        bc.assert_gradients(
            wrong_by_a_thousandth, models=["lstm"], cases=5, oracles=["complex_step"]
        )
    lines = str(caught.value).splitlines()

    assert len(lines) <= 24
    assert lines[-1].startswith("  reproduce: bptt-check replay 'lstm ")
    assert lines[-1].endswith("test_sentences:wrong_by_a_thousandth")


def test_message_of_a_real_run_that_passes() -> None:
    """The sibling that is right passes with a sentence."""
    assert verified(bptt_reference.loss_and_grads).message.startswith("PASS")


def test_a_proof_is_said() -> None:
    """How many gradients rest on a proof; nothing where none does."""
    rows = (made.row(oracle="certified", proven=True), made.row(), made.row(parameter="x"))
    proven = sentences.message(made.report(rows=rows).run)

    assert "  proven by interval arithmetic: 1 of 2 gradients" in proven
    assert "proven" not in sentences.message(made.report().run)


def test_gradients_not_proven_are_not_counted() -> None:
    """A row of a proof that decided nothing proves nothing."""
    rows = (made.vacuous(oracle="certified", proven=True), made.row())

    assert "proven" not in sentences.message(made.report(rows=rows).run)
