"""Edited code changes nothing outside of its folder. A hook lasts: each test has a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import os, shutil, subprocess, sys
from bptt_check.diagnosis.repair.running.guard import Guard
scratch, outside = sys.argv[1:3]
guard = Guard(scratch)
{before}
guard.on = True
try:
    {call}
except PermissionError:
    print("refused")
else:
    print("done")
"""


def said(tmp_path: Path, call: str, before: str = "") -> str:
    """Whether a call was made, in a process with a folder of its own."""
    for name in ("scratch", "outside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.txt").write_text("kept")
    code = CODE.format(call=call, before=before)
    folders = [str(tmp_path / "scratch"), str(tmp_path / "outside")]
    done = subprocess.run(
        [sys.executable, "-c", code, *folders], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "call",
    [
        "os.remove(outside + '/file.txt')",
        "shutil.rmtree(outside)",
        "open(outside + '/file.txt', 'w')",
        "os.open(outside + '/file.txt', os.O_WRONLY)",
        "os.rename(outside + '/file.txt', scratch + '/x')",
        "os.mkdir(outside + '/new')",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.kill(os.getppid(), 0)",
    ],
)
def test_what_changes_something_outside_is_refused(tmp_path: Path, call: str) -> None:
    """Files, folders, processes."""
    assert said(tmp_path, call) == "refused"
    assert (tmp_path / "outside" / "file.txt").read_text() == "kept"


@pytest.mark.parametrize(
    "call",
    [
        "os.remove(scratch + '/file.txt')",
        "open(scratch + '/new.txt', 'w')",
        "open(outside + '/file.txt')",
        "open(os.devnull, 'w')",
    ],
)
def test_what_changes_nothing_outside_is_let_through(tmp_path: Path, call: str) -> None:
    """Reading, and everything in the folder for temporary files."""
    assert said(tmp_path, call) == "done"


def test_what_the_unedited_subject_does_is_let_through(tmp_path: Path) -> None:
    """The very same call, and no other."""
    before = "open(outside + '/log.txt', 'a').close()"

    assert said(tmp_path, "open(outside + '/log.txt', 'a').close()", before) == "done"


def test_what_it_does_elsewhere_is_not(tmp_path: Path) -> None:
    """The same kind of call on another file."""
    before = "open(outside + '/log.txt', 'a').close()"

    assert said(tmp_path, "open(outside + '/file.txt', 'a').close()", before) == "refused"
