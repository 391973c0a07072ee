"""What `run` and `replay` share: where a subject runs, and its limits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.command_line import DEADLY, QUICK, SPEC, invoke
from support.installed import needs_safetensors


def test_it_runs_in_a_process_of_its_own_or_not(folder: Path) -> None:
    """What it raises tells where."""
    source = DEADLY.partition("@bc.cells")[0]  # nothing may stay registered in this process
    (folder / "deadly.py").write_text(source)
    words = ("replay", SPEC, "deadly.py:where", "--oracle", "complex_step")
    here = f"raised RuntimeError: in process {os.getpid()}."

    assert here in invoke(*words, "--no-isolate").stdout
    isolated = invoke(*words).stdout
    assert "raised RuntimeError: in process " in isolated
    assert here not in isolated


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--memory", "much"], "memory must be a size such as 2G"),
        (["--memory", "1G", "--no-isolate"], "leave out --no-isolate"),
    ],
)
def test_an_impossible_limit_is_wrong_usage(options: list[str], words: str) -> None:
    """Of `run` as of `replay`."""
    for command in (["run"], ["replay", SPEC]):
        done = invoke(*command, *options)
        assert done.exit_code == 2
        assert words in done.stderr


def test_a_subject_keeps_its_supports() -> None:
    """The name from the command line does not hide what the subject supports."""
    done = invoke("run", "my subjects.py:picky", "--model", "gru", "--model", "lstm", *QUICK)

    assert "declined by the subject, not checked: lstm" in done.stdout
    assert done.stdout.startswith("PASS")


@pytest.mark.parametrize(
    "subject",
    [
        "slow.py:f",
        pytest.param("exec:sleep 600", marks=needs_safetensors),
    ],
)
def test_an_import_that_hangs_here_has_a_deadline(
    folder: Path, monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    """Without a process of its own too, where calls have one."""
    monkeypatch.setattr("bptt_check.subjects.time_limit.SECONDS_TO_LOAD", 0.2)
    (folder / "slow.py").write_text("import time\ntime.sleep(600)\n")
    done = invoke("run", subject, "--no-isolate", "--timeout", "0.1")

    assert done.exit_code == 2
    words = f"importing {subject} failed: it took longer than the limit of 0.2 s for its start."
    assert words in " ".join(done.output.split())
