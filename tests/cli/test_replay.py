"""`bptt-check replay`: one case again, by its line or from its file."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from support.command_line import ONE_ORACLE, SPEC, invoke, refused, run
from support.hostile_cases import FILES, LINE

import bptt_check as bc


def test_a_file_that_is_no_case_is_refused(folder: Path) -> None:
    """Half a case, or something else, is wrong usage and no traceback."""
    bc.Spec.parse(SPEC).build().save(folder / "whole.npz")
    (folder / "half.npz").write_bytes((folder / "whole.npz").read_bytes()[:500])

    assert invoke("replay", "whole.npz", *ONE_ORACLE).exit_code == 0
    done = invoke("replay", "half.npz", *ONE_ORACLE)
    assert done.exit_code == 2
    assert "not a whole .npz file" in done.stderr


def test_the_line_that_reproduces_a_failure_can_be_pasted() -> None:
    """It names the subject as it was given, quoted for the shell, and fails again."""
    done = run("wrong")
    (line,) = [x for x in done.stdout.splitlines() if "reproduce: " in x]
    words = shlex.split(line.partition("reproduce: ")[2])
    again = invoke(*words[1:])

    assert words[-1] == "my subjects.py:wrong"
    assert again.exit_code == 1
    assert "the gradient of W_hh_l0 is wrong" in again.stdout


def test_a_counterexample_can_be_replayed() -> None:
    """The file in the report fails for the wrong subject and passes for the right one."""
    run("wrong", "--report", "out")
    (path,) = Path("out/counterexamples").iterdir()
    options = ONE_ORACLE

    assert invoke("replay", str(path), "my subjects.py:wrong", *options).exit_code == 1
    assert invoke("replay", str(path), "my subjects.py:right", *options).exit_code == 0


@pytest.mark.parametrize(
    ("subject", "status"), [("right", 0), ("wrong", 1), ("broken", 1), ("declines", 3)]
)
def test_replay_has_the_same_exit_status(subject: str, status: int) -> None:
    """One case is judged like many."""
    done = invoke("replay", SPEC, f"my subjects.py:{subject}", *ONE_ORACLE)

    assert done.exit_code == status


def test_replay_shows_everything() -> None:
    """The case, both losses, and every gradient with the oracles named that have it right."""
    names = ("complex_step", "finite_difference")
    done = invoke("replay", SPEC, *(w for name in names for w in ("--oracle", name)))

    assert SPEC in done.stdout
    for parameter in bc.Spec.parse(SPEC).build().inputs:
        assert f"\n{parameter:<18} pass " in done.stdout
    told = " ".join(done.stdout.split())  # it is as wide as the terminal
    assert told.count("by complex_step, finite_difference") == 8
    taylor = done.stdout.partition("\nTaylor test: ")[2]
    assert [line.split()[0] for line in taylor.splitlines()[1:]] == [
        "all",
        *bc.Spec.parse(SPEC).build().inputs,
    ]


def test_replay_of_a_wrong_gradient_shows_it_entry_by_entry_and_why() -> None:
    """Got, expected, difference; the mistake, where one is known."""
    done = invoke("replay", SPEC, "my subjects.py:wrong", *ONE_ORACLE)

    assert "\nW_hh_l0, expected by complex_step; * is over budget\n" in done.stdout
    assert "\n  diagnosis: " in done.stdout


def test_replay_follows_no_subject_that_raises() -> None:
    """Its own loss is not asked for again."""
    done = invoke("replay", SPEC, "my subjects.py:broken", "--oracle", "complex_step")

    assert done.stdout.startswith("ERROR")
    assert "Taylor" not in done.stdout


def test_line_of_a_run_with_an_accuracy_has_it_too() -> None:
    """It gives the same verdict; with what is enough the case passes, with nothing it fails."""
    done = run("approximate", "--accuracy", "1e-6")
    (line,) = [x for x in done.stdout.splitlines() if "reproduce: " in x]
    words = shlex.split(line.partition("reproduce: ")[2])
    without, enough = words[1:-2], [*words[1:-1], "1e-4"]

    assert done.exit_code == 1
    assert words[-2:] == ["--accuracy", "1e-06"]
    assert [invoke(*w).exit_code for w in (words[1:], without, enough)] == [1, 1, 0]


@pytest.mark.parametrize("accuracy", ["-1", "1", "nan"])
def test_impossible_accuracy_is_wrong_usage(accuracy: str) -> None:
    """Of both commands; the message has the value."""
    for words in (["replay", SPEC, "my subjects.py:right"], ["run", "my subjects.py:right"]):
        done = invoke(*words, "--accuracy", accuracy)

        assert done.exit_code == 2
        assert "accuracy must be a number from 0 to less than 1" in done.stderr


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_no_case_is_refused(name: str) -> None:
    """In one line that says what is wrong."""
    make, words = FILES[name]
    Path("it.npz").write_bytes(make())
    line = refused("replay", "it.npz", *ONE_ORACLE)

    assert line.startswith("Error: it.npz is not a case saved by Case.save: ")
    assert words in line


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("none.npz", "there is no file none.npz."),
        ("folder.npz", "it is a folder"),
        ("pipe.npz", "it is no regular file"),
        ("file/below.npz", "Not a directory"),
        (f"{'x' * 5_000}.npz", "File name too long"),
        ("\x1b[2J\u202e.npz", "there is no file \\x1b[2J\\u202e.npz."),
        ("\udcff.npz", "there is no file \\udcff.npz."),
        ("it.json", "unknown model 'it.json'"),
        ("", "unknown model ''"),
        ("lstm T=\x1b[2J", "T in a spec must be a non-negative integer, got '\\x1b[2J'"),
        (f"lstm T={'9' * 10**6}", "at most 4000 digits"),
        (f"{LINE} {'x' * 10**6}", "(1,000,000 characters)"),
        ("lstm T=100000000", "T=100000000"),
    ],
)
def test_what_names_no_case_is_refused(place: str, words: str) -> None:
    """A file that is none, a spec that is none."""
    Path("folder.npz").mkdir()
    Path("file").write_text("")
    os.mkfifo("pipe.npz")

    assert words in refused("replay", place, *ONE_ORACLE)
