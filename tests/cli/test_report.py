"""`bptt-check report`: the page of a run, made again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.command_line import invoke, refused, run, shown
from support.hostile_runs import ODD, REFUSED, encoded, record

RIGHT = encoded(record())


def test_a_report_is_rendered_again() -> None:
    """From the records alone: the page comes back as it was."""
    run("wrong", "--report", "out")
    page = Path("out/index.html")
    before = page.read_bytes()
    page.write_text("gone")
    done = invoke("report", "out")

    assert done.exit_code == 0
    assert done.stdout.endswith("report: out/index.html\n")
    assert page.read_bytes() == before


def test_a_report_of_another_version_is_refused() -> None:
    """With the advice to upgrade."""
    run("right", "--report", "out")
    data = json.loads(Path("out/run.json").read_text())
    Path("out/run.json").write_text(json.dumps({**data, "schema_version": 9}))
    done = invoke("report", "out")

    assert done.exit_code == 2
    assert "upgrade" in done.stderr


def written(content: bytes, folder: str = "run") -> None:
    """A folder with these bytes as `run.json`."""
    Path(folder).mkdir(exist_ok=True)
    Path(folder, "run.json").write_bytes(content)


@pytest.mark.parametrize("name", REFUSED)
def test_whatever_is_no_run_is_refused(name: str) -> None:
    """In one line that says what is wrong, and no page is written."""
    make, words = REFUSED[name]
    written(make())
    line = refused("report", "run")

    assert line.startswith("Error: run/run.json ")
    assert words in line
    assert os.listdir("run") == ["run.json"]


def test_all_of_them_are_listed_as_unreadable() -> None:
    """Beside one that can be read; a folder may have any name."""
    names = [*REFUSED, "right", "not UTF-8 \udcff"]
    contents = [make() for make, _ in REFUSED.values()] + 2 * [RIGHT]
    for name, content in zip(names, contents, strict=True):
        Path("all", name).mkdir(parents=True)
        Path("all", name, "run.json").write_bytes(content)
    done = invoke("report", "all", "--index")
    page = shown(Path("all/runs.html").read_text("utf-8"), longest=20_000)

    assert done.exit_code == 0
    assert page.count("unreadable") == len(REFUSED)
    assert "%FF/index.html" in page


@pytest.mark.parametrize("name", ODD)
def test_whatever_is_odd_is_shown_as_text(name: str) -> None:
    """No command reaches the terminal or the page, no name is longer than a line can be."""
    written(ODD[name]())
    done = invoke("report", "run")
    page = Path("run/index.html").read_text("utf-8")

    assert done.exit_code == 0
    assert shown(done.stdout).startswith("fail  ")
    assert done.stderr == ""
    assert "<script>alert" not in shown(page, longest=10**7)
    assert "k" * 2_001 not in page


@pytest.mark.parametrize("place", ["none", "folder", "pipe", "/dev/zero", "x" * 5_000, "loop"])
def test_what_is_no_file_is_refused(place: str) -> None:
    """Where `run.json` belongs: none, a folder, a pipe that nobody writes to, a file without end, a
    name that no file can have, a link to itself.
    """
    Path("folder", "run.json").mkdir(parents=True)
    Path("pipe").mkdir()
    os.mkfifo("pipe/run.json")
    Path("loop").symlink_to("loop")

    for arguments in ([place], [f"{place}/run.json"]):
        line = refused("report", *arguments)
        assert " cannot be read: " in line or " holds no run.json. Name a folder" in line


def test_a_run_is_not_written_over_what_is_no_file() -> None:
    """A pipe in the place of the page or of the record is neither opened nor replaced."""
    for name in ("run.json", "index.html"):
        Path(name[:3]).mkdir()
        os.mkfifo(Path(name[:3], name))
        line = refused("run", "my subjects.py:right", "--no-isolate", "--report", name[:3])

        assert f"already has a file {name} that is not of a bptt_check run" in line
