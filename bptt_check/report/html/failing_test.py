"""A test of a failure, to be pasted into a file."""

from __future__ import annotations

import re

from ...runs.records import Failure
from ..systematic.told import is_of_all


def failing_test(failure: Failure) -> str:
    """A test that fails as long as the failure is there; empty where none can be made.

    The run's own, with the arrays written out; without one it loads them, and `subject` is the
    reader's to import. A case of an error that all of them share would pass.
    """
    if failure.test_code or is_of_all(failure):
        return failure.test_code
    return (
        "import bptt_check as bc\n\n\n"
        f"def test_{re.sub(r'[^a-z0-9]+', '_', failure.model.lower())[:60]}():\n"
        f"    case = bc.Case.load({failure.counterexample!r})\n"
        "    report = bc.check(subject, case)\n"
        "    assert report.passed, report.message"
    )
