"""A run that fails carries the edit that makes it right; any other does not look for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repairs import SPEC, broken

import bptt_check as bc
from bptt_check.report.report import Report
from bptt_check.report.run_json import from_json, to_json
from bptt_check.runs.repairs import of_run

FAULT = ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n")


def report_of(subject: str, seconds: float = 60.0, **options: object) -> Report:
    """A run of few cases by one oracle."""
    with bc.isolated(subject) as isolated:
        return bc.verify(isolated, [SPEC], 4, ["complex_step"], repair_seconds=seconds, **options)  # type: ignore[arg-type]


def test_a_failing_run_has_its_repair(tmp_path: Path) -> None:
    """In its message and in its record, which is read back the same."""
    report = report_of(broken(tmp_path, FAULT))
    (searched,) = report.run.searches

    assert searched.repair is not None
    assert searched.repair.verified is not None
    assert searched.repair.verified.cases == of_run.LEAST_CASES
    assert searched.repair.verified.seed == 1
    assert '- grads["W_hh_l0"] += a_bar.T @ h[t + 1]' in report.message
    assert '+ grads["W_hh_l0"] += a_bar.T @ h[t]' in report.message
    assert from_json(to_json(report.run), "run.json").searches == report.run.searches
    assert report.run.stages.seconds[of_run.Stage.REPAIR] > searched.seconds


@pytest.mark.parametrize(
    ("faults", "seconds"), [((), 60.0), ((FAULT,), 0.0)], ids=["right", "not asked"]
)
def test_nothing_is_looked_for(
    tmp_path: Path, faults: tuple[tuple[str, str], ...], seconds: float
) -> None:
    """In a run that passes, or without time for it."""
    report = report_of(broken(tmp_path, *faults), seconds)

    assert report.passed == (not faults)
    assert report.run.searches == ()


def test_lost_digits_are_not_searched(tmp_path: Path) -> None:
    """They are those of the arithmetic, not of an edit."""
    lossy = (
        "    return loss, grads",
        "    return loss, {n: g.astype('f4').astype('f8') for n, g in grads.items()}",
    )
    report = report_of(broken(tmp_path, lossy))

    assert report.verdict == "imprecise"
    assert report.run.searches == ()


def test_why_nothing_could_be_searched_is_recorded() -> None:
    """Such a text cannot be written out, so there is no source; the message is as it was."""
    text = "of nothing that can be typed" * 100

    def wrong(case: bc.Case) -> object:
        return float(len(text)), {}

    report = bc.verify(wrong, [SPEC], 2, ["complex_step"], repair_seconds=5.0)  # type: ignore[arg-type]
    (searched,) = report.run.searches

    assert searched.repair is None
    assert "has no source that could be edited" in searched.why_not
    assert searched.why_not not in report.message


def test_an_interrupt_ends_the_search_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is what it was; elsewhere it is raised."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(of_run, "searched", interrupted)
    subject = broken(tmp_path, FAULT)
    report = report_of(subject, keep_partial=True)

    assert report.verdict == "fail"
    assert not report.interrupted
    assert report.run.searches == ()
    with pytest.raises(KeyboardInterrupt):
        report_of(subject)
