"""A subject that has no file: what was typed into a session is written into one, for the search."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from ...diagnosis.repair import package_root, shown_path
from ...errors import SubjectNotFound
from ...subjects.origin import NotWritable, origin_of, source_of
from ...subjects.processes.scratch import Scratch
from .records import Searched

R = TypeVar("R")
SESSION = "<session>"
"""What stands for the path of a file that its user does not have."""


@dataclass(frozen=True)
class Editable:
    """A subject whose source can be edited.

    Args:
        address: the text by which another process gets it.
        written: the file that it was written into; "" of one that has a file of its own.
    """

    address: str
    written: str = ""


@contextlib.contextmanager
def editable(subject: Callable[..., Any] | str) -> Generator[Editable]:
    """In the body, there is a file of a subject.

    Raises:
        SubjectNotFound: it has no source that could be edited.
    """
    address = subject if isinstance(subject, str) else origin_of(subject).address
    if isinstance(subject, str) or address:
        package_root(address)
        yield Editable(address)
        return
    scratch = Scratch()
    file = scratch.path / "session.py"
    try:
        file.write_text(_source(subject), "utf-8")
        yield Editable(f"{file}:subject", str(file))
    except SubjectNotFound as error:
        raise SubjectNotFound(str(error).replace(str(file), SESSION)) from error
    finally:
        scratch.remove()


def _source(subject: Callable[..., Any]) -> str:
    try:
        return source_of(subject)
    except NotWritable as error:
        raise SubjectNotFound(
            "this subject has no source that could be edited, as a lambda in a call or an object "
            "that cannot be written out has none: name it as path/to/file.py:attribute."
        ) from error


def without_path(searched: Searched, source: Editable) -> Searched:
    """What came of a search, without the path of a file that its user does not have."""
    return _renamed(searched, shown_path(source.written)) if source.written else searched


def _renamed(record: R, path: str) -> R:
    """A record with another text for a path, however deep it stands."""
    if isinstance(record, str):
        return record.replace(path, SESSION)  # type: ignore[return-value]
    if isinstance(record, tuple):
        return tuple(_renamed(v, path) for v in record)  # type: ignore[return-value]
    if is_dataclass(record) and not isinstance(record, type):
        values = {f.name: _renamed(getattr(record, f.name), path) for f in fields(record)}
        return replace(record, **values)
    return {} if isinstance(record, dict) else record  # type: ignore[return-value]
