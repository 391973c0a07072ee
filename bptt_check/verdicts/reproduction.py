"""The line that runs a case again."""

from __future__ import annotations

import functools

from ..subjects.loading import entry_points

_installed = functools.cache(entry_points)
"""Remembered: every failing case has a message, and looking through all packages takes long."""


def reproduction(spec: str, subject: str) -> str:
    """What to type for a case and the subject of that name.

    A command where the name is one that the command line takes; else, for what only the Python at
    hand knows (a function of a test, a partial), a line of Python.

    Args:
        spec: of the case; "" for one whose arrays were given.
        subject: its name; that of the command line as a shell takes it, with quotes.
    """
    if ":" in subject or subject in _installed():
        if not spec:
            return f"case.save('case.npz'), then: bptt-check replay case.npz {subject}"
        return f"bptt-check replay '{spec}' {subject}"
    last = subject.rpartition(".")[2]
    case = f"bc.Spec.parse('{spec}').build()" if spec else "case"
    return f"bc.check({last if last.isidentifier() else 'subject'}, {case})"
