"""Where the import of a subject's module ends: at the check that the module makes itself.

A script that checks its own function at its end is a subject like any other. Importing it must not
check it all over again, nor fail as its check did.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar

from .context import holding


class CheckReached(BaseException):
    """Not an Exception, so that no module catches it; what stood before it is defined."""


_importing: ContextVar[bool] = ContextVar("importing", default=False)


def importing() -> contextlib.AbstractContextManager[None]:
    """The import of a module that holds a subject."""
    return holding(_importing, True)


def end_import() -> None:
    """What every check does first: end the import that it is a part of, if it is one."""
    if _importing.get():
        raise CheckReached
