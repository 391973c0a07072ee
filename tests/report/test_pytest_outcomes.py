"""The fixture of the pytest plugin, its options, and what they leave behind."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from support.pytest_sessions import run, session_of
from support.repairs import SPEC, broken

pytest_plugins = ["pytester"]

TESTS = """
import bptt_check as bc
import pytest
from bptt_reference import loss_and_grads as right

QUICK = {"models": ["rnn-tanh"], "cases": 2, "oracles": ["complex_step"]}

def wrong(case):
    loss, grads = right(case)
    return loss, {**grads, "W_hh_l0": grads["W_hh_l0"] * 1.5, "b_y": -grads["b_y"]}


def test_right(check_gradients):
    assert check_gradients(right, **QUICK).passed


@pytest.mark.bptt(**QUICK)
class TestMarked:
    @pytest.mark.bptt(cases=3)
    def test_wrong(self, check_gradients):
        check_gradients(wrong)

    def test_raises(self, check_gradients):
        check_gradients(lambda case: 1 / 0)


def test_of_something_else():
    assert True
"""


@pytest.fixture(autouse=True)
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A session of its own with these tests."""
    return session_of(pytester, monkeypatch, TESTS)


def cases_of(path: str) -> dict[str, dict[str, str]]:
    """Test name to its properties in a JUnit file."""
    return {
        str(case.get("name")): {
            str(p.get("name")): str(p.get("value")) for p in case.iter("property")
        }
        for case in ET.parse(path).iter("testcase")
    }


@pytest.mark.parametrize("workers", ["0", "2"])
def test_each_gradient_has_a_subtest(session: pytest.Pytester, workers: str) -> None:
    """Failing ones by name with their message, the same with workers; JUnit has the numbers."""
    summary = session.path / "step.md"
    summary.write_text("before\n")
    session._monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))  # type: ignore[attr-defined]
    result = run(
        session, "-m", "bptt", "-n", workers, "--junit-xml", "out.xml", "--bptt-markdown", "out.md"
    )
    text = result.stdout.str()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, failed=4, deselected=0 if workers == "2" else 1)
    assert "SUBFAILED[rnn-tanh W_hh_l0] test_it.py::TestMarked::test_wrong" in text
    assert "SUBFAILED[rnn-tanh b_y] test_it.py::TestMarked::test_wrong" in text
    assert "[rnn-tanh W_xh_l0]" not in text
    assert re.search(r"reproduce: bptt-check replay 'rnn-tanh T=\d", text)
    assert "raised ZeroDivisionError" in text
    properties = cases_of(str(session.path / "out.xml"))
    assert properties["test_right"]["bptt_verdict"] == "pass"
    assert properties["test_right"]["bptt_cases"] == "2"
    assert "bptt_worst_budgets_W_hh_l0" in properties["test_right"]
    assert properties["test_wrong"]["bptt_cases"] == "3"
    assert properties["test_wrong"]["bptt_spec"].startswith("rnn-tanh T=1 ")
    assert not any("report" in name for names in properties.values() for name in names)
    markdown = (session.path / "out.md").read_text()
    assert markdown.startswith("## bptt_check: error\n")
    assert "| rnn\\-tanh in test\\_it\\.py::TestMarked::test\\_wrong | fail | b\\_y |" in markdown
    assert summary.read_text() == "before\n" + markdown


