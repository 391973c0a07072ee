"""Values that hold in the body of a `with` statement, for whatever is called there."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")


@contextlib.contextmanager
def holding(variable: ContextVar[T], value: T) -> Generator[None]:
    """In the body a variable has this value."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)
