"""What a run shows beside its verdicts: one case of each family."""

from __future__ import annotations

from typing import Any

import pytest
from support.implementations import Numpy

import bptt_check as bc
from bptt_check.cases.targets import parse_targets
from bptt_check.own_loss.taylor import EVERYTHING
from bptt_check.runs.highlights import shown_curves, shown_flows

TARGETS = [t for name in ("lstm", "lstm+mse", "rnn-tanh", "gru") for t in parse_targets(name)]
SIZES = "B=2 D=2 H=2 O=2"


def known(*lines: tuple[str, str]) -> dict[str, dict[bc.Spec, str]]:
    """Specs and their verdicts, by the name of their model."""
    found: dict[str, dict[bc.Spec, str]] = {}
    for text, verdict in lines:
        spec = bc.Spec.parse(f"{text} {SIZES}")
        found.setdefault(str(spec.model), {})[spec] = verdict
    return found


CASES = known(
    ("lstm T=3", "pass"),
    ("lstm T=6", "pass"),
    ("lstm T=4", "pass"),
    ("lstm+mse T=4", "pass"),
    ("rnn-tanh T=4 regime=tiny", "pass"),
    ("gru T=5", "contract"),
)


def test_one_case_of_each_family_is_shown():
    """The longest that can be read for the flow, the shortest for the curves, both normal."""
    flows = list(shown_flows(TARGETS, CASES))
    curves = list(shown_curves(Numpy(), TARGETS, CASES, None))

    assert [(f.model, f.spec.split()[1]) for f in flows] == [("lstm", "T=6"), ("gru", "T=5")]
    assert [(c.model, c.spec.split()[1]) for c in curves] == [("lstm", "T=4")]
    assert (curves[0].parameter, curves[0].verdict) == (EVERYTHING, "pass")


def test_ordinary_cases_are_shown():
    """Where x or a state is zero, or all sequences are alike, there is less to see."""
    lines = [
        "T=9 inputs=zero",
        "T=8 initial_state=zero",
        "T=7 lengths=one",
        "T=5",
        "T=4 inputs=alike",
    ]
    cases = known(*((f"lstm {line}", "pass") for line in lines))

    assert [f.spec.split()[1] for f in shown_flows(TARGETS[:1], cases)] == ["T=5"]
    assert [c.spec.split()[1] for c in shown_curves(Numpy(), TARGETS[:1], cases, None)] == ["T=5"]


def test_a_wrong_gradient_is_followed_along_each_input():
    """Only then."""
    curves = list(shown_curves(Numpy(frozenset(["h_t"])), TARGETS[:1], CASES, None))

    assert [c.parameter for c in curves if c.verdict == "fail"] == [EVERYTHING, "W_hh_l0"]
    assert len(curves) == 9


@pytest.mark.parametrize("verdict", ["error", "contract", "unsupported"])
def test_a_case_that_gave_no_answer_is_not_asked_again(verdict):
    """The subject may be what hangs or dies there."""

    def subject(case: bc.Case) -> Any:
        raise AssertionError

    assert list(shown_curves(subject, TARGETS, known(("lstm T=4", verdict)), None)) == []


def test_a_run_has_its_curves():
    """In its record and in what is written of it."""
    report = bc.verify(
        Numpy(),
        ["rnn-tanh", "rnn-tanh+mse"],
        cases=12,
        oracles=["complex_step"],
        within="T=1..6 B=1..2 D=1..3 H=1..3 O=1..3 regimes=normal",
    )

    assert [(c.model, c.parameter, c.verdict) for c in report.taylor] == [
        ("rnn-tanh", EVERYTHING, "pass")
    ]
    assert report.run.taylor == report.taylor


def test_a_truncated_case_is_shown_beside_a_whole_one():
    """Of each family one without and one with windows, those that cut some paths first."""
    targets = [t for name in ("lstm", "lstm+mse", "lstm+truncated") for t in parse_targets(name)]
    lines = {
        "lstm": ["lstm T=5 H=2 seed=1", "lstm T=9 H=1 seed=1"],
        "lstm+mse": ["lstm+mse T=6 seed=1"],
        "lstm+truncated": ["lstm T=8 k1=1 k2=1 seed=1", "lstm T=6 k1=2 k2=3 seed=1"],
    }
    cases = {name: {bc.Spec.parse(line): "pass" for line in specs} for name, specs in lines.items()}
    flows = list(shown_flows(targets, cases))

    assert [(f.model, len(f.paths)) for f in flows] == [("lstm", 5), ("lstm+truncated", 6)]
