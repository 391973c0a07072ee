"""How many cases ended in which way, in words."""

from __future__ import annotations

from typing import Any

import pytest
from support import made
from support.shared_errors import shared_error, shared_failure, with_shared_error

from bptt_check.report.facts import shares
from bptt_check.report.headline import extent, headline, headline_with_extent
from bptt_check.report.markdown import render_markdown
from bptt_check.report.pytest_outcomes import outcomes
from bptt_check.runs.records import KindCount
from bptt_check.runs.systematic.slope import RegressorKind
from bptt_check.verdicts.case_kind import CaseKind
from bptt_check.verdicts.verdict import Verdict

RIGHT, INFINITE, GRADIENT = CaseKind.RIGHT, CaseKind.NOT_FINITE, CaseKind.WRONG_GRADIENT


def counted(**cases: int) -> tuple[KindCount, ...]:
    """Counts of the kinds of these names, of an LSTM."""
    return tuple(KindCount("lstm", CaseKind[name.upper()], n) for name, n in cases.items())


def failing(cases: int, *kinds: KindCount, **changes: Any) -> Any:
    """A failing run with so many wrong gradients."""
    failure = made.failure(kind=GRADIENT, cases=cases)
    return made.failing(kinds=kinds, failures=(failure,), **changes)


@pytest.mark.parametrize(
    ("cases", "sentence"),
    [
        ({"right": 88, "not_finite": 12}, "88 of 100 cases right, 12 with inf or NaN"),
        (
            {"not_finite": 12, "wrong_gradient": 88},
            "88 of 100 cases with a wrong gradient, 12 with inf or NaN",
        ),
        ({"raised": 1, "right": 1}, "1 of 2 cases right, 1 raised"),
        (
            {"right": 2, "undecided": 3, "wrong_loss": 5},
            "5 of 10 cases with a wrong loss, 3 undecided, 2 right",
        ),
        (
            {"timed_out": 3, "not_called": 97},
            "97 of 100 cases not tried any more, 3 ran out of time",
        ),
    ],
)
def test_share_sentence_lists_what_most_cases_are_first(
    cases: dict[str, int], sentence: str
) -> None:
    """Right ones before all others where they are half of all."""
    run = made.report(kinds=counted(**cases)).run

    assert shares.share_sentence(shares.kind_counts(run)) == sentence


@pytest.mark.parametrize("kind", CaseKind)
def test_every_kind_has_words(kind: CaseKind) -> None:
    """A new kind needs its own."""
    said = shares.share_sentence(shares.Counts({kind: 3}))

    assert said.startswith("3 of 3 cases ")
    assert len(said) > len("3 of 3 cases ")


def test_headline_has_the_share() -> None:
    """What is mostly right is told as that, what is mostly wrong by what is wrong."""
    rare = failing(12, *counted(right=88, wrong_gradient=12))
    often = failing(88, *counted(not_finite=12, wrong_gradient=88))

    assert extent(rare.run) == "in 1 of 1 model: 88 of 100 cases right, 12 with a wrong gradient"
    assert extent(often.run) == (
        "in 1 of 1 model: 88 of 100 cases with a wrong gradient, 12 with inf or NaN"
    )


def test_headline_is_of_the_failure_that_is_shown_first() -> None:
    """Not of the rare one that gives the run its verdict."""
    report = failing(88, *counted(not_finite=12, wrong_gradient=88), verdict="contract")

    assert headline(report.run) == "W_hh is wrong"


def test_records_without_kinds_say_nothing_of_shares() -> None:
    """Those of older versions."""
    assert extent(made.failing().run) == "in 1 of 1 model"
    assert "so in" not in made.failing().message


@pytest.mark.parametrize(
    ("cases", "kinds", "line"),
    [
        (100, counted(wrong_gradient=100), "  so in all 100 cases"),
        (
            88,
            counted(wrong_gradient=88, not_finite=11, raised=1),
            "  so in 88 of 100 cases; the others: 11 with inf or NaN, 1 raised",
        ),
        (
            60,
            counted(wrong_gradient=88, right=12),
            "  so in 60 of 100 cases; the others: 28 with a wrong gradient, 12 right",
        ),
    ],
)
def test_share_of_a_failure_stands_below_its_title(
    cases: int, kinds: tuple[KindCount, ...], line: str
) -> None:
    """In the message, in a subtest of pytest and on the page of continuous integration."""
    report = failing(cases, *kinds)
    (outcome,) = [o for o in outcomes(report) if o.failure is not None]

    for text in (report.message, outcome.message):
        title, below, *_ = text.splitlines()
        assert title == "FAIL  lstm: the gradient of W_hh_l0 is wrong"
        assert below == line
    assert line in render_markdown(report.run)


def test_share_of_a_failure_counts_its_own_model_only() -> None:
    """And its own check, where several are reported together."""
    other = KindCount("gru", CaseKind.RIGHT, 50)
    same_name = KindCount("lstm", CaseKind.RIGHT, 50, check="another test")
    report = failing(10, *counted(wrong_gradient=10), other, same_name)

    assert "so in all 10 cases" in report.message


def test_one_case_has_no_share() -> None:
    """There is nothing to compare it with."""
    assert "so in" not in failing(1, *counted(wrong_gradient=1)).message


def test_other_kinds_are_named_once_above_the_line_to_type() -> None:
    """With all their cases; another model of the same kind is none."""
    infinite = [
        made.failure(
            model=m, verdict="contract", kind=INFINITE, cases=3, message=f"CONTRACT  {m}: inf"
        )
        for m in ("gru", "lstm")
    ]
    first, second = (made.failure(model=m, kind=GRADIENT, cases=9) for m in ("lstm", "gru"))
    report = made.failing(failures=(first, second, *infinite), kinds=counted(wrong_gradient=9))
    lines = report.message.splitlines()

    assert lines[-2] == "  besides, in 6 cases: CONTRACT  gru: inf"
    assert lines[-1].startswith("  reproduce: ")
    assert report.message.count("besides") == 1


def test_an_error_that_no_case_has_by_itself_has_no_share() -> None:
    """Neither in its message nor in the headline, which says what is right and what is not."""
    report = with_shared_error()

    assert shares.share_line(report.run, report.run.failures[0]) == ""
    assert headline_with_extent(report.run) == (
        "no case is over budget, but over all together something is wrong; in 1 of 1 model"
    )
    assert "so in" not in report.message
    assert "cases right" not in render_markdown(report.run)


def test_headline_of_lost_digits_says_so() -> None:
    """A run that also has a case that fails is told by its cases."""
    lost = shared_error(verdict=Verdict.IMPRECISE, kind=RegressorKind.ARITHMETIC, name="truncating")
    failures = (made.failure(model="gru", kind=GRADIENT, cases=9), shared_failure())
    both = with_shared_error(models=("lstm", "gru"), failures=failures, cases={"fail": 9})

    assert headline(with_shared_error(lost).run) == (
        "no case is over budget, but over all together digits are lost"
    )
    assert extent(both.run).startswith("in 2 of 2 models: 92 of 100 cases right")
    assert (
        "\n  besides, over all cases together: FAIL  lstm in bfloat16: W_hh_l0 is" in both.message
    )


def test_a_record_of_another_verdict_has_the_usual_headline() -> None:
    """As a file may say, and no run of ours."""
    strange = with_shared_error(verdict="error", kinds=()).run

    assert headline_with_extent(strange) == "something is wrong; in 1 of 1 model"
