"""All commands: wrong usage, missing frameworks, and the command as a module."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import QUICK, invoke, process

from bptt_check import oracles


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nowhere:subject"], "no module 'nowhere'"),
        (["run", "none.py:subject"], "no file none.py"),
        (["run", "my subjects.py:rihgt"], "It has: "),
        (["run", "my subjects.py:number"], "must be callable"),
        (["run", "nothing"], "names no subject"),
        (["run", "--model", "lstmm"], "Did you mean 'lstm'"),
        (["run", "--model", "lstm+2layer"], "2layers"),
        (["run", "--model", "lstm+linear+mean"], "scale the cotangents"),
        (["run", "--oracle", "trch"], "Valid: certified, complex_step"),
        (["run", "--dtype", "float63"], "float64"),
        (["run", "--cases", "0"], "at least 1"),
        (["run", "--cases", "many"], "not a valid integer"),
        (["run", "--timeout", "0"], "0"),
        (["run", "--no-such-option"], "No such option"),
        (["replay", "lstm T=0"], "at least 1"),
        (["replay", "lstm t=3"], "unknown word"),
        (["replay", "none.npz"], "there is no file none.npz"),
        (["report", "none"], "bptt-check run --report"),
        (["list", "cakes"], "cakes"),
        (["cake"], "cake"),
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], words: str) -> None:
    """What cannot be is refused with advice on stderr, and stdout stays empty."""
    done = invoke(*arguments)

    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_a_missing_framework_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Naming an oracle that cannot run here is wrong usage, with the command that helps."""
    monkeypatch.setattr(oracles, "available", lambda name: name != "torch")
    done = invoke("run", "--oracle", "torch")

    assert done.exit_code == 2
    assert "pip install" in done.stderr


def test_the_version_is_shown() -> None:
    """`--version` and `--help` do nothing else."""
    assert invoke("--version").stdout.startswith("bptt-check ")
    assert invoke("--help").exit_code == 0


def test_the_command_is_a_module_too(folder: Path) -> None:
    """`python -m bptt_check` is the same, in a process of its own and without colours."""
    done = process("run", "my subjects.py:wrong", "--model", "lstm", *QUICK)

    assert done.returncode == 1
    assert done.stdout.startswith("FAIL  'my subjects.py:wrong': ")
    assert "\x1b" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_of_a_process_is_status_2() -> None:
    """The sibling that cannot run, as a process."""
    done = process("run", "nowhere:subject")

    assert (done.returncode, done.stdout) == (2, "")
