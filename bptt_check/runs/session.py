"""What a test session says about every check in it; imports nothing, so that it costs nothing."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

REPAIR_SECONDS = 20.0
"""What the search for a repair gets where nothing else is said."""


@dataclass(frozen=True)
class Overrides:
    """What takes the place of the arguments of `verify`; None and False leave them as they are.

    Number of cases and `quick` take the place of both: only one of them can be said.
    """

    cases: int | None = None
    oracles: tuple[str, ...] | None = None
    seed: int | None = None
    quick: bool = False
    repair_seconds: float = 0.0


collected: ContextVar[list[Any] | None] = ContextVar("collected", default=None)
"""Where the pytest plugin gathers the reports of a test; None outside of it."""

overrides: ContextVar[Overrides] = ContextVar("overrides", default=Overrides())  # noqa: B039  # frozen
"""What the command line of pytest says; nothing outside of it."""
