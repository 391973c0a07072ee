"""The folder of a run: whole or not at all, never over somebody else's files."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import made

import bptt_check as bc
from bptt_check.errors import ReportError
from bptt_check.report import parquet
from bptt_check.report.files import DATA, PAGE, ROWS
from bptt_check.report.folder import (
    PREVIOUS,
    load_run,
    prepare,
    replacing,
    set_aside,
    write_folder,
    write_page,
)
from bptt_check.report.html.page import render_run
from bptt_check.runs.records import Run


def test_a_folder_holds_everything(tmp_path: Path) -> None:
    """The page, the record, the table and the counterexample are there and belong together."""
    page = made.failing().to_folder(tmp_path / "new" / "run")
    folder = page.parent
    run = load_run(folder)

    assert {"index.html", "run.json", "results.parquet", "counterexamples"} == {
        p.name for p in folder.iterdir()
    }
    assert run.failures[0].counterexample is not None
    found = bc.Case.load(folder / run.failures[0].counterexample)
    want = bc.Spec.parse(made.SPEC).build()
    assert all(np.array_equal(a, found.inputs[n]) for n, a in want.inputs.items())


def test_a_run_is_loaded_from_its_folder_or_its_file(tmp_path: Path) -> None:
    """`load` takes either, and both say what the report said."""
    report = made.report()
    report.to_folder(tmp_path)

    assert report.run == load_run(tmp_path) == load_run(tmp_path / "run.json")


def test_pages_are_rendered_again_from_the_records(tmp_path: Path) -> None:
    """The page made from `run.json` alone is the same to the last byte."""
    page = made.failing().to_folder(tmp_path)
    first = page.read_bytes()
    page.unlink()

    assert first == write_page(tmp_path, load_run(tmp_path)).read_bytes()


def test_the_files_do_not_depend_on_where_or_when(tmp_path: Path) -> None:
    """Two folders of the same run are equal, and name neither of the two."""
    one, other = tmp_path / "one", tmp_path / "other"
    made.failing().to_folder(one)
    made.failing().to_folder(other)

    for path in one.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            assert path.read_bytes() == (other / path.relative_to(one)).read_bytes()
            assert str(tmp_path).encode() not in path.read_bytes()


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    """Counterexamples of the run before do not stay behind."""
    made.failing().to_folder(tmp_path)
    (tmp_path / "counterexamples" / "mine.npz").write_bytes(b"kept")
    made.report().to_folder(tmp_path)

    assert [p.name for p in (tmp_path / "counterexamples").iterdir()] == ["mine.npz"]
    assert load_run(tmp_path).passed


@pytest.mark.parametrize("name", ["index.html", "run.json", "results.parquet"])
def test_foreign_files_are_not_overwritten(tmp_path: Path, name: str) -> None:
    """A file of that name which no run has written is kept, and the refusal names it."""
    (tmp_path / name).write_text("mine")

    with pytest.raises(ReportError, match=name):
        made.report().to_folder(tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_other_files_may_be_there(tmp_path: Path) -> None:
    """A folder with a .gitignore is as good as an empty one."""
    (tmp_path / ".gitignore").write_text("*")

    assert made.report().to_folder(tmp_path).exists()


@pytest.mark.parametrize("write", ["to_folder", "to_html"])
def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, write: str) -> None:
    """A path below a file cannot become a folder; the message advises another one."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ReportError, match="Choose another folder"):
        getattr(made.report(), write)(tmp_path / "file" / "run")


def test_a_file_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """`to_json` into a folder that is not there says so in our own exception."""
    with pytest.raises(ReportError, match="cannot be written"):
        made.report().to_json(tmp_path / "none" / "run.json")


def no_room(*_: object) -> None:
    """What a full disk says."""
    raise OSError(28, "No space left on device")


def test_a_run_that_cannot_be_written_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before does not stand for it, and is not lost; the next run may have the folder."""
    made.report().to_folder(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(parquet, "write_table", no_room)
        with pytest.raises(ReportError, match="No space left"):
            made.failing().to_folder(tmp_path)

    assert [p.name for p in tmp_path.iterdir()] == [PREVIOUS]
    with pytest.raises(ReportError, match=rf"did not come to its end; .* is in .*{PREVIOUS}\."):
        load_run(tmp_path)
    assert load_run(tmp_path / PREVIOUS).passed
    assert made.failing().to_folder(tmp_path).exists()
    assert not (tmp_path / PREVIOUS).exists()


def test_a_table_without_room_is_told_by_the_file_system(tmp_path: Path) -> None:
    """DuckDB has exceptions of its own."""
    with pytest.raises(OSError, match="none"):
        parquet.write_table(tmp_path / "none" / "results.parquet", made.report().table)


def test_counterexamples_need_no_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be full."""
    monkeypatch.setattr(tempfile, "mkdtemp", no_room)
    monkeypatch.setattr(tempfile, "mkstemp", no_room)

    (content,) = made.failing().bundle().files.values()
    file = tmp_path / "case.npz"
    file.write_bytes(content)

    assert bc.Case.load(file).spec == bc.Spec.parse(made.SPEC)


