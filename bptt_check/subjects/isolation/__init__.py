"""Subjects in a process of their own: whatever they do to it, the run goes on."""

from __future__ import annotations

from ...errors import SpecError
from .isolated import Isolated


def isolated(
    subject: str, timeout: float | None = None, memory: str | int | None = None
) -> Isolated:
    """A subject that runs in a worker process, for `verify`, `check` and `assert_gradients`.

    A segmentation fault, `os._exit`, a native call that never returns or too much memory ends the
    worker; the case has the verdict `error`, and the next one gets a fresh worker.

    Args:
        subject: `package.module:attribute`, `path/to/file.py:attribute` or any other text that
            the command line takes. The worker imports it; an object cannot be handed over.
        timeout: seconds for one call; None is five minutes.
        memory: such as `"2G"`; None is no limit.

    Raises:
        SubjectNotFound: the text leads nowhere, or the import fails or ends the process.
        SpecError: a limit is impossible.
    """
    if not isinstance(subject, str):
        raise SpecError(
            f"isolated() takes the text that names a subject, such as 'file.py:function', got a "
            f"{type(subject).__name__}: a worker imports it by itself."
        )
    return Isolated(subject, timeout, memory)


__all__ = ["Isolated", "isolated"]
