"""Records: plain, frozen, and without anything that names a machine or a person."""

from __future__ import annotations

import getpass
import platform
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from support import made

import bptt_check as bc
from bptt_check.cases.case import Spec
from bptt_check.runs.provenance.environment import environment
from bptt_check.runs.records import TABLE, FailureWithCase, Run, counterexample_name
from bptt_check.verdicts.case_report import CaseReport
from bptt_check.verdicts.row import Row
from bptt_check.verdicts.verdict import Verdict

CASE = Spec.parse("gru T=1 B=1 D=1 H=1 O=2").build()


def run(**changes: Any) -> Run:
    """A run without cases."""
    options: dict[str, Any] = {
        "verdict": Verdict.PASS, "subject": "f", "command": "", "seed": 0, "environment": {},
        "models": ("gru",), "oracles": ("torch",), "cases": {}, "declined": {},
        "interrupted": False, "seconds": 0.0, "rows": (), "failures": (),
    }  # fmt: skip
    return Run(**{**options, **changes})


def failure(message: str) -> FailureWithCase:
    """A failure on the smallest case."""
    spec = str(CASE.spec)
    return FailureWithCase(Verdict.FAIL, "gru", "x", message, spec, 1, spec, case=CASE)


@pytest.mark.parametrize("verdict", ["pass", "fail", "imprecise", "inconclusive", "error"])
def test_only_pass_has_passed(verdict):
    """Inconclusive is not passed."""
    assert run(verdict=verdict).passed == (verdict == "pass")
    assert CaseReport(Verdict(verdict), CASE, "f").passed == (verdict == "pass")


def test_a_case_report_has_the_line_of_its_case():
    """Empty where the arrays were given by hand."""
    assert CaseReport(Verdict.PASS, CASE, "f").spec == "gru T=1 B=1 D=1 H=1 O=2 seed=0"
    assert CaseReport(Verdict.PASS, CASE.with_inputs({}), "f").spec == ""


def test_records_are_frozen():
    """Nobody rewrites a result."""
    for one in (run(), CaseReport(Verdict.PASS, CASE, "f"), failure("a")):
        with pytest.raises(FrozenInstanceError):
            one.verdict = "pass"  # type: ignore[misc]


def test_the_table_has_the_measured_fields_of_a_row():
    """What Parquet holds of every row, and which case it was."""
    other = {"index", "shares", "reason_kind", "reason_details"}
    measured = {f.name for f in fields(Row)} - other | {"reason"}

    assert set(TABLE) == measured | {"model", "spec"}
    assert len(set(TABLE)) == len(TABLE)


def test_the_environment_tells_versions():
    """Of everything that can influence a number."""
    found = environment()

    assert found["python"] == platform.python_version()
    packages = {"bptt_check", "numpy", "hypothesis", "torch", "jax", "python-flint"}
    assert packages | {"system"} <= set(found)
    assert all(isinstance(value, str) and value for value in found.values())


def test_environment_says_what_is_not_installed():
    """No version is not an empty version."""
    assert environment(["no-such-package"])["no-such-package"] == "not installed"


def test_the_environment_names_nobody():
    """Neither the machine nor the user."""
    text = " ".join(environment().values())

    assert platform.node() not in text
    assert getpass.getuser() not in text.split()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "c:\\d", "x" * 500, "<b>", ""])
def test_file_names_stay_in_their_folder(name: str) -> None:
    """Whatever a model is called, its file is a short plain name in one folder."""
    folder, _, file = counterexample_name(0, name, "fail").partition("/")

    assert folder == "counterexamples"
    assert "/" not in file
    assert "\\" not in file
    assert ".." not in file
    assert len(file) < 100


def test_run_without_checks_is_its_only_part() -> None:
    """Whoever reads checks finds one in a run that was a single call."""
    run = made.report().run
    (part,) = run.parts

    assert (part.check, part.subject, part.models) == ("", "subject", ("lstm",))
    assert run.checks == ()
    assert (part,) == replace(run, checks=(part,)).parts


def test_the_numbers_of_a_small_case_are_readable() -> None:
    """A small counterexample is there in numbers; a large one is left to its file."""
    large = bc.Spec.parse("lstm T=16 B=4 D=4 H=6 O=2 seed=0").build()
    small, big = (
        made.failing(failures=(failure,)).run.failures[0].arrays
        for failure in (made.failure(), made.failure(case=large))
    )

    assert set(small) >= {"W_hh_l0", "x", "h0", "targets"}
    assert big == {}
