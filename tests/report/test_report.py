"""The report of a run: what users read of it is what the run says."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from support import made

import bptt_check as bc
from bptt_check.report.report import Report
from bptt_check.runs.records import Run

CASE = bc.Spec.parse("gru T=1 B=1 D=1 H=1 O=2").build()


def test_the_counterexample_is_that_of_the_first_failure() -> None:
    """Which is the worst; None where nothing failed."""
    failures = (made.failure(case=CASE), made.failure(model="gru"))

    assert made.report().counterexample is None
    assert made.failing(failures=failures).counterexample is CASE


def test_each_failure_has_its_case() -> None:
    """In memory, for users who want to look at its arrays; the run has its name only."""
    report = made.failing(failures=(made.failure(model="gru"), made.failure(case=CASE)))

    assert report.failures[1].case is CASE
    assert report.run.failures[1].counterexample == "counterexamples/002-lstm-fail.npz"


OTHER_NAME = {"error_histograms": "spreads", "worst_entries": "profiles"}
ONLY_IN_RUN = {"accuracy", "checks", "setup", "left_out", "kinds"}
"""Of several reports together, which one report never is; and what only its message tells."""


@pytest.mark.parametrize("name", [f.name for f in fields(Run) if f.name not in ONLY_IN_RUN])
def test_report_says_what_its_run_says(name: str) -> None:
    """Every field of the run is an attribute of the report."""
    report: Any = made.failing(taylor=(made.curve(),))
    said, want = getattr(report, OTHER_NAME.get(name, name)), getattr(report.run, name)

    if name == "failures":
        said = tuple(failure.recorded(str(failure.counterexample)) for failure in said)
    assert want == said


def test_run_alone_names_no_files() -> None:
    """Whoever gets one file is not sent to another."""
    report: Report = made.failing()

    assert report.run.failures[0].counterexample is not None
    assert report.run_alone().failures[0].counterexample is None
