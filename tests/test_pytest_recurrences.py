"""The pytest plugin on kernels: `assert_matches` is in the report of a session and in its JUnit."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from support.own_kernel import PROGRAM
from support.pytest_sessions import run, session_of

from bptt_check.report.folder import load_run

pytest_plugins = ["pytester"]

TESTS = (
    PROGRAM
    + """

def test_right():
    bc.assert_matches(RIGHT, reference, INPUTS, cases=4)


def test_wrong():
    bc.assert_matches(WRONG, reference, INPUTS, cases=30)
"""
)


@pytest.fixture(autouse=True)
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A session of its own with a right kernel and a wrong one."""
    return session_of(pytester, monkeypatch, TESTS)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "xdist"])
def test_kernels_are_in_the_report_of_a_session(session, workers):
    """With the arrays of the smallest case, also from a worker."""
    result = run(session, "--bptt-report", "out", *workers)
    report = load_run(session.path / "out")

    result.assert_outcomes(passed=1, failed=1)
    assert [check.check for check in report.checks] == [
        "test_it.py::test_right",
        "test_it.py::test_wrong",
    ]
    (failure,) = report.failures
    assert failure.check == "test_it.py::test_wrong"
    with np.load(session.path / "out" / str(failure.counterexample)) as arrays:
        assert arrays["x"].shape == (17, 1)


def test_junit_has_verdict_and_case(session):
    """As properties of each test."""
    run(session, "--junitxml", "junit.xml")
    cases = ElementTree.parse(session.path / "junit.xml").iter("testcase")
    told = {
        c.attrib["name"]: {p.attrib["name"]: p.attrib["value"] for p in c.iter("property")}
        for c in cases
    }

    assert told["test_right"]["bptt_verdict"] == "pass"
    assert "bptt_spec" not in told["test_right"]
    assert told["test_wrong"]["bptt_verdict"] == "fail"
    assert told["test_wrong"]["bptt_spec"].startswith("reference T=17 B=1 ")
    assert float(told["test_wrong"]["bptt_worst_budgets_x"]) > 1.0
    assert float(told["test_wrong"]["bptt_worst_budgets_output[0]"]) < 1.0


def test_seed_and_cases_of_the_command_line_hold_for_kernels(session):
    """As they do for models."""
    run(session, "--bptt-report", "out", "--bptt-cases", "3", "--bptt-seed", "7", "-k", "right")

    assert load_run(session.path / "out").cases == {"pass": 3}
    assert load_run(session.path / "out").seed == 7
