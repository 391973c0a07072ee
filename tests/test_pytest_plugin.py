"""The pytest plugin: one report of a session, also with workers; nothing without the option."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.pytest_sessions import run, session_of

import bptt_check as bc
from bptt_check import pytest_plugin
from bptt_check.report.folder import load_run

pytest_plugins = ["pytester"]

TESTS = """
import bptt_check as bc
import pytest
from bptt_reference import loss_and_grads as right

QUICK = {"models": ["lstm"], "cases": 2, "oracles": ["complex_step"]}


def wrong(case):
    loss, grads = right(case)
    return loss, {**grads, "W_hh_l0": grads["W_hh_l0"] * 1.5}


@pytest.fixture
def checked_by_a_fixture():
    return bc.verify(right, **QUICK)


def test_right():
    bc.assert_gradients(right, **QUICK)


def test_wrong():
    bc.assert_gradients(wrong, **QUICK)


def test_wrong_as_expected():
    with pytest.raises(bc.GradientMismatch):
        bc.assert_gradients(wrong, **QUICK)


def test_twice(checked_by_a_fixture):
    bc.verify(right, **QUICK, seed=1)
    bc.verify(right, **QUICK, seed=2)


@pytest.mark.parametrize("name", ["<b>", "a b"])
def test_named(name):
    bc.assert_gradients(right, **QUICK)


def test_of_something_else():
    assert True
"""
CHECKS = [
    "test_it.py::test_named[<b>]",
    "test_it.py::test_named[a b]",
    "test_it.py::test_right",
    "test_it.py::test_twice (1)",
    "test_it.py::test_twice (2)",
    "test_it.py::test_twice (3)",
    "test_it.py::test_wrong",
    "test_it.py::test_wrong_as_expected",
]


@pytest.fixture(autouse=True)
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A session of its own with these tests."""
    return session_of(pytester, monkeypatch, TESTS)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "xdist"])
