"""Edits run in a process of their own, whatever they do to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.repairs import RIGHT, broken

from bptt_check.diagnosis.repair import EditRunner, OwnFile, read_own_file
from bptt_check.diagnosis.repair.messages import FunctionText
from bptt_check.diagnosis.repair.running import edit_runner
from bptt_check.errors import SubjectFailed, SubjectNotFound
from bptt_check.mutation import Edit

SPECS = ("rnn-tanh T=1 B=2 D=3 H=4 O=2", "rnn-tanh T=3 B=2 D=3 H=4 O=2")
WRONG = ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n")
LAST = "    return loss, grads\n"


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The RNN with a wrong line."""
    return broken(tmp_path_factory.mktemp("runner"), WRONG)


@pytest.fixture(scope="module")
def runner(subject: str) -> Iterator[EditRunner]:
    """One process for all tests that leave it as it is."""
    with EditRunner(subject, SPECS) as made:
        yield made


def changed(subject: str, before: str, after: str) -> FunctionText:
    """The function with a part of it changed."""
    file = read_own_file(subject.rpartition(":")[0])
    start = file.text.index(before)
    text = file.function_with(Edit(start, start + len(before), after))
    assert text is not None
    return text


def tried(runner: EditRunner, *edits: FunctionText) -> list[tuple[tuple[int, int], ...]]:
    """How many blocks are right on each case after each edit."""
    outcomes = runner.try_edits(edits, (0, 1), time.monotonic() + 60)
    return [tuple((n, len(right)) for n, right in o.right) for o in outcomes]


def test_what_is_right_unedited_is_told(runner: EditRunner, subject: str) -> None:
    """One of seven blocks is wrong; the only file is the subject's."""
    assert [len(right) for right in runner.begun.right] == [6, 6]
    assert [len(blocks) for blocks in runner.begun.blocks] == [7, 7]
    assert runner.begun.files == (subject.rpartition(":")[0],)


def test_the_repair_is_right_and_another_edit_is_not(runner: EditRunner, subject: str) -> None:
    """What is no step ahead on the first case is not asked about the second."""
    repair = changed(subject, "a_bar.T @ h[t + 1]", "a_bar.T @ h[t]")
    other = changed(subject, "a_bar.sum(axis=0)", "a_bar.sum(axis=1)")
    broken_text = changed(subject, "a_bar.T @ h[t + 1]", "a_bar.T @ ")

    assert tried(runner, other, repair, broken_text, repair) == [
        ((0, 0),),
        ((0, 7), (1, 7)),
        (),
        ((0, 7), (1, 7)),
    ]


def test_a_run_is_observed(runner: EditRunner) -> None:
    """Lines that ran, with the shapes of what was there."""
    lines = {seen.line: seen for seen in runner.observe(1).lines}
    number = RIGHT.splitlines().index("        a_bar = h_bar * (1.0 - h[t + 1] ** 2)") + 1
    shapes = lines[number].shapes

    assert lines[number].function == "loss_and_grads"
    assert (shapes["h_bar"], shapes["h[t + 1]"], shapes["t"]) == ((2, 4), (2, 4), "int")
    assert "a_bar" in lines[number + 1].shapes


def test_what_an_edit_changes_is_told(runner: EditRunner, subject: str) -> None:
    """Whether it is right or not; None of one that raises."""
    larger = changed(subject, "y_bar.sum(axis=0)", "1.5 * y_bar.sum(axis=0)")
    raising = changed(subject, "y_bar.sum(axis=0)", "y_bar.sum(axis=7)")
    names = [name for name, _ in runner.begun.blocks[0]]

    first, second = runner.probe([larger, raising], 0)

    assert first is not None
    assert [names[n] for n in first] == ["b_y"]
    assert second is None


@pytest.mark.parametrize(
    "statement",
    [
        "while True: pass",
        "import os; os.kill(os.getpid(), 9)",
        "import ctypes; ctypes.string_at(0)",
        "import os; os._exit(0)",
        "import sys; sys.exit(3)",
    ],
)
def test_an_edit_that_does_not_come_back_ends_nothing_but_itself(
    tmp_path: Path, statement: str
) -> None:
    """It loops, or ends the process: the next edit is tried all the same."""
    subject = broken(tmp_path, WRONG)
    repair = changed(subject, "a_bar.T @ h[t + 1]", "a_bar.T @ h[t]")
    with EditRunner(subject, SPECS) as runner:
        found = tried(runner, changed(subject, LAST, f"    {statement}\n{LAST}"), repair)

    assert found[1] == ((0, 7), (1, 7))
    assert found[0] in ((), ((0, 0),))