CHANGES = ("replace", "unlink", "rmdir", "mkdir", "fsync")
"""Functions of `os` that change a folder, or say that a change is on the disk."""


def truth(folder: Path, new: Run | None = None) -> str:
    """The verdict that a folder tells; fails where what it holds is not of one and the same run.
    A page alone must be that of the new run.
    """
    page = (folder / PAGE).read_bytes() if (folder / PAGE).exists() else None
    if not (folder / DATA).exists():
        assert page is None or (new is not None and page == render_run(new).encode())
        return "none" if page is None else "a page"
    run = load_run(folder)
    assert page == render_run(run).encode()
    assert (folder / ROWS).exists()
    assert all((folder / str(failure.counterexample)).exists() for failure in run.failures)
    return run.verdict


@pytest.mark.parametrize("previous", [False, True], ids=["first", "second"])
def test_whoever_looks_while_a_run_is_written_sees_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, previous: bool
) -> None:
    """So does whoever comes after a process that was killed: at every change of the folder it holds
    nothing that passes once this one fails, and it can be written again.
    """
    if previous:
        made.report().to_folder(tmp_path / "out")
    moments: list[Path] = []
    copying = threading.Lock()

    def changing(name: str) -> Any:
        real = getattr(os, name)

        def change(*arguments: Any, **options: Any) -> Any:
            if copying.acquire(blocking=False):  # else it is the copy that changes something
                moments.append(tmp_path / f"moment{len(moments)}")
                shutil.copytree(tmp_path / "out", moments[-1])
                copying.release()
            return real(*arguments, **options)

        return change

    bundle = made.failing().bundle()
    folder = prepare(tmp_path / "out")
    set_aside(folder)
    with monkeypatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, changing(name))
        write_folder(folder, bundle)
    told = [truth(moment, bundle.run) for moment in moments]

    assert len(moments) >= 10
    assert set(told) == {"none", "a page", "fail"}
    assert sorted(told, key=["none", "a page", "fail"].index) == told
    assert truth(folder) == "fail"
    for moment in moments[:: len(moments) // 4]:
        set_aside(prepare(moment))
        write_folder(moment, bundle)
        names = {str(p.relative_to(moment)) for p in moment.rglob("*")}
        assert names == {str(p.relative_to(folder)) for p in folder.rglob("*")}


def test_the_run_before_is_moved_as_a_whole(tmp_path: Path) -> None:
    """With its counterexamples; files of others stay where they are."""
    made.failing().to_folder(tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    before = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")} - {"mine.txt"}
    set_aside(tmp_path)
    previous = tmp_path / PREVIOUS

    assert {p.name for p in tmp_path.iterdir()} == {PREVIOUS, "mine.txt"}
    assert {str(p.relative_to(previous)) for p in previous.rglob("*")} == before
    set_aside(tmp_path)
    assert truth(previous) == "fail"


@pytest.mark.parametrize("error", [ReportError("no"), KeyboardInterrupt()], ids=repr)
def test_a_run_that_never_was_replaces_nothing(tmp_path: Path, error: BaseException) -> None:
    """Where the body raises there is no new one, and the one before is in its place again."""
    made.failing().to_folder(tmp_path)
    before = {p: p.stat().st_ino for p in tmp_path.rglob("*") if p.is_file()}

    def ends() -> None:
        assert truth(tmp_path) == "none"
        raise error

    with pytest.raises(type(error)), replacing(tmp_path):
        ends()

    assert before == {p: p.stat().st_ino for p in tmp_path.rglob("*") if p.is_file()}


def test_a_folder_without_run_is_refused(tmp_path: Path) -> None:
    """The message says what kind of folder is wanted."""
    with pytest.raises(ReportError, match="bptt-check run --report"):
        load_run(tmp_path)


def test_to_json_writes_one_file(tmp_path: Path) -> None:
    """The file has no link to counterexamples that nobody wrote."""
    made.failing().to_json(tmp_path / "a.json")
    data = json.loads((tmp_path / "a.json").read_text())

    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert data["failures"][0]["counterexample"] is None


def test_to_html_writes_one_file(tmp_path: Path) -> None:
    """The page alone links to nothing."""
    page = made.failing().to_html(tmp_path)

    assert [p.name for p in tmp_path.iterdir()] == ["index.html"]
    assert ".npz" not in page.read_text()


def test_curves_are_read_back(tmp_path: Path) -> None:
    """With every digit, and without an order where there is none."""
    curves = (made.curve(), made.curve(order=None, reason="flat"))
    made.report(taylor=curves).to_folder(tmp_path)

    assert load_run(tmp_path).taylor == curves


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"last": 5}, "as many remainders as steps"),
        ({"rounding": ()}, "as many remainders as steps"),
        ({"verdict": "perfect"}, "enum value 'perfect'"),
    ],
)
def test_a_curve_that_no_run_writes_is_refused(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    """It may come from anywhere."""
    made.report(taylor=(made.curve(**changes),)).to_json(tmp_path / "run.json")

    with pytest.raises(ReportError, match=says):
        load_run(tmp_path)
