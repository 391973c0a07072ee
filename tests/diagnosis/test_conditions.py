"""When a mistake is made is said by the simplest rule, which fresh cases confirm."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.implementations import Numpy, differs, with_fault

import bptt_check as bc
from bptt_check.diagnosis import Ground, diagnose
from bptt_check.diagnosis.conditions import simplest, when
from bptt_check.runs.drawing import draw_specs
from bptt_check.strategies import specs

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

Test = Callable[[bc.Spec], bool]
CONDITIONS: tuple[tuple[str, str, str, Test], ...] = (
    ("rnn-tanh", "h_t", "T = 1", lambda s: s.sizes.T == 1),
    ("rnn-tanh", "h_t", "B > 2", lambda s: s.sizes.B > 2),
    ("rnn-tanh", "no_slope", "T < 3", lambda s: s.sizes.T < 3),
    ("lstm", "bias_twice", "T is odd", lambda s: s.sizes.T % 2 == 1),
    ("rnn-tanh", "bias_twice", "H = 3", lambda s: s.sizes.H == 3),
    ("rnn-tanh", "h_t", "gates saturate", lambda s: s.regime == "saturated"),
    ("rnn-tanh", "doubling", "inputs and states hold zeros", lambda s: s.regime == "sparse"),
    ("rnn-tanh", "bias_twice", "D = H", lambda s: s.sizes.D == s.sizes.H),
    ("rnn-tanh", "bias_twice", "D > H", lambda s: s.sizes.D > s.sizes.H),
    ("rnn-tanh", "no_slope", "T > 4 and B = 1", lambda s: s.sizes.B == 1 and s.sizes.T > 4),
    ("rnn-tanh", "bias_twice", "D = 1", lambda s: s.sizes.D == 1),
)
"""Model, fault, rule, when the fault is made."""


def conditional(fault: str, test: Test) -> Callable[[bc.Case], object]:
    """A subject that is wrong only on cases whose spec passes a test."""
    wrong, right = with_fault(fault), Numpy()

    def subject(case: bc.Case) -> object:
        return (wrong if case.spec is not None and test(case.spec) else right)(case)

    return subject


def seen(model: str, test: Test, fault: str) -> Ground:
    """A run of 60 cases, and 60 more to ask about."""
    subject = conditional(fault, test)
    strategy = specs(model=bc.Model.parse(model))
    drawn, fresh = draw_specs(strategy, 60, 0), draw_specs(strategy, 60, 1)

    def fails(spec: bc.Spec) -> bool:
        return test(spec) and differs(subject, spec)

    known = {spec: fails(spec) for spec in drawn}
    failing = [s for s in drawn if known[s]]
    return Ground(failing, [s for s in drawn if not known[s]], fails, lambda: fresh)


@pytest.mark.parametrize(
    ("model", "fault", "rule", "test"), CONDITIONS, ids=[row[2] for row in CONDITIONS]
)
def test_a_condition_is_found(model: str, fault: str, rule: str, test: Test) -> None:
    """The rule is the one by which the subject goes wrong, and fresh cases have confirmed it."""
    subject = conditional(fault, test)
    (finding,) = diagnose(subject, seen(model, test, fault))

    assert finding.condition == rule
    assert f"only when {rule} (on " in finding.sentence
    assert "fresh cases too)" in finding.sentence
    assert "exactly what you get when" in finding.sentence


def test_truncation_that_does_not_divide() -> None:
    """A last, shorter block is a condition on T and k1."""
    drawn = draw_specs(specs(model=bc.Model.parse("lstm"), truncation=True), 60, 0)
    shorter = [s for s in drawn if s.truncation and s.sizes.T % s.truncation.k1]
    rule = simplest(shorter, [s for s in drawn if s not in shorter])

    assert rule is not None
    assert rule.text == "T is not a multiple of k1"


def test_an_unconditional_mistake_has_no_condition() -> None:
    """Cases on which a mistake changes nothing are no evidence that it is not made there."""
    ground = seen("rnn-tanh", lambda spec: True, "carry_dh")
    (finding,) = diagnose(with_fault("carry_dh"), ground)

    assert ground.passing
    assert finding.condition == ""


def test_a_rule_that_fresh_cases_refute_is_not_told() -> None:
    """Of two cases everything follows; what is drawn then says otherwise, and nothing is told."""
    drawn = draw_specs(specs(model=bc.Model.parse("rnn-tanh")), 40, 0)
    ground = Ground(
        drawn[:1], drawn[1:2], lambda spec: (spec.seed + spec.sizes.T) % 3 == 0, lambda: drawn[2:]
    )

    assert simplest(drawn[:1], drawn[1:2]) is not None
    assert when(ground, None) is None


def test_a_rule_without_fresh_cases_is_not_believed() -> None:
    """Where nothing more may be asked, the rule is only as far as was seen."""
    found = seen("rnn-tanh", lambda s: s.sizes.B > 2, "h_t")
    condition = when(Ground(found.failing, found.passing), None)

    assert condition is not None
    assert condition.text == "only when B > 2 (as far as was seen)"
    assert not condition.confirmed
