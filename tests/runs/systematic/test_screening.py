"""What the cases of a run add up to."""

from __future__ import annotations

import random

import pytest
from support.right import RightOracle
from support.rounded_once import RoundedOnce, scaled

from bptt_check.cases.case import Spec
from bptt_check.cases.targets import Target, parse_targets
from bptt_check.runs.check import Setup, check_case
from bptt_check.runs.systematic.model_group import ModelGroup
from bptt_check.runs.systematic.screening import TERM_CASES, Key, Screening
from bptt_check.runs.systematic.slope import Regressor, RegressorKind
from bptt_check.verdicts.case_report import CaseReport

RIGHT = Setup((RightOracle(),))
WHOLE = Regressor("W_hh_l0", RegressorKind.WHOLE)


def reports_of(
    subject: RoundedOnce, count: int, line: str = "lstm T=4 B=2 D=2 H=3"
) -> list[CaseReport]:
    """Reports of a subject on cases that differ in their numbers."""
    specs = [Spec.parse(f"{line} dtype=bfloat16 seed={seed}") for seed in range(count)]
    return [check_case(subject, spec.build(), RIGHT, ()) for spec in specs]


def screened(reports: list[CaseReport], model: str = "lstm") -> Screening:
    """What they add up to."""
    screening = Screening()
    for report in reports:
        screening.add(model, report)
    return screening


def target(name: str) -> Target:
    """The target of a name."""
    (found,) = parse_targets(name)
    return found


def test_order_of_cases_does_not_matter_to_the_last_bit() -> None:
    """Integers are added: a run and a campaign of the same cases say the same. Terms are those of
    the first cases, whichever come first.
    """
    reports = reports_of(RoundedOnce(), TERM_CASES)
    shuffled = random.Random(0).sample(reports, len(reports))

    assert shuffled != reports
    assert screened(reports).sums == screened(shuffled).sums


def test_sums_of_two_halves_are_those_of_the_whole() -> None:
    """A shard adds to another."""
    reports = reports_of(RoundedOnce(), 10)
    one, other, both = screened(reports[:4]), screened(reports[4:]), screened(reports)

    for key, sums in both.sums.items():
        assert one.sums[key].and_those_of(other.sums[key]) == sums
    assert one.sums != both.sums


@pytest.mark.parametrize(("factor", "stands_out"), [(1.02, True), (1.0, False)])
def test_what_stands_out_is_what_is_off(factor: float, stands_out: bool) -> None:
    """The gradient, and its gates; nothing of the others, and nothing of right code."""
    screening = screened(reports_of(scaled(factor, "W_hh"), 30))
    suspects = screening.suspects(ModelGroup("lstm", (target("lstm"),)))

    assert (WHOLE in suspects.get("bfloat16", [])) is stands_out
    assert {part.parameter for part in suspects.get("bfloat16", [])} <= {"W_hh_l0"}


def test_case_that_fails_by_itself_adds_nothing() -> None:
    """It is told as what it is."""
    assert screened(reports_of(scaled(2.0, "W_hh"), 3)).sums == {}
    assert screened(reports_of(RoundedOnce(), 3)).sums


def test_terms_are_those_of_the_first_small_cases() -> None:
    """A case of one step has no term of the step before; larger ones are left alone."""
    term = Key("lstm", "bfloat16", Regressor("W_hh_l0", RegressorKind.TERM, "a_f"))
    whole = Key("lstm", "bfloat16", WHOLE)
    small = screened(reports_of(RoundedOnce(), TERM_CASES + 3)).sums
    one_step = screened(reports_of(RoundedOnce(), 3, "lstm T=1 B=2 D=2 H=3")).sums
    large = screened(reports_of(RoundedOnce(), 2, "lstm T=4 B=9 D=9 H=33")).sums

    assert small[whole].cases == TERM_CASES + 3
    assert small[term].cases <= TERM_CASES
    assert whole in one_step
    assert term not in one_step
    assert term not in large


def test_models_of_a_family_are_added_up() -> None:
    """Each gradient with that of the same name in the others; another family is apart."""
    group = ModelGroup("lstm", (target("lstm"), target("lstm+2layers")))
    screening = screened(reports_of(RoundedOnce(), 2))
    for report in reports_of(RoundedOnce(), 2, "lstm+2layers T=2 B=2 D=2 H=2"):
        screening.add("lstm+2layers", report)
    for report in reports_of(RoundedOnce(), 2, "gru T=2 B=2 D=2 H=2"):
        screening.add("gru", report)
    upper = Regressor("W_hh_l1", RegressorKind.WHOLE)

    assert screening.of(group)["bfloat16", WHOLE].cases == 4
    assert screening.of(group)["bfloat16", upper].cases == 2
