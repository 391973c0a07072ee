"""A repair written into the files of its subject."""

from __future__ import annotations

import shutil
from pathlib import Path

from ...diagnosis.repair import is_in_package, shown_path
from ...errors import ReportError
from .records import Repair

KEPT = ".before-fix"
"""What the name of a kept copy ends with; a number follows where there is one already."""


def write_repair(repair: Repair, subject: str) -> list[str]:
    """Change the files of a subject, and keep what they were.

    Args:
        repair: what is changed.
        subject: its text, as on the command line: only files of its own package are changed.

    Returns:
        The paths of the copies.

    Raises:
        ReportError: a file is none of the subject's own package, or cannot be written; no file is
            changed then.
    """
    for path in repair.files:
        if not is_in_package(subject, path):
            raise ReportError(
                f"{shown_path(path)} lies outside of the package of {subject}: apply the diff "
                f"to it yourself."
            )
    kept: list[str] = []
    for path, text in repair.files.items():
        copy = _free(Path(path))
        try:
            shutil.copy2(path, copy)
            Path(path).write_bytes(text.encode("utf-8"))
        except OSError as error:
            raise ReportError(f"{shown_path(path)} cannot be written: {error}.") from error
        kept.append(shown_path(str(copy)))
    return kept


def _free(path: Path) -> Path:
    """A name beside a file that nothing has."""
    copy, number = path.with_name(path.name + KEPT), 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.name}{KEPT}{number}")
    return copy
