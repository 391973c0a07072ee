"""What is offered has passed the whole check on fresh cases; what has not is no repair."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repairs import SPEC, broken

import bptt_check as bc
from bptt_check.api import load_oracles
from bptt_check.cases.targets import parse_targets
from bptt_check.errors import SubjectNotFound
from bptt_check.runs.check import Setup
from bptt_check.runs.records import RunWithCases
from bptt_check.runs.repairs import repairing
from bptt_check.runs.repairs.records import Searched
from bptt_check.runs.repairs.repairing import searched
from bptt_check.runs.target_cases import Plan
from bptt_check.subjects import loading

FAULT = ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n")


def found_in(subject: str, seconds: float = 60.0) -> Searched:
    """The search from one failing spec, with a proof of a few cases by one oracle."""
    plan = Plan(tuple(parse_targets(SPEC)), cases=12, seed=7)
    setup = Setup(load_oracles(["complex_step"]))
    return searched(subject, [bc.Spec.parse(SPEC)], seconds, plan, setup)


def test_a_repair_has_passed_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the diff as the user has the file, and by what it was verified; no file is changed."""
    monkeypatch.chdir(tmp_path)
    subject = broken(tmp_path, FAULT)
    text = (tmp_path / "my_rnn.py").read_text()
    repair = found_in(subject).repair

    assert repair is not None
    assert repair.verified is not None
    assert (repair.verified.cases, repair.verified.oracles) == (12, ("complex_step",))
    assert repair.diff.startswith("--- my_rnn.py\n+++ my_rnn.py\n@@ ")
    assert '-        grads["W_hh_l0"] += a_bar.T @ h[t + 1]\n' in repair.diff
    assert '+        grads["W_hh_l0"] += a_bar.T @ h[t]\n' in repair.diff
    assert repair.edits[0].file == "my_rnn.py"
    assert repair.edits[0].after == 'grads["W_hh_l0"] += a_bar.T @ h[t]'
    assert (tmp_path / "my_rnn.py").read_text() == text
    assert repair.remaining == ()


def test_a_part_is_offered_as_a_part(tmp_path: Path) -> None:
    """Where one gradient can be made right and another not: it says which is left."""
    hopeless = (
        'grads["b_y"] += y_bar.sum(axis=0)',
        'grads["b_y"] += np.sin(np.cos(y_bar * 3.0) - np.cos(0.5 + y_bar) ** 3).sum(axis=0) * 7.0',
    )
    repair = found_in(broken(tmp_path, FAULT, hopeless), seconds=10.0).repair

    assert repair is not None
    assert repair.verified is None
    assert repair.remaining == ("rnn-tanh b_y",)


def test_what_passes_small_cases_and_fails_others_is_no_repair(tmp_path: Path) -> None:
    """A fault that shows in long sequences alone: the proof finds it, the search goes on."""
    late = ("        h_bar = a_bar @ p", "        h_bar = (0.5 if len(x) > 5 else 1.0) * a_bar @ p")
    searched_for = found_in(broken(tmp_path, FAULT, late))

    assert (
        searched_for.repair is None
        or searched_for.repair.verified is None
        or ("+        h_bar = " in searched_for.repair.diff)
    )


def test_what_no_proof_confirms_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it passes the small cases; nor is it called a part of something."""
    subject = broken(tmp_path, FAULT)
    report = bc.verify(loading.load(subject), [SPEC], 3, ["complex_step"])
    asked: list[object] = []

    def refuted(*arguments: object) -> RunWithCases:
        asked.append(arguments)
        return RunWithCases(report.run, report.table, dict(report.cases_by_name))

    monkeypatch.setattr(repairing, "run_edited", refuted)
    searched_for = found_in(subject)

    assert searched_for.repair is None
    assert 1 <= len(asked) <= repairing.ROUNDS
    assert searched_for.lines[0].endswith(":26")


def test_a_subject_without_a_file_is_refused() -> None:
    """Code that is installed is nobody's to edit."""
    with pytest.raises(SubjectNotFound, match="ran no Python function of a file of its own"):
        found_in("bptt_check.power.implementations:torch_eager")
