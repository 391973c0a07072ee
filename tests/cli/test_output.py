"""Output that nobody reads, or that finds no room, costs neither a result nor a status."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import pytest
from support import made
from support.command_line import QUICK

from bptt_check.cli import cli
from bptt_check.cli.output import BestEffort, best_effort_output


def full() -> TextIO:
    """A stream without room."""
    return open("/dev/full", "w", encoding="utf-8")


def closed() -> TextIO:
    """A pipe whose reader has gone, as that of `| true`."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w", encoding="utf-8")


BROKEN = {"full": full, "closed": closed}


@pytest.fixture(params=BROKEN)
def broken(request: pytest.FixtureRequest) -> Iterator[TextIO]:
    """A stream that cannot be written."""
    stream = BROKEN[request.param]()
    yield stream
    stream.close()  # writes what is in memory: where that still fails, so does the test


def test_a_stream_that_fails_takes_everything(broken: TextIO) -> None:
    """And its descriptor leads nowhere, so that the end of the process does not fail on it."""
    stream = BestEffort(broken)
    assert stream.write("x" * 100_000) == 100_000
    stream.flush()

    assert stream.error is not None
    assert stream.write("more") == 4
    broken.write("what an interpreter writes at its end")
    broken.flush()


def test_a_stream_that_works_gets_everything(tmp_path: Path) -> None:
    """In order, and says of itself what it is."""
    with open(tmp_path / "out", "w", encoding="utf-8") as file:
        stream = BestEffort(file)
        stream.write("one\n")
        stream.writelines(["two\n", "three\n"])
        stream.flush()

        assert (stream.error, stream.encoding, stream.isatty()) == (None, "utf-8", False)
    assert (tmp_path / "out").read_text() == "one\ntwo\nthree\n"


@pytest.mark.parametrize(("encoding", "got"), [("ascii", b"\\u2264 1"), ("utf-8", "≤ 1".encode())])
def test_what_an_encoding_lacks_is_escaped(encoding: str, got: bytes) -> None:
    """As with LC_ALL=C; nothing is where nothing need be."""
    raw = io.BytesIO()
    stream = BestEffort(io.TextIOWrapper(raw, encoding=encoding))
    stream.write("≤ 1")
    stream.flush()

    assert raw.getvalue() == got


def test_it_is_told_where_there_was_no_room(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error; a reader who has gone knows that."""
    for stream, told in ((full(), "No space left on device"), (closed(), "")):
        monkeypatch.setattr(sys, "stdout", stream)
        with best_effort_output():
            print("a result")
        stream.close()
        assert told in (said := capsys.readouterr().err)
        assert bool(said) == bool(told)


def test_a_process_may_have_no_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `>&- 2>&-`."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with best_effort_output():
        print("to nobody")
        print("to nobody", file=sys.stderr)
    assert (sys.stdout, sys.stderr) == (None, None)


@pytest.mark.parametrize(("subject", "status"), [("right", 0), ("wrong", 1), ("declines", 3)])
@pytest.mark.parametrize("output", [full, closed])
def test_the_status_of_a_run_is_that_of_its_verdict(
    monkeypatch: pytest.MonkeyPatch, subject: str, status: int, output: Callable[[], TextIO]
) -> None:
    """Whatever becomes of both streams; and its report is there."""
    streams = [output(), output()]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    words = ["run", f"my subjects.py:{subject}", "--model", "rnn-tanh", *QUICK, "--report", "out"]
    with pytest.raises(SystemExit) as end:
        cli.main(words, prog_name="bptt-check")
    for stream in streams:
        stream.close()

    assert end.value.code == status
    assert Path("out/run.json").exists()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["list", "models"]])
def test_what_finds_nothing_out_ends_with_0(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Help in a pipe that closes early, too."""
    stream = closed()
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(SystemExit) as end:
        cli.main(words, prog_name="bptt-check")
    stream.close()

    assert end.value.code == 0


def test_a_mistake_in_the_command_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 2, with nobody to read why."""
    stream = closed()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(SystemExit) as end:
        cli.main(["run", "nowhere:subject"], prog_name="bptt-check")
    stream.close()

    assert end.value.code == 2


@pytest.mark.parametrize("json", [[], ["--json"]])
def test_a_comparison_keeps_its_status(
    monkeypatch: pytest.MonkeyPatch, folder: Path, json: list[str]
) -> None:
    """What got worse is 1, what did not is 0."""
    made.report().to_folder(folder / "right")
    made.failing().to_folder(folder / "wrong")
    for run, status in (("wrong", 1), ("right", 0)):
        stream = closed()
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(SystemExit) as end:
            cli.main(["compare", "right", run, *json], prog_name="bptt-check")
        stream.close()
        assert end.value.code == status
