"""Right implementations are checked, and what is not passed is kept."""

from __future__ import annotations

from typing import Any

import bptt_reference
import pytest
from support.power_studies import HERE, ORACLES, silent_progress

import bptt_check as bc
from bptt_check.cases.targets import parse_targets
from bptt_check.power.false_alarms import check_on_target, check_right_implementations
from bptt_check.power.implementations import implementations
from bptt_check.power.records import FalseAlarms


def test_right_implementations_raise_no_false_alarm():
    """Every one passes or declines, in both dtypes, and what decided is counted."""
    pytest.importorskip("torch")
    pytest.importorskip("jax")

    result = check_on_target(parse_targets("gru+mse+mean")[0], 1, 6, oracles=ORACLES)

    assert result.alarms == ()
    assert set(result.cases) <= {"pass", "inconclusive"}
    assert {n.rpartition(" ")[0] for n in result.checks} == set(implementations())
    assert {n.rpartition(" ")[2] for n in result.checks} == {"float64", "float32"}
    assert result.total == sum(result.checks.values()) > 100


def test_case_that_an_implementation_declines_is_not_counted():
    """Truncation is the reference's alone."""
    pytest.importorskip("torch")

    result = check_on_target(parse_targets("lstm+truncated")[0], 2, 2, oracles=ORACLES)

    assert {n.split()[0] for n in result.checks} == {"reference"}


def test_false_alarm_is_kept_with_the_spec_that_shows_it_again():
    """A subject that is called right and is not: verdict, spec and message are kept."""

    def wrong(case: bc.Case) -> Any:
        loss, grads = bptt_reference.loss_and_grads(case)
        return loss, grads | {"W_xh_l0": 2.0 * grads["W_xh_l0"]}

    result = check_on_target(parse_targets("rnn-tanh")[0], 2, 2, {"planted": wrong}, ORACLES)

    assert result.alarms
    assert result.alarms[0].subject == "planted"
    assert bc.Spec.parse(result.alarms[0].spec).model.family == "rnn-tanh"
    assert "W_xh_l0" in result.alarms[0].message


def test_checks_go_on_until_there_are_enough_or_the_time_is_over(monkeypatch: pytest.MonkeyPatch):
    """Batch after batch, of another family each, until either is reached."""
    tasks: list[Any] = []

    def ten_checks(*task: Any) -> FalseAlarms:
        tasks.append(task)
        return FalseAlarms({"a float64": 10})

    monkeypatch.setattr("bptt_check.power.false_alarms.check_on_target", ten_checks)

    assert check_right_implementations(HERE, 35, silent_progress()).total == 40
    assert check_right_implementations(HERE, 10**9, silent_progress(), limit=0.0).total == 10
    assert len({t.model.family for t, _, _ in tasks[:4]}) == 4