def test_every_check_is_in_the_report(session: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """Each once, under the name of its test, wherever the test ran."""
    result = run(session, "--bptt-report", "out", *workers)
    report = load_run(session.path / "out")

    result.assert_outcomes(passed=6, failed=1)
    assert [check.check for check in report.checks] == CHECKS
    assert report.verdict == "fail"
    assert [f.check for f in report.failures] == [c for c in CHECKS if "wrong" in c]
    assert report.cases == {"pass": 12, "fail": 4}
    result.stdout.fnmatch_lines(
        [
            "*= bptt_check =*",
            "fail: *; in 2 of 8 models: * cases right, * with a wrong gradient",
            "report: out?index.html",
        ]
    )


def test_counterexamples_are_saved_with_the_report(session: pytest.Pytester) -> None:
    """They are arrays of the failing tests, also when these ran in a worker."""
    run(session, "--bptt-report", "out", "-n", "2")
    (first, second) = load_run(session.path / "out").failures

    for failure in (first, second):
        case = bc.Case.load(session.path / "out" / str(failure.counterexample))
        assert str(case.model) == "lstm"


def test_the_page_names_the_tests(session: pytest.Pytester) -> None:
    """Escaped, since a test may be called anything."""
    run(session, "--bptt-report", "out")
    page = (session.path / "out" / "index.html").read_text()

    assert "test_named[&lt;b&gt;]" in page
    assert "test_named[<b>]" not in page


def test_a_session_without_failures_passes(session: pytest.Pytester) -> None:
    """The verdict is that of the checks that ran."""
    result = run(session, "--bptt-report", "out", "-k", "right or twice")

    assert load_run(session.path / "out").verdict == "pass"
    result.stdout.fnmatch_lines(["pass: every gradient*"])


def test_a_report_of_a_session_without_checks_does_not_pass(session: pytest.Pytester) -> None:
    """Its report says that nothing was checked."""
    result = run(session, "--bptt-report", "out", "-k", "something_else")

    result.assert_outcomes(passed=1, deselected=6)
    assert load_run(session.path / "out").verdict == "inconclusive"
    result.stdout.fnmatch_lines(["inconclusive: nothing was checked"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "xdist"])
def test_an_unwritable_folder_is_refused_before_any_test_runs(
    session: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """Before any test runs, as wrong usage."""
    result = run(session, "--bptt-report", "test_it.py/out", *workers)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--bptt-report: *cannot be written*Choose another folder*"])
    assert "passed" not in result.stdout.str()


def test_collect_only_writes_no_report(session: pytest.Pytester) -> None:
    """A report is not replaced by looking at what tests there are."""
    run(session, "--bptt-report", "out", "--collect-only")

    assert not (session.path / "out").exists()


def test_without_the_option_no_report_is_written(session: pytest.Pytester) -> None:
    """No file, no line, the same outcome."""
    result = run(session, "-k", "right")

    result.assert_outcomes(passed=1, deselected=6)
    assert not list(session.path.rglob("run.json"))
    assert "bptt_check" not in result.stdout.str().replace(str(session.path), "")


def test_a_mismatch_shows_the_test_line_and_none_of_our_frames(session: pytest.Pytester) -> None:
    """The failure shows the test's own line and the explanation, none of our frames."""
    result = run(session, "-k", "test_wrong and not expected")
    text = result.stdout.str()

    assert ">       bc.assert_gradients(wrong, **QUICK)" in text
    assert "api.py" not in text
    assert "the gradient of W_hh_l0 is wrong" in text
    assert re.search(r"reproduce: bptt-check replay 'lstm .*' test_\w+.py:wrong", text)
    assert len(result.outlines) < 60


def test_the_report_of_an_interrupted_session_says_so(session: pytest.Pytester) -> None:
    """What ran before Ctrl-C is in the report, which does not count as passed."""
    stop = "def test_stop():\n    raise KeyboardInterrupt\n\n\ndef not_a_test():"
    session.makepyfile(test_it=TESTS.replace("def test_wrong():", stop))
    result = run(session, "--bptt-report", "out")
    report = load_run(session.path / "out")

    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert [check.check for check in report.checks] == ["test_it.py::test_right"]
    assert (report.verdict, report.interrupted) == ("inconclusive", True)


def test_a_report_that_cannot_be_written_at_the_end_fails_the_session(
    session: pytest.Pytester,
) -> None:
    """The session fails with a sentence, not with a traceback."""
    session.makepyfile(
        test_it="import pathlib, shutil\n\n\ndef test_it():\n"
        "    shutil.rmtree('out')\n    pathlib.Path('out').write_text('')\n"
    )
    result = run(session, "--bptt-report", "out")

    assert result.ret not in (0, pytest.ExitCode.TESTS_FAILED)
    result.stdout.fnmatch_lines(["the report could not be written: *"])


def test_the_plugin_can_be_switched_off(session: pytest.Pytester) -> None:
    """As any plugin can."""
    result = session.runpytest_subprocess("-p", "no:bptt_check", "-k", "something_else")

    result.assert_outcomes(passed=1, deselected=6)


def test_the_plugin_imports_pytest_only() -> None:
    """Loading it costs nothing: everything else is imported where it is used."""
    source = Path(pytest_plugin.__file__).read_text("utf-8")
    top = [n for n in ast.parse(source).body if isinstance(n, ast.Import | ast.ImportFrom)]
    plain = {a.name for n in top if isinstance(n, ast.Import) for a in n.names}
    from_modules = {str(n.module) for n in top if isinstance(n, ast.ImportFrom)}
    roots = {name.split(".")[0] for name in plain | from_modules}

    assert roots - sys.stdlib_module_names == {"pytest"}
    assert not any(isinstance(n, ast.ImportFrom) and n.level for n in top)


def test_the_plugin_loads_nothing_heavy() -> None:
    """Nor does what comes with the package it is in."""
    heavy = ("torch", "jax", "duckdb", "jinja2", "msgspec", "rich", "click")
    code = f"import sys, bptt_check.pytest_plugin; print([m for m in {heavy} if m in sys.modules])"
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert finished.stdout == "[]\n"


def test_a_report_of_a_test_that_cannot_be_read_fails_the_session(session: pytest.Pytester) -> None:
    """Subjects run where it is made: in a worker it may be anything."""
    session.makeconftest(
        "import pytest\n\n\n@pytest.hookimpl(wrapper=True, tryfirst=True)\n"
        "def pytest_runtest_makereport(item, call):\n"
        "    report = yield\n"
        "    if hasattr(report, 'bptt_check') and 'twice' in item.name:\n"
        "        report.bptt_check = [{'run': '\\x1b[2J'}]\n"
        "    return report\n"
    )
    result = run(session, "--bptt-report", "out", "-k", "right or twice")
    report = load_run(session.path / "out")

    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    assert (report.verdict, len(report.checks)) == ("inconclusive", 1)
    result.stdout.fnmatch_lines(["report: out?index.html", "the report of a test is not JSON *"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
