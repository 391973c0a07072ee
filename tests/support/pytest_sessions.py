"""Sessions of pytest inside of tests: they find the same packages and the plugin."""

from __future__ import annotations

import importlib.metadata
import os
import sys

import pytest


def session_of(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tests: str
) -> pytest.Pytester:
    """A session of its own with one file of tests."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("CI", "1")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    pytester.makepyfile(test_it=tests)
    return pytester


def run(session: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest in a process; the plugin is named unless it is installed, which loads it."""
    installed = {e.name for e in importlib.metadata.entry_points(group="pytest11")}
    named = [] if "bptt_check" in installed else ["-p", "bptt_check.pytest_plugin"]
    return session.runpytest_subprocess(*named, "-p", "no:cacheprovider", *arguments)
