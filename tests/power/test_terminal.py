"""A study in the terminal."""

from __future__ import annotations

import io

from rich.console import Console
from support.power_studies import STUDY

from bptt_check.power import terminal


def test_terminal_names_missed_mutants_and_false_alarms():
    """Both in full, with what shows them again."""
    out = io.StringIO()
    terminal.print_study(STUDY, Console(file=out, width=160))

    for words in (
        "MISSED m.g:4 <b>",
        "y = a  ->  y = b",
        "another gradient of x",
        "FALSE ALARM torch.nn fail: lstm T=1",
    ):
        assert words in out.getvalue()
