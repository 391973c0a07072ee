"""Records: plain, frozen, and without anything that names a machine or a person."""

from __future__ import annotations

import getpass
import platform
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from bptt_check.cases.case import Spec
from bptt_check.runs.records import TABLE, Failure, Record, environment
from bptt_check.verdicts.case_report import CaseReport
from bptt_check.verdicts.row import Row
from bptt_check.verdicts.verdict import Verdict

CASE = Spec.parse("gru T=1 B=1 D=1 H=1 O=2").build()


def record(**changes: Any) -> Record:
    """A record of a run without cases."""
    options: dict[str, Any] = {
        "verdict": "pass", "subject": "f", "models": ("gru",), "oracles": ("torch",), "seed": 0,
        "rows": (), "failures": (), "cases": {}, "declined": {}, "table": {}, "seconds": 0.0,
    }  # fmt: skip
    return Record(**{**options, **changes})


def failure(message: str) -> Failure:
    """A failure on the smallest case."""
    return Failure("fail", "gru", "x", message, str(CASE.spec), 1, str(CASE.spec), CASE)


@pytest.mark.parametrize("verdict", ["pass", "fail", "imprecise", "inconclusive", "error"])
def test_only_pass_has_passed(verdict):
    """Inconclusive is not passed."""
    assert record(verdict=verdict).passed == (verdict == "pass")
    assert CaseReport(Verdict(verdict), CASE, "f").passed == (verdict == "pass")


def test_the_counterexample_is_that_of_the_first_failure():
    """Which is the worst; None where nothing failed."""
    assert record().counterexample is None
    assert record(failures=(failure("a"), failure("b"))).counterexample is CASE


def test_a_case_report_has_the_line_of_its_case():
    """Empty where the arrays were given by hand."""
    assert CaseReport(Verdict.PASS, CASE, "f").spec == "gru T=1 B=1 D=1 H=1 O=2 seed=0"
    assert CaseReport(Verdict.PASS, CASE.with_inputs({}), "f").spec == ""


def test_records_are_frozen():
    """Nobody rewrites a result."""
    for one in (record(), CaseReport(Verdict.PASS, CASE, "f"), failure("a")):
        with pytest.raises(FrozenInstanceError):
            one.verdict = "pass"  # type: ignore[misc]


def test_the_table_has_the_measured_fields_of_a_row():
    """What Parquet holds of every row, and which case it was."""
    measured = {f.name for f in fields(Row)} - {"index"}

    assert set(TABLE) == measured | {"model", "spec"}
    assert len(set(TABLE)) == len(TABLE)


def test_the_environment_tells_versions():
    """Of everything that can influence a number."""
    found = environment()

    assert found["python"] == platform.python_version()
    packages = {"bptt_check", "numpy", "hypothesis", "torch", "jax", "python-flint"}
    assert packages | {"system"} <= set(found)
    assert all(isinstance(value, str) and value for value in found.values())


def test_what_is_not_installed_is_said():
    """No version is not an empty version."""
    assert environment(["no-such-package"])["no-such-package"] == "not installed"


def test_the_environment_names_nobody():
    """Neither the machine nor the user."""
    text = " ".join(environment().values())

    assert platform.node() not in text
    assert getpass.getuser() not in text.split()
