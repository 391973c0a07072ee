"""The pytest plugin: a fixture with a subtest per gradient, and one report of a whole session.

Without its fixture and its options nothing happens and nothing is imported. Each call of `verify`
or `assert_gradients` inside a test travels on that test's report, as JSON types, so that it makes
no difference whether the test ran here or in a worker of pytest-xdist.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .report.bundle import Bundle
    from .report.pytest_outcomes import GradientOutcome
    from .report.report import Report

_REPORTS = pytest.StashKey["list[Report]"]()
_PROPERTIES = pytest.StashKey["list[tuple[str, str]]"]()
STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable with the file that continuous integration shows below a job; it is appended to."""
MARKER = (
    "models", "cases", "oracles", "dtypes", "seed", "timeout", "within", "accuracy", "quick",
    "repair_seconds",
)  # fmt: skip
"""What `@pytest.mark.bptt(...)` takes: the arguments of `verify`."""
OPTIONS: dict[str, dict[str, Any]] = {
    "report": {"metavar": "DIR", "help": "write one report of all bptt_check checks into DIR"},
    "markdown": {"metavar": "FILE", "help": "write a summary of them as Markdown into FILE"},
    "cases": {"metavar": "N", "type": int, "help": "cases of a model, whatever the tests say"},
    "quick": {"action": "store_true", "help": "check in seconds, whatever the tests say"},
    "fix": {"action": "store_true", "help": "look for the edit that makes a wrong subject right"},
    "oracle": {
        "metavar": "NAME", "action": "append",
        "help": "check against this oracle (may be repeated), whatever the tests say",
    },
    "seed": {"metavar": "N", "type": int, "help": "draw with this seed, whatever the tests say"},
}  # fmt: skip
"""Options of the command line of pytest, after `--bptt-`, and how they are given to it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; what they say holds for every check of the session."""
    group = parser.getgroup("bptt_check")
    for name, given in OPTIONS.items():
        group.addoption(f"--bptt-{name}", dest=f"bptt_{name}", **given)


def pytest_configure(config: pytest.Config) -> None:
    """Find out whether everything asked for can be done, before any test runs."""
    what = "check_gradients(subject, ...) checks with these arguments"
    config.addinivalue_line("markers", f"bptt({', '.join(MARKER)}): {what}")
    if config.getoption("collectonly", default=False):
        return
    config.pluginmanager.register(_Recorder(config), "bptt_check_recorder")
    if hasattr(config, "workerinput"):  # a worker of xdist: its reports go to the controller
        return
    _check_overrides(config)
    folder, summary = _folder(config), _summary(config)
    if folder is not None or summary is not None or os.environ.get(STEP_SUMMARY):
        collector = _Collector(folder, summary, config)
        config.pluginmanager.register(collector, "bptt_check_collector")


def _check_overrides(config: pytest.Config) -> None:
    """Wrong usage if an option cannot be; oracles are looked up only if one is named."""
    cases, seed = config.getoption("bptt_cases"), config.getoption("bptt_seed")
    if cases is not None and cases < 1:
        raise pytest.UsageError(f"--bptt-cases must be at least 1, got {cases}")
    if cases is not None and config.getoption("bptt_quick"):
        raise pytest.UsageError("--bptt-quick chooses its cases: leave out --bptt-cases or it")
    if seed is not None and seed < 0:
        raise pytest.UsageError(f"--bptt-seed must not be negative, got {seed}")
    if config.getoption("bptt_oracle"):
        from .api import load_oracles
        from .errors import BpttCheckError

        try:
            load_oracles(config.getoption("bptt_oracle"))
        except BpttCheckError as error:
            raise pytest.UsageError(f"--bptt-oracle: {error}") from error


def _folder(config: pytest.Config) -> Path | None:
    """The folder of the report, made and found to be writable; a run before is set aside, so that
    what the folder says is of this session, whatever ends it.
    """
    given = config.getoption("bptt_report")
    if given is None:
        return None
    from .errors import ReportError
    from .report.folder import prepare, set_aside

    try:
        folder = prepare(config.invocation_params.dir / given)
        set_aside(folder)
    except ReportError as error:
        raise pytest.UsageError(f"--bptt-report: {error}") from error
    return folder


