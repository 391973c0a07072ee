"""The table of the zoo: what a subject does, and what must be said of its case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bptt_check as bc

LONG, SHORT = 60.0, 0.2
"""Seconds for what must come back by itself, and for what must not."""


@dataclass(frozen=True)
class Entry:
    """One subject.

    Args:
        does: what it does on the case of its own; what it returns instead of None is its answer,
            else the answer is right.
        verdict: what its case must get, a regular expression.
        says: a regular expression that the message must match somewhere; "" is no message.
        limit: seconds for each of its calls.
        then: a regular expression of the verdict on the next case, which the subject's own code may
            not survive in the same process; in a fresh one it must.
    """

    does: Callable[[bc.Case], Any]
    verdict: str
    says: str
    limit: float
    then: str = "pass"


ENTRIES: dict[str, Entry] = {}
"""Name to subject, in the order of their seeds."""

Does = Callable[[bc.Case], Any]


def expect(
    verdict: str, says: str = "", limit: float = LONG, name: str = "", then: str = "pass"
) -> Callable[[Does], Does]:
    """Put a function into the table, under its own name or another."""

    def entered(does: Does) -> Does:
        own = name or does.__name__
        assert own not in ENTRIES, own
        ENTRIES[own] = Entry(does, verdict, says, limit, then)
        return does

    return entered
