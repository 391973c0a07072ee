"""A broken implementation as a folder of files, as its author would have them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from bptt_check.cases.result import Differentiator
from bptt_check.subjects import loading

from .fault import RIGHT, Broken

SUBJECT = "subject"


def write(broken: Broken, folder: Path) -> str:
    """Write a broken implementation and the lines that make it a subject.

    Returns:
        What the command line takes: `FOLDER/NAME_subject.py:subject`. The file that is to be
        repaired is `FOLDER/NAME.py`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = broken.implementation
    (folder / f"{name}.py").write_text(broken.text, "utf-8")
    adapter = Path(shutil.copy(RIGHT / f"{name}_subject.py", folder))
    return f"{adapter}:{SUBJECT}"


def right_subject(implementation: str) -> Differentiator:
    """A right implementation as a subject, from its own file."""
    return _loaded(implementation, f"{RIGHT / implementation}_subject.py:{SUBJECT}")


def broken_subject(broken: Broken, folder: Path) -> Differentiator:
    """Write a broken implementation into a folder and load it in this process."""
    return _loaded(broken.implementation, write(broken, folder))


def _loaded(implementation: str, text: str) -> Differentiator:
    """The subject of a text; an implementation of that name that was loaded before is forgotten."""
    sys.modules.pop(implementation, None)
    return loading.load(text)