def test_command_line_options_hold_for_every_check(session: pytest.Pytester) -> None:
    """Whatever the tests say."""
    run(
        session, "-k", "right", "--bptt-cases", "4", "--bptt-oracle", "finite_difference",
        "--bptt-seed", "7", "--bptt-report", "out", "--junit-xml", "out.xml",
    )  # fmt: skip
    from bptt_check.report.folder import load_run

    report = load_run(session.path / "out")
    assert (report.oracles, report.seed, report.cases) == (("finite_difference",), 7, {"pass": 4})
    assert cases_of(str(session.path / "out.xml"))["test_right"]["bptt_cases"] == "4"


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--bptt-oracle", "magic", "*--bptt-oracle: unknown oracle 'magic'*Valid: *"),
        ("--bptt-cases", "0", "*--bptt-cases must be at least 1, got 0*"),
        ("--bptt-seed", "-1", "*--bptt-seed must not be negative, got -1*"),
        ("--bptt-markdown", "no/where.md", "*--bptt-markdown: no/where.md cannot be written*"),
    ],
)
def test_impossible_options_are_usage_errors_before_any_test_runs(
    session: pytest.Pytester, option: str, value: str, message: str
) -> None:
    """Found out before any test runs."""
    result = run(session, option, value)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_the_command_line_asks_for_repairs(session: pytest.Pytester) -> None:
    """The message of the assertion has the edit; without the option it has not."""
    folder = session.mkpydir("own")
    broken(folder, ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n"))
    session.makepyfile(
        test_it="import bptt_check as bc\nfrom own.my_rnn import loss_and_grads\n\n\n"
        "def test_own():\n"
        f"    bc.assert_gradients(loss_and_grads, ['{SPEC}'], 4, ['complex_step'])\n"
    )
    edit = '+ grads["W_hh_l0"] += a_bar.T @ h[t]\n'
    with_edit = run(session, "--bptt-fix", "--bptt-report", "out")
    from bptt_check.report.folder import load_run

    (searched,) = load_run(session.path / "out").searches
    assert edit in with_edit.stdout.str()
    assert searched.check == "test_it.py::test_own"
    assert searched.repair is not None
    assert edit not in run(session).stdout.str()


def test_quick_on_the_command_line_holds_for_every_check(session: pytest.Pytester) -> None:
    """Instead of the number of cases that a test gives; both on one line cannot be."""
    run(session, "-k", "right", "--bptt-quick", "--bptt-report", "out")
    from bptt_check.report.folder import load_run

    report = load_run(session.path / "out")
    both = run(session, "--bptt-quick", "--bptt-cases", "4")

    assert report.quick is not None
    assert report.cases == {"pass": 24}
    assert both.ret == pytest.ExitCode.USAGE_ERROR
    both.stderr.fnmatch_lines(["*--bptt-quick chooses its cases: leave out --bptt-cases or it*"])


def test_marker_declares_an_accuracy(session: pytest.Pytester) -> None:
    """What is enough passes, and what is not fails with a line that has it."""
    session.makepyfile(
        test_it="import pytest\nfrom bptt_reference import loss_and_grads\n\n\n"
        "def solver(case):\n"
        "    loss, grads = loss_and_grads(case)\n"
        "    return loss, {n: g + 1e-5 * abs(g).max(initial=0.0) for n, g in grads.items()}\n\n\n"
        "@pytest.mark.bptt(models=['rnn-tanh'], cases=2, oracles=['complex_step'], accuracy=1e-4)\n"
        "def test_enough(check_gradients):\n    check_gradients(solver)\n\n\n"
        "@pytest.mark.bptt(models=['rnn-tanh'], cases=2, oracles=['complex_step'], accuracy=1e-7)\n"
        "def test_too_little(check_gradients):\n    check_gradients(solver)\n"
    )
    result = run(session)

    assert "test_enough" not in str(result.stdout)
    result.stdout.fnmatch_lines(["*test_it.py::test_too_little*", "*--accuracy 1e-07*"])


def test_a_marker_with_unknown_arguments_is_refused(session: pytest.Pytester) -> None:
    """With what it takes, and what came."""
    session.makepyfile(
        test_it="import pytest\n\n\n@pytest.mark.bptt(3, model='lstm')\n"
        "def test_it(check_gradients):\n    pass\n"
    )
    result = run(session)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*takes models, cases, *, repair_seconds by name, not 3, model*"])


def test_a_session_without_checks_imports_no_heavy_module(session: pytest.Pytester) -> None:
    """No NumPy, no framework: loading the plugin costs nothing."""
    session.makepyfile(
        test_it="import sys\n\n\ndef test_it():\n"
        "    heavy = {'numpy', 'hypothesis.strategies', 'torch', 'jax', 'bptt_check.api'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    result = run(session, "-p", "no:hypothesispytest", "--junit-xml", "out.xml")

    result.assert_outcomes(passed=1)
    assert cases_of(str(session.path / "out.xml")) == {"test_it": {}}