def test_an_edit_that_takes_all_memory_is_ended(tmp_path: Path) -> None:
    """Beyond what the unedited subject has, and as much as it may take."""
    subject = broken(tmp_path, WRONG)
    repair = changed(subject, "a_bar.T @ h[t + 1]", "a_bar.T @ h[t]")
    takes = f"    import time; kept = np.ones(2**26); time.sleep(9)\n{LAST}"
    with EditRunner(subject, SPECS, memory=2**27) as runner:
        found = tried(runner, changed(subject, LAST, takes), repair)

    assert found == [(), ((0, 7), (1, 7))]
    assert runner.restarts == 1


def test_an_edit_that_removes_files_removes_none(tmp_path: Path) -> None:
    """The call raises: the edit gives no answer."""
    subject = broken(tmp_path, WRONG)
    (tmp_path / "kept.txt").write_text("kept")
    removes = f"    import shutil; shutil.rmtree({str(tmp_path)!r})\n{LAST}"
    with EditRunner(subject, SPECS) as runner:
        found = tried(runner, changed(subject, LAST, removes))

    assert found == [((0, 0),)]
    assert (tmp_path / "kept.txt").read_text() == "kept"


def test_a_damaged_process_is_replaced(tmp_path: Path) -> None:
    """An edit that leaves something behind, which the subject without edits suffers from."""
    subject = broken(tmp_path, WRONG)
    leaves = changed(subject, LAST, f"    np.tanh = np.sin\n{LAST}")
    with EditRunner(subject, SPECS) as runner:
        tried(runner, leaves)
        again = tried(runner, changed(subject, "a_bar.T @ h[t + 1]", "a_bar.T @ h[t]"))

    assert runner.restarts == 1
    assert again == [((0, 7), (1, 7))]


def test_the_process_goes_on_from_an_edit_that_is_kept(tmp_path: Path) -> None:
    """Also after another one has ended the process."""
    subject = broken(tmp_path, WRONG, ("a_bar.sum(axis=0)", "2 * a_bar.sum(axis=0)"))
    file = read_own_file(subject.rpartition(":")[0])
    start = file.text.index('h[t + 1]\n        grads["b_h_l0"]')
    kept = OwnFile(file.path, file.text[:start] + "h[t]" + file.text[start + len("h[t + 1]") :])
    with EditRunner(subject, SPECS) as runner:
        right = runner.rebase(kept.all_functions()).right
        ends = changed(subject, LAST, f"    import os; os._exit(0)\n{LAST}")
        at = kept.text.index("2 * a_bar.sum")
        repair = kept.function_with(Edit(at, at + 4, ""))
        assert repair is not None
        found = tried(runner, ends, repair)

    assert [len(r) for r in right] == [6, 6]
    assert found[1] == ((0, 7), (1, 7))


DIES = """
from bptt_check.diagnosis.repair.running import edit_process

def carry_out(self, request):
    print("printed by an edit", flush=True)
    raise RuntimeError("what went wrong")

edit_process.EditedSubject.carry_out = carry_out
serve_edits()
"""


def test_why_the_process_ended_is_told(
    subject: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With the end of its standard error, but not what edited code prints."""
    monkeypatch.setattr(edit_runner, "START", edit_runner.START.replace("serve_edits()\n", DIES))
    with (
        EditRunner(subject, SPECS) as runner,
        pytest.raises(
            SubjectFailed, match=r"status 1; the end of .* RuntimeError: what went wrong"
        ),
    ):
        runner.observe(0)

    assert "printed by an edit" not in "".join(capfd.readouterr())


def test_a_subject_that_takes_no_case_is_refused(tmp_path: Path) -> None:
    """With what it says."""
    raises = "    import bptt_check; raise bptt_check.Unsupported('no')\n"
    subject = broken(tmp_path, (LAST, f"{raises}{LAST}"))

    with pytest.raises(SubjectNotFound, match="declines every small case"):
        EditRunner(subject, SPECS)