def _summary(config: pytest.Config) -> Path | None:
    """The file of the Markdown summary, found to be writable and not there yet."""
    given = config.getoption("bptt_markdown")
    if given is None:
        return None
    path = config.invocation_params.dir / given
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise pytest.UsageError(f"--bptt-markdown: {given} cannot be written; choose another file")
    path.unlink(missing_ok=True)
    return path


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test that uses the fixture is a gradient test: `-m bptt` selects it."""
    if "check_gradients" in getattr(item, "fixturenames", ()):
        item.add_marker("bptt")


@pytest.fixture
def check_gradients(
    request: pytest.FixtureRequest, subtests: pytest.Subtests
) -> Callable[..., Report]:
    """`check_gradients(subject, models=None, cases=100, ...)`: a subtest per model and gradient.

    Takes the arguments of `bptt_check.verify`; `@pytest.mark.bptt(...)` gives them for a test, a
    class or a module. Returns the report.
    """
    given = _marked(request.node)

    def check(subject: Any, /, models: Any = None, **options: Any) -> Report:
        __tracebackhide__ = True
        from .api import verify
        from .errors import GradientMismatch

        arguments = {**given, **({} if models is None else {"models": models}), **options}
        report = verify(subject, **arguments)
        told = _tell(report, subtests)
        untold = [f for f in report.failures if all(f is not o.failure for o in told)]
        if not report.passed and (untold or not told):
            raise GradientMismatch(report.message, report)
        return report

    return check


def _tell(report: Report, subtests: pytest.Subtests) -> list[GradientOutcome]:
    """Run a subtest per gradient; returns the outcomes that are no pass, whose subtests failed."""
    from .report.pytest_outcomes import outcomes

    told: list[GradientOutcome] = []
    for outcome in outcomes(report):
        with subtests.test(f"{outcome.model} {outcome.parameter}"):
            if not outcome.passed:
                told.append(outcome)
                pytest.fail(outcome.message, pytrace=False)
    return told


def _marked(item: pytest.Item) -> dict[str, Any]:
    """The arguments that the markers of a test give; the closest one wins."""
    given: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("bptt"))):
        wrong = [*map(repr, mark.args), *sorted(set(mark.kwargs) - set(MARKER))]
        if wrong:
            raise pytest.UsageError(
                f"@pytest.mark.bptt takes {', '.join(MARKER)} by name, not {', '.join(wrong)}"
            )
        given |= mark.kwargs
    return given


class _Recorder:
    """Runs where the tests run: puts the checks of a test on its report."""

    def __init__(self, config: pytest.Config) -> None:
        self.wanted = config.getoption("bptt_report") or config.getoption("bptt_markdown")
        self.wanted = self.wanted or os.environ.get(STEP_SUMMARY)
        oracles = config.getoption("bptt_oracle")
        self.options: dict[str, Any] = {
            "cases": config.getoption("bptt_cases"),
            "oracles": tuple(oracles) if oracles else None,
            "seed": config.getoption("bptt_seed"),
            "quick": config.getoption("bptt_quick"),
        }
        self.fix = bool(config.getoption("bptt_fix"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        from .runs.session import REPAIR_SECONDS, Overrides, collected, overrides

        reports: list[Report] = []
        said = Overrides(**self.options, repair_seconds=REPAIR_SECONDS if self.fix else 0.0)
        item.stash[_REPORTS], item.stash[_PROPERTIES] = reports, []
        tokens = collected.set(reports), overrides.set(said)
        try:
            return (yield)
        finally:
            collected.reset(tokens[0])
            overrides.reset(tokens[1])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        reports, properties_of_test = item.stash.get(_REPORTS, []), item.stash.get(_PROPERTIES, [])
        if reports:
            from .report.bundle import pack
            from .report.pytest_outcomes import properties

            for one in reports:
                number = 1 + sum(name.endswith("_verdict") for name, _ in properties_of_test)
                properties_of_test += properties(one, number)
            if self.wanted:
                report.__dict__["bptt_check"] = [pack(one.bundle()) for one in reports]
            reports.clear()  # a test has several reports: setup, call, teardown, subtests
        if call.when == "teardown":  # which is where a JUnit file looks for properties
            report.user_properties.extend(properties_of_test)
        return report


class _Collector:
    """Runs once per session: gathers the checks and writes their report."""

    def __init__(self, folder: Path | None, summary: Path | None, config: pytest.Config) -> None:
        self.folder, self.summary = folder, summary
        self.given = str(config.getoption("bptt_report"))
        self.command = shlex.join(["pytest", *map(str, config.invocation_params.args)])
        self.bundles: dict[str, list[Bundle]] = {}
        self.summary_text = self.unread = ""

    @property
    def asked(self) -> bool:
        """Whether an option asked for something; a variable of the environment did not."""
        return self.folder is not None or self.summary is not None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        packed: list[Any] = getattr(report, "bptt_check", [])
        if packed:
            from .errors import ReportError
            from .report.bundle import unpack

            try:
                self.bundles.setdefault(report.nodeid, []).extend([*map(unpack, packed)])
            except ReportError as error:
                self.unread = str(error)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        from .errors import ReportError
        from .report.bundle import merge
        from .report.headline import headline_with_extent
        from .runs.interruption import guarded

        early = exitstatus == pytest.ExitCode.INTERRUPTED or bool(self.unread)
        parts = merge(self._labelled(), self.command, early)
        try:
            places = guarded(lambda: self._written(parts))
        except (ReportError, OSError) as error:
            self.summary_text = f"the report could not be written: {error}"
            session.exitstatus = exitstatus or pytest.ExitCode.INTERNAL_ERROR
            return
        verdict = f"{parts.run.verdict}: {headline_with_extent(parts.run)}"
        self.summary_text = "\n".join([verdict, *places, *filter(None, [self.unread])])
        if self.unread:
            session.exitstatus = exitstatus or pytest.ExitCode.INTERNAL_ERROR

    def _written(self, parts: Bundle) -> list[str]:
        """Write what was asked for; a line for the place to look at."""
        from .report import files, folder, markdown

        page = ""
        if self.folder is not None:
            folder.write_folder(self.folder, parts)
            page = str(Path(self.given) / files.PAGE)
        below = os.environ.get(STEP_SUMMARY) if self.bundles else None
        for path in [self.summary, Path(below) if below else None]:
            if path is not None:
                with path.open("a", encoding="utf-8") as file:
                    file.write(markdown.render_markdown(parts.run, page))
        return [f"report: {page}"] if page else []

    def _labelled(self) -> dict[str, Bundle]:
        """The checks under the names of their tests, numbered where a test made several."""
        return {
            nodeid if len(bundles) == 1 else f"{nodeid} ({number})": one
            for nodeid, bundles in sorted(self.bundles.items())
            for number, one in enumerate(bundles, 1)
        }

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.bundles or self.asked:
            terminalreporter.section("bptt_check")
            terminalreporter.write_line(self.summary_text)
