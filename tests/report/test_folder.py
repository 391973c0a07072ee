"""The folder of a run: whole or not at all, never over somebody else's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import made

import bptt_check as bc
from bptt_check.errors import ReportError
from bptt_check.report import parquet
from bptt_check.report.folder import load_run, write_page


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


def test_an_interrupted_write_is_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a folder is refused by `load`, and the next run may have the folder."""
    made.report().to_folder(tmp_path)

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(parquet, "write_table", fails)
        with pytest.raises(ReportError, match="No space left"):
            made.failing().to_folder(tmp_path)
    with pytest.raises(ReportError, match=r"holds no run\.json"):
        load_run(tmp_path)
    assert made.report().to_folder(tmp_path).exists()


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
