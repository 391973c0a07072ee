"""What a quick run says that it left out."""

from __future__ import annotations

from support import made

from bptt_check.report.effort.quick_sentences import left_out_by_quick, quick_lines
from bptt_check.report.markdown import render_markdown
from bptt_check.report.sentences import message
from bptt_check.runs.effort.quick import Quick

QUICK = Quick(("torch", "jax"))


def test_pairs_and_oracles_are_named() -> None:
    """In the summary of a run that passed."""
    run = made.report(quick=QUICK, covered=made.covered()).run

    (line,) = quick_lines(run)
    left_out = (
        "2 of 5 pairs of levels; the oracles torch, jax (slow to start); the Taylor tests; "
        "systematic errors"
    )

    assert line == f"  quick, without {left_out}"
    assert " ".join(line.split()) in " ".join(message(run).split())
    assert "quick, without 2 of 5 pairs" in render_markdown(run)


def test_a_failure_says_that_it_was_not_diagnosed() -> None:
    """So that nobody thinks that nothing explains it."""
    run = made.failing(quick=Quick()).run

    assert left_out_by_quick(run) == [
        "the Taylor tests",
        "systematic errors",
        "the diagnosis",
        "most tries for a smaller case",
    ]


def test_what_is_undecided_leads_to_a_whole_run() -> None:
    """More cases may decide it."""
    run = made.report(verdict="inconclusive", rows=(made.vacuous(),), quick=QUICK).run

    assert "to do: run it without quick, with more cases and all oracles" in message(run)


def test_other_runs_say_nothing_of_it() -> None:
    """They leave out nothing."""
    run = made.report(covered=made.covered()).run

    assert quick_lines(run) == []
    assert "quick" not in message(run)
