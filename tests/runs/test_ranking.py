"""A rare failure does not hide what most cases suffer from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support import made
from support.drawn import SMALL
from support.right import right

import bptt_check as bc
from bptt_check.runs.ranking import ranked
from bptt_check.verdicts.case_kind import CaseKind
from bptt_check.verdicts.verdict import Verdict

Change = Callable[[float, dict[str, Any]], Any]


def infinite(loss: float, grads: dict[str, Any]) -> Any:
    return float("inf"), grads


def undefined(loss: float, grads: dict[str, Any]) -> Any:
    return loss, {**grads, "b_y": grads["b_y"] + float("nan")}


def raising(loss: float, grads: dict[str, Any]) -> Any:
    raise ValueError("no such case")


def narrow(loss: float, grads: dict[str, Any]) -> Any:
    return loss, {**grads, "W_hh_l0": grads["W_hh_l0"].astype("f4")}


def wrong(loss: float, grads: dict[str, Any]) -> Any:
    return loss, {**grads, "W_hh_l0": 1.5 * grads["W_hh_l0"]}


def lossy(loss: float, grads: dict[str, Any]) -> Any:
    return loss, {n: a.astype("f4").astype("f8") for n, a in grads.items()}


def fine(loss: float, grads: dict[str, Any]) -> Any:
    return loss, grads


CASES = 16


def verified(rare: Change, often: Change) -> bc.Report:
    """The report of a subject that does one thing where B = 1 and T = 1, and another elsewhere."""

    def subject(case: bc.Case) -> Any:
        found = right(case)
        return (rare if case.sizes.T == case.sizes.B == 1 else often)(*found)

    within = f"{SMALL} regimes=normal inputs=random initial_state=random"
    return bc.verify(subject, ["rnn-tanh+mse"], CASES, ["complex_step"], within=within)


@pytest.mark.parametrize(
    ("rare", "often", "title", "besides"),
    [
        (infinite, wrong, "FAIL  rnn-tanh+mse: the gradient of W_hh_l0 is wrong", "CONTRACT"),
        (raising, undefined, "CONTRACT  rnn-tanh+mse: what came back", "ERROR"),
        (narrow, lossy, "IMPRECISE  rnn-tanh+mse: ", "CONTRACT"),
    ],
)
def test_message_is_of_the_failure_of_most_cases(
    rare: Change, often: Change, title: str, besides: str
) -> None:
    """It comes first, with its share; the rare one is told below it, with its own."""
    report = verified(rare, often)
    few = report.failures[1].cases
    lines = report.message.splitlines()

    assert 0 < few < CASES / 4
    assert lines[0].startswith(title)
    assert lines[1].startswith(f"  so in {CASES - few} of {CASES} cases; the others: {few} ")
    assert any(line.startswith(f"  besides, in {few} case") for line in lines)
    assert f": {besides}  rnn-tanh+mse" in report.message
    assert report.verdict == min((f.verdict for f in report.failures), key=lambda v: v.rank)


@pytest.mark.parametrize(
    ("rare", "what"), [(infinite, "with inf or NaN"), (raising, "raised"), (wrong, "with a wrong")]
)
def test_share_of_right_cases_is_the_headline(rare: Change, what: str) -> None:
    """Where most cases are right, that is said first."""
    report = verified(rare, fine)
    (failure,) = report.failures
    few = failure.cases

    assert 0 < few < CASES / 4
    assert f"{CASES - few} of {CASES} cases right, {few} {what}" in repr(report)
    assert f"  so in {few} of {CASES} cases; the others: {CASES - few} right" in report.message


def test_two_errors_of_one_verdict_are_told_apart() -> None:
    """A rare error at one line does not take the place of the one at another line."""

    def often(loss: float, grads: dict[str, Any]) -> Any:
        raise KeyError("W_hh_l1")

    report = verified(raising, often)
    (failure,) = report.failures

    assert "KeyError" in failure.message
    assert failure.cases + failure.explains_further > 3 * CASES / 4


def failures(*given: tuple[str, CaseKind | None, int, int]) -> list[Any]:
    """Failures of these verdicts, kinds, numbers of cases and of others that they explain."""
    return [
        made.failure(model=f"model {n}", verdict=v, kind=k, cases=c, explains_further=f)
        for n, (v, k, c, f) in enumerate(given)
    ]


def order(*given: tuple[str, CaseKind | None, int, int]) -> list[str]:
    """Their verdicts, in the order of a report."""
    return [str(f.verdict) for f in ranked(failures(*given))]


NOT_FINITE, GRADIENT, DIED = CaseKind.NOT_FINITE, CaseKind.WRONG_GRADIENT, CaseKind.DIED


def test_cases_of_a_kind_are_added_over_models() -> None:
    """Two models with 30 wrong gradients each outweigh one with 50 infinities."""
    both = [("fail", GRADIENT, 30, 0), ("contract", NOT_FINITE, 50, 0), ("fail", GRADIENT, 30, 0)]

    assert order(*both) == ["fail", "fail", "contract"]
    assert order(*both[:2]) == ["contract", "fail"]


def test_what_was_not_asked_any_more_counts_for_what_stopped_it() -> None:
    """Three deaths after which 97 cases were not tried explain a hundred."""
    assert order(("fail", GRADIENT, 60, 0), ("error", DIED, 3, 97)) == ["error", "fail"]
    assert order(("fail", GRADIENT, 60, 0), ("error", DIED, 3, 0)) == ["fail", "error"]


def test_of_two_that_explain_as_many_the_worse_comes_first() -> None:
    """Also in records that do not know the kind."""
    assert order(("fail", None, 10, 0), ("error", None, 10, 0)) == ["error", "fail"]
    assert Verdict.ERROR.rank < Verdict.FAIL.rank
