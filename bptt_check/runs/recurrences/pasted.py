"""A counterexample of a recurrence as a test that can be pasted into a file and run."""

from __future__ import annotations

from collections.abc import Sequence

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.written.reproduction import Options, option_arguments

SETUP = (
    "import bptt_check as bc",
    "from your_module import INPUTS, kernel, reference  # those that were checked",
)


def pasted_recurrence_run(cases: int, dtypes: Sequence[str], seed: int, options: Options) -> str:
    """The source of a test that fails for as long as all cases together show an error."""
    arguments = f"cases={cases}, dtypes={tuple(dtypes)!r}, seed={seed}{option_arguments(options)}"
    lines = [
        *SETUP,
        "",
        "",
        "def test_kernel() -> None:",
        '    """Each case may pass: it is all of them together that were wrong."""',
        f"    bc.assert_matches(kernel, reference, INPUTS, {arguments})",
    ]
    return "\n".join(lines) + "\n"


def pasted_recurrence_test(case: RecurrenceCase) -> str:
    """The source of a test that fails for as long as the kernel is wrong on the case."""
    if case.spec is None:
        return ""
    declared = option_arguments(case.model.options)
    lines = [
        *SETUP,
        "",
        "",
        "def test_kernel() -> None:",
        '    """The outputs and gradients of the smallest case on which something was wrong."""',
        f"    bc.assert_matches(kernel, reference, INPUTS, case={str(case.spec)!r}{declared})",
    ]
    return "\n".join(lines) + "\n"
