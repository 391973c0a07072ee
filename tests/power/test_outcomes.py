"""What becomes of a mutant: caught, shown to be the same formula, or missed."""

from __future__ import annotations

import pytest
from support.power_studies import (
    HERE,
    ORACLES,
    SAMPLE,
    TARGET,
    needs_flint,
    sample_mutant,
    silent_progress,
)

from bptt_check.mutation import Mutant
from bptt_check.power import detection, other_checkers
from bptt_check.power.outcomes import MutantStudy, mutant_outcomes
from bptt_check.power.records import CheckerResult, GapKind, MutantOutcome, OutcomeKind
from bptt_check.power.tables import same_formula_text
from bptt_check.verdicts.verdict import Verdict


def outcome_of(mutant: Mutant, cases: int) -> MutantOutcome:
    """What becomes of one mutant of the sample within so many cases."""
    asked = MutantStudy(SAMPLE, (mutant.name,), cases, ORACLES, others=False)
    ((outcome,), _) = mutant_outcomes(asked, HERE, silent_progress())
    return outcome


def test_wrong_mutant_is_caught_by_oracle_and_harness():
    """A wrong sign shows on the first case, and the record says in whose rows."""
    outcome = outcome_of(sample_mutant("h_t_bar: + -> -"), 5)

    assert (outcome.kind, outcome.verdict) == (OutcomeKind.CAUGHT, Verdict.FAIL)
    assert outcome.first == {"harness": 1, "complex_step": 1}
    assert outcome.target == TARGET.name


def test_mutant_that_raises_is_caught_by_the_harness_alone():
    """It returns nothing that an oracle could be compared with."""
    outcome = outcome_of(sample_mutant("(h_prev, x_t): t -> t + 1 (2)"), 2)

    assert (outcome.kind, outcome.verdict) == (OutcomeKind.CAUGHT, Verdict.ERROR)
    assert outcome.first == {"harness": 1}


@needs_flint
def test_edit_without_effect_is_equivalent():
    """Adding to zero or assigning: exact arithmetic shows that it is the same formula."""
    outcome = outcome_of(sample_mutant("grads['h0'][0]: += -> ="), 3)

    assert outcome.kind == OutcomeKind.EQUIVALENT
    assert (
        same_formula_text(outcome.comparison) == "equal to 60 digits in exact arithmetic on 3 cases"
    )


@pytest.fixture
def one_step_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first case has one step, all others have more."""
    drawn = detection.specs_of(TARGET)
    short = next(spec for spec in drawn if spec.sizes.T == 1)
    specs = [short, *(spec for spec in drawn if spec.sizes.T > 1)]
    monkeypatch.setattr(detection, "specs_of", lambda target: specs)


@needs_flint
@pytest.mark.usefixtures("one_step_first")
def test_wrong_mutant_that_no_case_shows_is_missed():
    """One case, of one step, shows no order of time; the record has a case that does."""
    outcome = outcome_of(sample_mutant("reversed(range(T)) -> range(T)"), 1)

    assert outcome.kind == OutcomeKind.MISSED
    assert outcome.first == {}
    assert outcome.comparison is not None
    assert outcome.comparison.gap is not None
    assert outcome.comparison.gap.kind == GapKind.GRADIENT
    assert "rnn-identity+linear T=" in outcome.comparison.gap.spec
    assert same_formula_text(outcome.comparison).startswith("another gradient of")


@needs_flint
@pytest.mark.usefixtures("one_step_first")
def test_mutant_missed_on_one_case_is_caught_on_eight():
    """Longer cases show the order of time, and the number is that of the first one that does."""
    outcome = outcome_of(sample_mutant("reversed(range(T)) -> range(T)"), 8)

    assert outcome.kind == OutcomeKind.CAUGHT
    assert outcome.first["harness"] == 2
    assert outcome.comparison is None


def test_other_checkers_are_asked_about_what_was_caught(monkeypatch: pytest.MonkeyPatch):
    """What is stopped by an error every check catches too, without being asked."""
    monkeypatch.setattr(other_checkers, "CHECKS", {"accepting": lambda *_: True})
    wrong, stopped = "h_t_bar: + -> -", "(h_prev, x_t): t -> t + 1 (2)"
    names = tuple(sample_mutant(ending).name for ending in (wrong, stopped))

    asked = MutantStudy(SAMPLE, names, 2, ORACLES)
    outcomes, rejected_right = mutant_outcomes(asked, HERE, silent_progress())
    results = {o.name: set(o.others.values()) for o in outcomes}

    assert results == dict(
        zip(names, ({CheckerResult.PASSED}, {CheckerResult.CAUGHT}), strict=True)
    )
    assert rejected_right["zero state: accepting"] == (0, 1)
