"""Counting while a run goes: which cases count, for what, and what could have been."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest
from support.plain_recurrences import design_of_inputs
from support.recurrence_specs import INPUTS, spec_of

from bptt_check.cases.case import Spec
from bptt_check.cases.design.design import EVERYTHING, Design
from bptt_check.cases.design.within import Within
from bptt_check.cases.follow_up import FollowUpKind
from bptt_check.cases.targets import parse_targets
from bptt_check.report.coverage import pair_facts
from bptt_check.runs.coverage.coverage_count import CoverageCount, limits_of
from bptt_check.runs.coverage.covered import Covered, CoveredFactor
from bptt_check.verdicts.case_report import CaseReport
from bptt_check.verdicts.verdict import Verdict

NAME = "rnn-tanh+linear"
SMALL = Within(
    T=(1, 3), B=(1, 2), D=2, H=2, regimes="normal", inputs="random", layouts="contiguous"
)


def design(name: str = NAME, within: Within = SMALL) -> Design:
    (target,) = parse_targets(name)
    return Design(target, within=within)


def reported(spec: Spec, verdict: str = "pass") -> CaseReport:
    """The report of a case that asked for a third call."""
    asked = (FollowUpKind.THIRD_CALL,)
    return CaseReport(Verdict(verdict), spec.build(), "subject", asked=asked)


def counted(verdicts: list[str], within: Within = SMALL) -> Covered:
    """The record after the first cases of a design, with these verdicts."""
    of_target = design(within=within)
    count = CoverageCount()
    count.begin(of_target)
    for spec, verdict in zip(of_target.specs(len(verdicts)), verdicts, strict=True):
        count.add(NAME, spec, reported(spec, verdict))
    return count.record(within, 2)


def factor(covered: Covered, name: str) -> CoveredFactor:
    (found,) = [f for f in covered.factors if f.name == name]
    return found


@pytest.mark.parametrize("verdict", ["pass", "fail", "imprecise", "contract", "error"])
def test_decided_cases_are_counted(verdict: str) -> None:
    """A failing case is one that was checked."""
    covered = counted([verdict] * 6)

    assert covered.targets[0].decided == 6
    assert sum(filter(None, factor(covered, "T").cases)) == 6
    assert covered.calls == {"third_call": 6, "at_the_end": 2}


@pytest.mark.parametrize("verdict", ["inconclusive", "unsupported"])
def test_cases_that_nothing_decided_are_not_counted(verdict: str) -> None:
    """They were asked, and show nothing."""
    covered = counted(["pass", *[verdict] * 5])
    (target,) = covered.targets

    assert (target.asked, target.decided) == (6, 1)
    assert target.declined == 5 * (verdict == "unsupported")
    assert sum(filter(None, factor(covered, "T").cases)) == 1
    assert covered.calls["third_call"] == 1


def test_target_of_which_everything_was_declined_has_no_factors() -> None:
    """It stands among what was declined, and what it could have had is not missing."""
    covered = counted(["unsupported"] * 4)

    assert covered.factors == ()
    assert covered.targets[0].declined == 4


def test_case_that_is_another_than_was_drawn_was_drawn_again() -> None:
    """It counts with the levels that it has."""
    count = CoverageCount()
    count.begin(design())
    drawn = Spec.parse(f"{NAME} T=3 B=1 D=2 H=2 O=1 seed=0")
    other = replace(drawn, sizes=replace(drawn.sizes, T=1))
    count.add(NAME, drawn, reported(drawn))
    count.add(NAME, drawn, reported(other))
    covered = count.record(SMALL, 0)

    assert covered.targets[0].redrawn == 1
    assert factor(covered, "T").cases[:3] == (1, 0, 1)
    assert covered.largest == {"T": 3, "B": 1, "D": 2, "H": 2, "O": 1, "layers": 1}


def test_complete_design_covers_every_pair_that_can_occur() -> None:
    """The sibling that stops halfway does not."""
    whole = design().covered_after
    complete, half = (pair_facts(counted(["pass"] * n)) for n in (whole, whole // 2))

    assert complete.checked == complete.possible > 0
    assert not complete.incomplete
    assert half.checked < half.possible == complete.possible


def test_pairs_of_a_target_are_those_of_the_record() -> None:
    """One target alone: the sum over pairs of factors is its own number."""
    covered = counted(["pass"] * 5)
    pairs = pair_facts(covered)

    assert covered.targets[0].pairs_checked == pairs.checked
    assert covered.targets[0].pairs_possible == pairs.possible == len(design().covering.witnesses)


def test_levels_outside_the_limits_are_none_of_the_possible() -> None:
    """They are said to be never drawn, not to be missing."""
    cases = factor(counted(["pass"] * 5), "T").cases

    assert None not in cases[:3]
    assert set(cases[3:]) == {None}


def test_what_cannot_be_afforded_is_told_from_what_cannot_be() -> None:
    """Long and wide at once costs too much; short and wide does not."""
    count = CoverageCount()
    count.begin(design("rnn-tanh", EVERYTHING))
    spec = next(iter(design("rnn-tanh", EVERYTHING).specs(1)))
    count.add("rnn-tanh", spec, reported(spec))
    dear = pair_facts(count.record(EVERYTHING, 0)).too_dear

    assert ("T", "100 or more", "H", "63 to 65") in dear
    assert ("T", "1", "H", "63 to 65") not in dear
    assert not [pair for pair in dear if pair[0] == "T" and pair[2] == "T mod 8"]


def test_counting_a_case_is_cheap() -> None:
    """Under a tenth of a millisecond where nothing else runs; ten times that is a mistake."""
    of_target = design("lstm+mse+truncated", EVERYTHING)
    count = CoverageCount()
    count.begin(of_target)
    reports = [(spec, reported(spec)) for spec in itertools.islice(of_target.specs(20), 20)]
    begin = time.perf_counter()
    for spec, report in reports * 10:
        count.add(of_target.target.name, spec, report)

    assert (time.perf_counter() - begin) / 200 < 1e-3


def test_limits_say_what_they_leave_out() -> None:
    """Of kinds by name, of sizes as they were given; nothing where nothing is limited."""
    limits = limits_of(Within(T=(1, 9), initial_state="zero", truncation=False))

    assert [(limit.name, limit.drawn) for limit in limits] == [
        ("T", "1..9"),
        ("initial_state", "zero"),
        ("truncation", "False"),
    ]
    assert limits[1].left_out == ("random", "zero_h", "zero_c")
    assert limits_of(EVERYTHING) == ()


def test_the_cases_of_a_recurrence_are_counted_like_those_of_a_model() -> None:
    """Classes of sizes, remainders and words; declined ones are not."""
    of_recurrence = design_of_inputs(INPUTS)
    count = CoverageCount()
    count.begin(of_recurrence)
    specs = [spec_of(T, B, dtype="float32") for T, B in ((1, 1), (17, 2), (40, 2), (2, 1))]
    for spec, verdict in zip(specs, ["pass", "fail", "pass", "unsupported"], strict=True):
        count.add("plain", spec, CaseReport(Verdict(verdict), spec.build(), "subject"))
    covered = count.record(Within(), 0)
    (target,) = covered.targets

    assert (target.asked, target.decided, target.declined) == (4, 3, 1)
    assert 0 < target.pairs_checked < target.pairs_possible
    lengths = factor(covered, "T")
    assert dict(zip(lengths.levels, lengths.cases, strict=True)) == {
        "1": 1, "2 to 3": 0, "4 to 8": 0, "9 to 16": 0, "17 to 32": 1, "33 to 64": 1,
    }  # fmt: skip
    assert covered.largest == {"T": 40, "B": 2, "D": 16}
