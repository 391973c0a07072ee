"""Commands are run in a folder that has subjects."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.command_line import SUBJECTS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with subjects, to work in."""
    (tmp_path / "my subjects.py").write_text(SUBJECTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return tmp_path
