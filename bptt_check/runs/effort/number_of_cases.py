"""How many cases a run has."""

from __future__ import annotations

from ...cases.model import positive
from ...errors import SpecError
from ..session import overrides
from .quick import QUICK_CASES

CASES = 100
"""Cases of a model where nothing else is said."""


def cases_of_run(given: int | None, default: int) -> int:
    """The number of cases: what the command line of pytest says, or the argument."""
    said = overrides.get().cases
    count = given if said is None else said
    count = default if count is None else count
    positive("cases", count)
    return count


def cases_of_models(given: int | None, quick: bool) -> int:
    """The number of cases of a model."""
    if quick and given is not None:
        raise SpecError(
            f"a quick run chooses its cases, got cases={given}: leave out one of quick and cases."
        )
    count = (QUICK_CASES if quick else CASES) if given is None else given
    positive("cases", count)
    return count
