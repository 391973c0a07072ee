"""Right code without an initial state is told which option says so; other wrong code is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.right import RightOracle, right

from bptt_check.cases.case import Case
from bptt_check.cases.design.within import Within
from bptt_check.cases.targets import parse_targets
from bptt_check.report.report import Report
from bptt_check.runs.check import Setup
from bptt_check.runs.diagnosed.what_is_wrong import SEARCHES
from bptt_check.runs.run import Plan, verify_plan
from bptt_check.runs.run_sentences import passes_within


def without(*states: str, factor: float = 1.0) -> Callable[[Case], Any]:
    """A subject that starts at zero in these states and returns no gradient of them."""

    def subject(case: Case) -> Any:
        inputs = {n: np.zeros_like(a) if n in states else a for n, a in case.inputs.items()}
        loss, grads = right(case.with_inputs(inputs))
        return loss, {n: factor * a for n, a in grads.items() if n not in states}

    return subject


def verified(subject: Any, name: str, line: str = "") -> Report:
    """A small run, of small cases."""
    within = Within.parse(line).over(Within(T=(1, 4), B=(1, 3), D=(1, 3), H=(1, 3), O=(2, 3)))
    plan = Plan(tuple(parse_targets(name)), 10, within=within)
    return Report(*verify_plan(subject, plan, Setup((RightOracle(),))))


@pytest.mark.parametrize(
    ("states", "name", "kind"),
    [
        (("h0",), "rnn-tanh+mse", "zero"),
        (("h0", "c0"), "lstm+mse", "zero"),
        (("c0",), "lstm+mse", "zero_c"),
        (("h0",), "lstm+mse", "zero_h"),
    ],
)
def test_right_code_without_a_state_is_told_the_option(
    states: tuple[str, ...], name: str, kind: str
) -> None:
    """And within that option it passes."""
    report = verified(without(*states), name)

    assert report.verdict == "fail"
    assert report.failures[0].passes_with == kind
    assert f"within=bc.Within(initial_state='{kind}')" in report.message.replace("\n    ", " ")
    assert verified(without(*states), name, f"initial_state={kind}").verdict == "pass"


def forgetting_h0(case: Case) -> Any:
    """A right loss, and a gradient of W_hh that is wrong by something of h0."""
    loss, grads = right(case)
    share = grads["b_h_l0"][:, np.newaxis] * case.h0[0].mean(0)
    return loss, grads | {"W_hh_l0": grads["W_hh_l0"] - share}


def diagnosed(subject: Any, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a known mistake was looked for after a small run of one target."""
    asked: list[int] = []
    monkeypatch.setitem(SEARCHES, "fail", lambda *_: asked.append(1) or ())
    assert verified(subject, "rnn-tanh+mse").failures[0].passes_with == "zero"
    return bool(asked)


def test_no_mistake_is_looked_for_where_the_loss_has_no_initial_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The option explains it all, and what a known mistake makes of it takes seconds."""
    assert not diagnosed(without("h0"), monkeypatch)


def test_a_mistake_is_looked_for_where_the_loss_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sibling: a gradient that forgets h0 is wrong, though it passes where h0 is zero."""
    assert diagnosed(forgetting_h0, monkeypatch)


@pytest.mark.parametrize(
    "subject", [without("h0", factor=1.5), without(factor=1.5)], ids=["without h0", "with h0"]
)
def test_code_that_is_wrong_anyway_is_not_told_so(subject: Any) -> None:
    """A factor does not go away where the initial state is zero."""
    report = verified(subject, "rnn-tanh+mse")

    assert report.failures[0].passes_with == ""
    assert "initial_state" not in report.failures[0].message.partition("reproduce")[0]


@pytest.mark.parametrize("kind", ["zero", "zero_h", "zero_c"])
def test_sentence_names_the_option_twice(kind: str) -> None:
    """For a call from Python and for the command line."""
    assert f"Within(initial_state='{kind}')" in passes_within(kind)
    assert f"--within initial_state={kind})" in passes_within(kind)
