"""What foreign code raised, and where in its author's own files."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Sequence
from pathlib import Path

from ..errors import LONGEST_LINE, SubjectFailed, clean, cut, text_of
from .own_code import is_ours, library_part

MOST_LINES = 30
"""Lines of the text of an error that are told."""
_TRACEBACK = vars(BaseException)["__traceback__"]


def explained(error: BaseException) -> str:
    """What was raised, and the innermost line of the subject's own code."""
    if issubclass(type(error), SubjectFailed):
        return error_text(error)
    refused = (
        "; the system refused it this memory, whatever limit --memory sets"
        if issubclass(type(error), MemoryError)
        else ""
    )
    return f"raised {described(error)}{refused}"


def described(error: BaseException) -> str:
    """`ValueError: no (line 7 of backward: raise ValueError("no"))`."""
    kind = clean(type(error).__name__)
    with contextlib.suppress(Exception):  # whatever a subject has put into one
        if isinstance(error, SyntaxError) and error.filename and error.lineno:
            text = (error.text or "").strip()
            where = f"line {error.lineno} of {Path(error.filename).name}: {text}"
            return f"{kind}: {error.msg} ({clean(where)})"
    frame = own_frame(error)
    where = "" if frame is None else f" ({clean(_where(frame))})"
    return f"{kind}: {error_text(error)}{where}"


def error_text(error: BaseException) -> str:
    """The text of a foreign error, whatever it is: "" where it has none, the first of many lines
    and characters, and nothing that cannot be shown.
    """
    lines = clean(text_of(error), lines=True).split("\n")
    more = f"\n... ({len(lines):,} lines)" if len(lines) > MOST_LINES else ""
    return cut("\n".join(lines[:MOST_LINES]), LONGEST_LINE // 2) + more


def kind_and_line(error: BaseException) -> str:
    """What kind of error came from which line, the same for all errors of that line."""
    frame = own_frame(error)
    line = "" if frame is None else f" {frame.filename}:{frame.lineno}"
    return clean(f"{type(error).__name__}{line}")


def own_frame(error: BaseException) -> traceback.FrameSummary | None:
    """The innermost frame in the author's own files.

    These are neither ours nor of an installed package, unless the subject itself is of one: then
    those of that package.
    """
    tb = _TRACEBACK.__get__(error)
    frames = traceback.StackSummary.extract(traceback.walk_tb(tb), lookup_lines=False)
    outside = [f for f in frames if not is_ours(f.filename)]
    own = [f for f in outside if not library_part(f.filename)] or _of_first_package(outside)
    return own[-1] if own else None


def _of_first_package(frames: Sequence[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    parts = [library_part(f.filename) for f in frames]
    return [f for f, part in zip(frames, parts, strict=True) if part == parts[0]]


def _where(frame: traceback.FrameSummary) -> str:
    """`line 7 of backward: ...`, at the top of a file `line 7 of kernels.py: ...`."""
    name = Path(frame.filename).name if frame.name == "<module>" else frame.name
    source = Path(frame.filename)
    if source.exists() and not source.is_file():  # a device, or a pipe, is nothing to read
        return f"line {frame.lineno} of {name}"
    return f"line {frame.lineno} of {name}: {frame.line}"
