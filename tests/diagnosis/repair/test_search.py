"""One fault, two faults, a fault of the forward pass, and what no single edit repairs."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from support.repairs import RIGHT, SPEC, broken

import bptt_check as bc
from bptt_check.diagnosis.repair import (
    EditRunner,
    FoundEdits,
    OwnFile,
    read_own_file,
    search,
    specs_to_judge,
)
from bptt_check.diagnosis.repair.search import without_needless

SECONDS = 60.0
"""Far more than a search takes."""


def found_in(subject: str, seconds: float = SECONDS) -> FoundEdits:
    """What a search finds."""
    specs = specs_to_judge([bc.Spec.parse(SPEC)])
    with EditRunner(subject, [str(s) for s in specs]) as runner:
        files = [read_own_file(f) for f in runner.begun.files]
        return search(runner, files, time.monotonic() + seconds)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n"),
        ('grads["W_xh_l0"] +=', 'grads["W_xh_l0"] ='),
        (" * (1.0 - h[t + 1] ** 2)", ""),
        ("h_bar = h_bar + y_bar", "h_bar = y_bar"),
        ("y_bar.sum(axis=0)", "y_bar"),
        ('h[-1] @ p["W_hh_l0"].T', 'h[-1] @ p["W_hh_l0"]'),
        ('        h_bar = a_bar @ p["W_hh_l0"]\n', ""),
        ("    return loss, grads", "    return loss / len(x), grads"),
    ],
)
def test_a_fault_is_repaired(tmp_path: Path, before: str, after: str) -> None:
    """What is found makes every case right; the line of the fault is what it edits."""
    found = found_in(broken(tmp_path, (before, after)))

    assert not found.wrong
    assert len(found.edits) == 1


def test_two_faults_are_repaired_one_after_the_other(tmp_path: Path) -> None:
    """The first edit makes one more gradient right, and none wrong."""
    changes = (
        ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n"),
        ("y_bar.sum(axis=0)", "2 * y_bar.sum(axis=0)"),
    )
    found = found_in(broken(tmp_path, *changes))

    assert not found.wrong
    assert len(found.edits) == 2
    assert found.files[0].text.count("\n") == RIGHT.count("\n")


def test_two_faults_of_which_one_hides_the_other(tmp_path: Path) -> None:
    """Each of them makes every gradient of a weight wrong: that one is undone is seen in the last
    step alone, in the case that has no other. Which case is quickest must not matter.
    """
    changes = (
        (" * (1.0 - h[t + 1] ** 2)", " * (1.0 - h[t] ** 2)"),
        ('        h_bar = a_bar @ p["W_hh_l0"]\n', '        h_bar = h_bar @ p["W_hh_l0"]\n'),
    )
    specs = specs_to_judge([bc.Spec.parse(SPEC)])
    with EditRunner(broken(tmp_path, *changes), [str(s) for s in specs]) as runner:
        slow = [9.0 if specs[n].sizes.T == 1 else 0.1 for n in runner.begun.cases]
        runner.begun = msgspec.structs.replace(runner.begun, seconds=tuple(slow))
        files = [read_own_file(f) for f in runner.begun.files]
        found = search(runner, files, time.monotonic() + SECONDS)

    assert not found.wrong
    assert len(found.edits) == 2


def test_what_no_edit_repairs_is_left(tmp_path: Path) -> None:
    """A backward pass of something else: nothing is found, and lines are told."""
    change = (
        "    return loss, grads",
        "    return loss, {n: np.sin(g + 2.0) for n, g in grads.items()}",
    )
    found = found_in(broken(tmp_path, change), seconds=3.0)

    assert found.edits == ()
    assert found.wrong
    assert found.tried > 0
    assert found.lines


def test_a_right_subject_is_left_as_it_is(tmp_path: Path) -> None:
    """Nothing is tried."""
    found = found_in(broken(tmp_path))

    assert (found.edits, found.tried, found.wrong) == ((), 0, frozenset())


def test_what_nothing_needs_is_taken_back(tmp_path: Path) -> None:
    """Of two changes, one of which repairs, the other is not offered."""
    subject = broken(tmp_path, ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n"))
    specs = ["rnn-tanh T=3 B=2 D=3 H=4 O=2"]
    with EditRunner(subject, specs) as runner:
        (old,) = [read_own_file(f) for f in runner.begun.files]
        needless = RIGHT.replace("loss, h_bar = 0.0, 0.0", "loss, h_bar = 0.0, 0.0 * 1")
        begun, found = (FoundEdits((f,)) for f in (old, OwnFile(old.path, needless)))

        less = without_needless(runner, begun, found)

    assert less.files[0].text == RIGHT
