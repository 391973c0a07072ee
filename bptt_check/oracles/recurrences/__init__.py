"""What is trusted of a recurrence of a user's own: its reference, and differences of that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import OracleResult, Result


class RecurrenceOracle(Protocol):
    """A trusted differentiator of recurrences, with its name."""

    @property
    def name(self) -> str: ...

    def __call__(self, case: RecurrenceCase) -> Result: ...

    def many(self, cases: Sequence[RecurrenceCase], /) -> Iterator[OracleResult]: ...
