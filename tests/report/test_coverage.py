"""The coverage of a run in words: how much was decided, and what no case had."""

from __future__ import annotations

from dataclasses import replace

from support import made

from bptt_check.report import coverage, grouping, markdown
from bptt_check.report.several_runs.merging import merge_runs
from bptt_check.runs.coverage.covered import Covered
from bptt_check.runs.records import Run


def run(covered: Covered | None = None, **changes: object) -> Run:
    """A passing run of one target with a coverage."""
    return made.report(covered=covered or made.covered(), **changes).run


def test_pairs_are_checked_missing_or_too_dear() -> None:
    """A level that none can afford at all does not stand in each of its pairs."""
    facts = coverage.pair_facts(made.covered())
    (pair,) = facts.factors

    assert (facts.checked, facts.possible) == (3, 5)
    assert (pair.one, pair.other, pair.fewest) == ("T", "H", 0)
    assert pair.missing == (("T", "many", "H", "1"), ("T", "many", "H", "2"))
    assert facts.too_dear == ()


def test_pair_that_is_too_dear_is_named() -> None:
    """Where each of its levels can be afforded with others."""
    one, other = made.covered().factors
    factors = (
        replace(one, pairs=("33!", "291", "111")),
        replace(other, cases=(5, 5, 1), too_dear=()),
    )
    facts = coverage.pair_facts(replace(made.covered(), factors=factors))

    assert facts.too_dear == (("T", "1", "H", "129"),)
    assert not facts.incomplete


def test_what_was_not_checked_is_said() -> None:
    """Limits, sizes, levels, pairs and declined cases, each in a sentence."""
    assert coverage.not_checked(run()) == [
        "left out by within regimes=normal: without large",
        "sizes beyond the largest that was checked: T 2, H 2",
        "no case has: many of T",
        "too large to afford: 129 of H",
        "2 pairs of levels that no case has: T: many with H: 1; T: many with H: 2",
        "1 case that the subject declined",
        "2 cases that the subject declined and instead of which similar ones were checked",
    ]


def test_nothing_is_said_of_a_run_without_coverage() -> None:
    """One that was recorded before coverage was."""
    old = run(Covered())

    assert coverage.not_checked(old) == []
    assert coverage.coverage_lines(old) == []
    assert coverage.decided_cases(old) == (10, 10)


def test_cases_of_declined_targets_are_not_counted() -> None:
    """They stand among what was declined."""
    two = replace(
        made.covered(), targets=(*made.covered().targets, *made.covered("gru", 10, 0).targets)
    )

    assert coverage.decided_cases(run(two)) == (10, 20)
    assert coverage.decided_cases(run(two, declined={"gru": "no"})) == (10, 10)
    assert coverage.few_decided(run(two, declined={"gru": "no"})) == []
    assert [t.model for t in coverage.few_decided(run(two))] == ["gru"]


def test_model_with_few_decided_cases_is_inconclusive() -> None:
    """On the page too, where every gradient of it is right; half of them is enough."""
    (few,) = grouping.model_facts(run(made.covered(decided=4)))
    (enough,) = grouping.model_facts(run(made.covered(decided=5)))

    assert (few.verdict, enough.verdict) == ("inconclusive", "pass")


def test_merged_runs_keep_few_decided_cases_of_one_apart() -> None:
    """The same model in two checks; only one of them was hardly decided."""
    merged = merge_runs({"a": run(made.covered(decided=4)), "b": run()})

    assert [t.check for t in coverage.few_decided(merged)] == ["a"]
    assert coverage.decided_sentence(merged) == "14 of 20 cases decided"


def test_markdown_says_how_many_cases_were_decided() -> None:
    """And what they covered, where that is recorded."""
    text = markdown.render_markdown(run(made.covered(decided=9)))

    assert "9 of 10 cases decided.  \n3 of 5 pairs of levels" in text
    assert "pairs" not in markdown.render_markdown(run(Covered()))
