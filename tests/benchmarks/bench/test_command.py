"""The command: what is written where, with measurements that cost nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.bench import command, record
from benchmarks.bench.effort import Effort
from benchmarks.bench.measures import growth
from benchmarks.bench.record import Growth
from benchmarks.bench.rows import Measured

MARKS = "".join(
    f"<!-- measured: {name} -->\n<!-- end -->\n" for name in ("setting", "table", "notes", "growth")
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of the project's, and one row, whose amount is in `seconds`."""
    (tmp_path / "images").mkdir()
    (tmp_path / "performance.md").write_text(MARKS, encoding="utf-8")
    (tmp_path / "notes.toml").write_text("", encoding="utf-8")
    (tmp_path / "seconds").write_text("1", encoding="utf-8")
    for name, file in (("HISTORY", "history.jsonl"), ("PAGE", "performance.md")):
        monkeypatch.setattr(command, name, tmp_path / file)
    monkeypatch.setattr(command, "NOTES", tmp_path / "notes.toml")
    monkeypatch.setattr(command, "RECORD", tmp_path / "bench.json")

    def measure(effort: Effort) -> Iterator[Measured]:
        yield Measured("run/json", [float((tmp_path / "seconds").read_text("utf-8"))])

    def grown(effort: Effort) -> Iterator[Growth]:
        if effort.growth:
            yield Growth("T", (4, 8), (1.0, 2.0), (0.1, 0.2))

    monkeypatch.setattr(command, "GROUPS", {"run": measure})
    monkeypatch.setattr(growth, "measure", grown)
    return tmp_path


def test_full_run_writes_record_history_page_and_figure(folder, capsys):
    """A line for each run, and the page of the last one."""
    command.main([])
    command.main([])

    history = record.read_history(folder / "history.jsonl")
    assert [r.short for r in history] == [False, False]
    assert json.loads((folder / "bench.json").read_text("utf-8"))["rows"].keys() == {"run/json"}
    assert "| its `run.json` | 1 MB |" in (folder / "performance.md").read_text("utf-8")
    assert (folder / "images" / "performance-growth.svg").exists()
    assert "Nothing got worse beyond its spread since" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--short"], ["--only", "run"], ["--no-record"]])
def test_part_of_a_run_writes_its_record_alone(folder, words):
    """It would put a page of few rows in place of one of all."""
    command.main(words)

    assert (folder / "bench.json").exists()
    assert not (folder / "history.jsonl").exists()
    assert (folder / "performance.md").read_text("utf-8") == MARKS


def test_short_run_that_is_to_be_recorded_leaves_the_page(folder):
    """The page is that of a full run."""
    command.main(["--short", "--record"])

    assert [r.short for r in record.read_history(folder / "history.jsonl")] == [True]
    assert (folder / "performance.md").read_text("utf-8") == MARKS


def test_row_that_got_worse_is_told(folder, capsys):
    """And that its goal is missed without a note."""
    command.main([])
    (folder / "seconds").write_text("4", encoding="utf-8")
    command.main([])

    told = capsys.readouterr().out.splitlines()
    assert told[-3].startswith("Worse beyond its spread than in the run of ")
    assert told[-2] == "  its `run.json`: 1 before, 4 now"
    assert told[-1] == "misses its goal, and notes.toml does not say why: run/json"


def test_page_is_written_again_with_a_new_note_and_nothing_is_measured(folder):
    """Without a full run there is nothing to write it from."""
    with pytest.raises(SystemExit, match=r"history\.jsonl holds no full run; run `python -m"):
        command.main(["--page"])
    (folder / "seconds").write_text("4", encoding="utf-8")
    command.main([])
    (folder / "notes.toml").write_text('"run/json" = "Many floats."', encoding="utf-8")
    command.main(["--page"])

    assert "*its `run.json`*: Many floats." in (folder / "performance.md").read_text("utf-8")
    assert len(record.read_history(folder / "history.jsonl")) == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--only", "run", "--record"], "--only measures a part of the rows"),
        (["--rounds", "0"], "--rounds must be 1 or more, got 0."),
        (["--only", "speed"], "invalid choice: 'speed'"),
    ],
)
def test_impossible_options_are_refused(folder, capsys, words, why):
    """Before anything is measured."""
    with pytest.raises(SystemExit, match="2"):
        command.main(words)

    assert why in capsys.readouterr().err
    assert not (folder / "bench.json").exists()


def test_rounds_are_those_of_the_command_line():
    """Of short and of long ones."""
    few = command.effort_of(command.options(["--rounds", "2"]))

    assert (few.rounds, few.long_rounds) == (2, 2)
    assert command.effort_of(command.options([])) == command.FULL
