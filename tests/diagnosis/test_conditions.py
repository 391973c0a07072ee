"""When a mistake is made is said by the simplest rule, which fresh cases confirm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from support.drawn import SMALL, specs_of_target
from support.implementations import Numpy, differs, with_fault

import bptt_check as bc
from bptt_check.diagnosis import FailureSample, diagnose
from bptt_check.diagnosis.conditions import condition_of
from bptt_check.diagnosis.rules import simplest_rule

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


def sample_of(model: str, test: Test, fault: str, within: str = SMALL) -> FailureSample:
    """A run of 60 cases, and 60 more to ask about."""
    subject = conditional(fault, test)
    drawn, fresh = (specs_of_target(model, 60, seed, within) for seed in (0, 1))

    def fails(spec: bc.Spec) -> bool:
        return test(spec) and differs(subject, spec)

    known = {spec: fails(spec) for spec in drawn}
    failing = [s for s in drawn if known[s]]
    return FailureSample(failing, [s for s in drawn if not known[s]], fails, lambda: fresh)


@pytest.mark.parametrize(
    ("model", "fault", "rule", "test"), CONDITIONS, ids=[row[2] for row in CONDITIONS]
)
def test_condition_is_found(model: str, fault: str, rule: str, test: Test) -> None:
    """The rule is the one by which the subject goes wrong, and fresh cases have confirmed it."""
    subject = conditional(fault, test)
    (finding,) = diagnose(subject, sample_of(model, test, fault))

    assert finding.condition == rule
    assert f"only when {rule} (on " in finding.sentence
    assert "fresh cases too)" in finding.sentence
    assert "exactly what you get when" in finding.sentence


def test_unconditional_mistake_has_no_condition() -> None:
    """Cases on which a mistake changes nothing are no evidence that it is not made there."""
    sample = sample_of("rnn-tanh", lambda spec: True, "carry_dh")
    (finding,) = diagnose(with_fault("carry_dh"), sample)

    assert sample.passing
    assert finding.condition == ""


def no_simple_rule(spec: bc.Spec) -> bool:
    """Fails on a third of the cases, which no rule of one or two tests tells from the others."""
    return (spec.sizes.T + spec.sizes.B) % 3 == 0


def grid() -> list[bc.Spec]:
    """Every T from 1 to 9 with every B from 1 to 6, written out: no other draw can change them."""
    model = bc.Model.parse("rnn-tanh")
    sizes = [bc.Sizes(T=T, B=B, D=2, H=3, O=2) for T in range(1, 10) for B in range(1, 7)]
    return [bc.Spec(model, one) for one in sizes]


def few_known() -> tuple[list[bc.Spec], list[bc.Spec], list[bc.Spec]]:
    """One case that fails, one that passes, and all the others."""
    failing = [bc.Spec(bc.Model.parse("rnn-tanh"), bc.Sizes(T=4, B=2, D=2, H=3, O=2))]
    passing = [bc.Spec(bc.Model.parse("rnn-tanh"), bc.Sizes(T=3, B=1, D=2, H=3, O=2))]
    return failing, passing, [spec for spec in grid() if spec not in (*failing, *passing)]


def test_rule_refuted_by_fresh_cases_is_not_told() -> None:
    """Of two cases everything follows; what is drawn then says otherwise, and nothing is told."""
    failing, passing, fresh = few_known()

    assert simplest_rule(failing, passing) is not None
    assert (
        condition_of(FailureSample(failing, passing, no_simple_rule, lambda: fresh), None) is None
    )


def test_fresh_case_is_checked_once_however_many_rules_are_tried() -> None:
    """A rule that is refuted is followed by another, which asks about some of the same cases."""
    failing, passing, fresh = few_known()
    checks, rounds = Counter[bc.Spec](), list[int]()

    def fails(spec: bc.Spec) -> bool:
        checks[spec] += 1
        return no_simple_rule(spec)

    def drawn() -> list[bc.Spec]:
        rounds.append(len(checks))
        return fresh

    assert condition_of(FailureSample(failing, passing, fails, drawn), None) is None
    assert len(rounds) > 1
    assert set(checks.values()) == {1}


def test_rule_without_fresh_cases_is_not_confirmed() -> None:
    """Where nothing more may be asked, the rule is only as far as was seen."""
    telling = f"{SMALL} inputs=random initial_state=random"  # the mistake shows in each
    sample = sample_of("rnn-tanh", lambda s: s.sizes.B > 2, "h_t", telling)
    condition = condition_of(FailureSample(sample.failing, sample.passing), None)

    assert condition is not None
    assert (condition.rule, condition.held) == ("B > 2", 0)
    assert not condition.confirmed
