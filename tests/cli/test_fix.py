"""`bptt-check fix`: the diff, what it was verified by, and files left alone unless told."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from support.command_line import invoke
from support.repairs import RIGHT, SPEC, broken

OPTIONS = ("--model", SPEC, "--oracle", "complex_step", "--cases", "12", "--timeout", "60")
FAULT = ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n")


def test_the_diff_is_printed_and_no_file_changed(folder: Path) -> None:
    """One line says by what it was verified."""
    broken(folder, FAULT)
    before = (folder / "my_rnn.py").read_text()
    done = invoke("fix", "my_rnn.py:loss_and_grads", *OPTIONS)

    assert done.exit_code == 0
    assert "--- my_rnn.py\n+++ my_rnn.py\n@@ " in done.stdout
    assert '+        grads["W_hh_l0"] += a_bar.T @ h[t]\n' in done.stdout
    assert "verified on 12 fresh cases by complex_step; " in done.stdout
    assert (folder / "my_rnn.py").read_text() == before


def test_replay_finds_the_edit_where_it_is_asked_to(folder: Path) -> None:
    """Else it says what to type; a case that passes says nothing of it."""
    broken(folder, FAULT)
    case = "rnn-tanh T=3 B=2 D=2 H=3 O=2 seed=0"
    words = ("replay", case, "my_rnn.py:loss_and_grads", "--oracle", "complex_step")
    plain, found = invoke(*words), invoke(*words, "--fix")
    command = "bptt-check fix my_rnn.py:loss_and_grads --model rnn-tanh"

    assert plain.stdout.endswith(f"to look for the edit that makes it right: {command}\n")
    assert "This edit makes it right, verified on 100 fresh cases by complex_step" in found.stdout
    assert '    + grads["W_hh_l0"] += a_bar.T @ h[t]' in found.stdout
    assert "the edit" not in invoke(*words[:2], "bptt_reference:loss_and_grads").stdout


def test_write_makes_the_edit_and_keeps_a_copy(folder: Path) -> None:
    """The file is the right one again."""
    broken(folder, FAULT)
    before = (folder / "my_rnn.py").read_text()
    done = invoke("fix", "my_rnn.py:loss_and_grads", "--write", *OPTIONS)

    assert done.exit_code == 0
    assert (folder / "my_rnn.py").read_text() == RIGHT
    assert (folder / "my_rnn.py.before-fix").read_text() == before
    assert done.stdout.endswith("written; what was there before is my_rnn.py.before-fix\n")


def test_a_subject_that_nothing_repairs_says_so(folder: Path) -> None:
    """Status 1, and where to look; nothing is written."""
    gone = "    return loss, {n: np.sin(g + 2.0) for n, g in grads.items()}"
    broken(folder, ("    return loss, grads", gone))
    before = (folder / "my_rnn.py").read_text()
    options = [*OPTIONS[:-1], "2"]
    done = invoke("fix", "my_rnn.py:loss_and_grads", "--write", *options)

    assert done.exit_code == 1
    assert done.stdout.startswith("no repair: none of ")
    assert "  my_rnn.py:" in done.stdout
    assert (folder / "my_rnn.py").read_text() == before


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ("my_rnn.py:loss_and_grads", "nothing to repair"),
        ("exec:./my_rnn", "is a program"),
        ("nothing.py:f", "there is no file"),
    ],
)
def test_what_cannot_be_repaired_is_wrong_usage(folder: Path, subject: str, why: str) -> None:
    """A right subject, a program, and what is not there."""
    broken(folder)
    done = invoke("fix", subject, *OPTIONS)

    assert done.exit_code == 2
    assert why in done.stderr


# --- in a run -------------------------------------------------------------------------------------

OWN = ("my_rnn.py:loss_and_grads", "--model", "rnn-tanh", "--oracle", "complex_step")


def test_a_failing_run_shows_the_edit_that_makes_it_right(folder: Path) -> None:
    """On the terminal and on the page; not with --no-fix, which the command then has."""
    broken(folder, FAULT)
    done = invoke("run", *OWN, "--cases", "4", "--report", "out")
    page = html.unescape(Path("out/index.html").read_text())
    without = invoke("run", *OWN, "--cases", "4", "--no-fix", "--json")
    edit = '+ grads["W_hh_l0"] += a_bar.T @ h[t]\n'

    assert (done.exit_code, without.exit_code) == (1, 1)
    assert edit in done.stdout
    assert '-        grads["W_hh_l0"] += a_bar.T @ h[t + 1]\n' in page
    assert json.loads(without.stdout)["searches"] == []
    assert json.loads(without.stdout)["command"].endswith(" --no-fix")
    assert "--no-fix" not in json.loads(Path("out/run.json").read_text())["command"]


@pytest.mark.parametrize("option", ["--quick", "--no-isolate"])
def test_no_edit_is_looked_for(folder: Path, option: str) -> None:
    """In a hurry, and where there is no process of its own that could be left to its edits."""
    broken(folder, FAULT)
    done = invoke("run", *OWN, option, "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout)["searches"] == []
