"""Which code is ours, so that a traceback can be told from the subject's own lines."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

PACKAGE_ROOT = Path(__file__).parents[1]
"""The folder of this package; what lies in it is never the subject's, adapters included."""


def is_ours(file: str) -> bool:
    """Whether a frame of this file runs our code."""
    return file.startswith(f"{PACKAGE_ROOT}{os.sep}")


LIBRARIES = tuple(
    sorted({f"{path}{os.sep}" for path in sysconfig.get_paths().values()}, key=len, reverse=True)
)
"""The folders of Python's own modules and of installed packages, the innermost first."""


def library_part(file: str) -> str:
    """Which module or package of a library a file belongs to; "" if it is somebody's own file."""
    if file.startswith(("<frozen", "<__array_function__")):
        return file
    folder = next((f for f in LIBRARIES if file.startswith(f)), None)
    return "" if folder is None else folder + file[len(folder) :].split(os.sep)[0]
