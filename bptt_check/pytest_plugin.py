"""The pytest plugin: `--bptt-report DIR` gathers every check of a session into one report.

Without the option nothing happens and nothing is imported. With it, each call of `verify` or
`assert_gradients` inside a test travels on that test's report, as JSON types, so that it makes no
difference whether the test ran here or in a worker of pytest-xdist.
"""

from __future__ import annotations

import shlex
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .report import Report
    from .report.bundle import Bundle

_FOUND = pytest.StashKey["list[Report]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option."""
    parser.getgroup("bptt_check").addoption(
        "--bptt-report",
        dest="bptt_report",
        metavar="DIR",
        help="write one report of all gradient checks of bptt_check into DIR",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find out whether the folder can be written, before any test runs."""
    given = config.getoption("bptt_report")
    if given is None or config.getoption("collectonly", default=False):
        return
    config.pluginmanager.register(_Recorder(), "bptt_check_recorder")
    if hasattr(config, "workerinput"):  # a worker of xdist: its reports go to the controller
        return
    from .errors import ReportError
    from .report import store

    folder = config.invocation_params.dir / given
    try:
        store.prepare(folder)
    except ReportError as error:
        raise pytest.UsageError(f"--bptt-report: {error}") from error
    config.pluginmanager.register(_Collector(folder, given, config), "bptt_check_collector")


class _Recorder:
    """Runs where the tests run: puts the checks of a test on its report."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        from .api import collected

        found: list[Report] = []
        item.stash[_FOUND] = found
        token = collected.set(found)
        try:
            return (yield)
        finally:
            collected.reset(token)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        found = item.stash.get(_FOUND, [])
        if found:
            from .report.bundle import bundle, pack

            report.__dict__["bptt_check"] = [pack(bundle(one)) for one in found]
            found.clear()  # a test has several reports: setup, call, teardown, subtests
        return report


class _Collector:
    """Runs once per session: gathers the checks and writes their report."""

    def __init__(self, folder: Path, given: str, config: pytest.Config) -> None:
        self.folder, self.given = folder, given
        self.command = shlex.join(["pytest", *map(str, config.invocation_params.args)])
        self.found: dict[str, list[Bundle]] = {}
        self.said = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        packed: list[Any] = getattr(report, "bptt_check", [])
        if packed:
            from .report.bundle import unpack

            self.found.setdefault(report.nodeid, []).extend(unpack(one) for one in packed)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        from .errors import ReportError
        from .report import sentences, store
        from .report.bundle import merge

        parts = merge(self._labelled(), self.command, exitstatus == pytest.ExitCode.INTERRUPTED)
        try:
            store.write_folder(self.folder, parts)
        except ReportError as error:
            self.said = f"the report could not be written: {error}"
            session.exitstatus = exitstatus or pytest.ExitCode.INTERNAL_ERROR
            return
        verdict = f"{parts.run.verdict}: {sentences.headline(parts.run)}"
        self.said = f"{verdict}\nreport: {Path(self.given) / store.PAGE}"

    def _labelled(self) -> dict[str, Bundle]:
        """The checks under the names of their tests, numbered where a test made several."""
        return {
            nodeid if len(found) == 1 else f"{nodeid} ({number})": one
            for nodeid, found in sorted(self.found.items())
            for number, one in enumerate(found, 1)
        }

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("bptt_check")
        terminalreporter.write_line(self.said)
