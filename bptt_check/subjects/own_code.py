"""Which code is ours, so that a traceback can be told from the subject's own lines."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE_ROOT = Path(__file__).parents[1]
"""The folder of this package; what lies in it is never the subject's, adapters included."""


def is_ours(file: str) -> bool:
    """Whether a frame of this file runs our code."""
    return file.startswith(f"{PACKAGE_ROOT}{os.sep}")
