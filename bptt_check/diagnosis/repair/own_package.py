"""Whose files a repair may change: those of the package, or beside the file, of the subject."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from ...errors import SubjectNotFound
from ...subjects import loading

NO_SOURCE = "has no Python source that can be edited"
WHAT_CAN = "A repair needs package.module:attribute, or path/to/file.py:attribute."


def package_root(subject: str) -> Path:
    """The folder, or the file, that a subject's text names.

    Args:
        subject: `package.module:attribute`, `path/to/file.py:attribute` or an entry point.

    Raises:
        SubjectNotFound: it is a program, or there is no such package of Python files.
    """
    text = loading.entry_points().get(subject, subject)
    if text.startswith(loading.PROGRAMS):
        raise SubjectNotFound(f"{subject!r} is a program: it {NO_SOURCE}. {WHAT_CAN}")
    module, _, _ = text.rpartition(":")
    if module.endswith(".py"):
        return Path(module).resolve().parent
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError) as error:
        raise SubjectNotFound(f"{subject!r} names no module: {error}.") from error
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise SubjectNotFound(f"{subject!r} {NO_SOURCE}. {WHAT_CAN}")
    origin = Path(spec.origin).resolve()
    return origin.parent if spec.submodule_search_locations is not None else origin


def is_in_package(subject: str, file: str) -> bool:
    """Whether a file lies in the subject's own package, or beside its file or below."""
    root, path = package_root(subject), Path(file).resolve()
    return path == root or path.is_relative_to(root)


def shown_path(file: str) -> str:
    """A path as its user has it: from here, if it lies below."""
    real = Path(file).resolve()
    return os.path.relpath(real) if real.is_relative_to(Path.cwd()) else str(real)
