"""A counterexample as a test that can be pasted into a file and run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cases.case import Case
from ..cases.written.reproduction import Origin
from ..cases.written.written_out import case_lines

UNKNOWN = (
    "import bptt_check as bc",
    "from your_module import subject  # the callable that was checked",
)


def pasted_test(case: Case, origin: Origin, own: Mapping[str, Any] | None = None) -> str:
    """The source of a test that fails for as long as the subject is wrong on the case.

    `own` are the parameters of the case as the subject's convention has them, if it has one.

    Returns:
        A whole module; its arrays are written out unless they are many and a spec has them all.
    """
    lines = [
        *(origin.lines or UNKNOWN),
        "",
        "",
        "def test_gradient() -> None:",
        '    """The gradient of the smallest case on which it was wrong."""',
        *(f"    {line}" for line in case_lines(case, own)),
        f"    report = bc.check(subject, case{origin.declared})",
        "",
        "    assert report.passed, report.message",
    ]
    return "\n".join(lines) + "\n"
