"""Pipes are never waited for beyond a deadline, and the process is watched beside them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from bptt_check.subjects.processes.pipes import INTERVAL, Pipes, PolledPipes, ThreadedPipes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="starts a shell")
LONG, SHORT = 60.0, 0.1

Start = Callable[[str], Pipes]


@pytest.fixture(params=[PolledPipes, ThreadedPipes])
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """Starts a shell on a line and gives its pipes; all of its session ends with the test."""
    started: list[tuple[subprocess.Popen[bytes], Pipes]] = []

    def pipes_to(line: str) -> Pipes:
        process = subprocess.Popen(
            ["sh", "-c", line],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        started.append((process, request.param(process)))
        return started[-1][1]

    yield pipes_to
    for process, pipes in started:
        subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
        process.wait()
        pipes.close()


def soon(seconds: float = LONG) -> float:
    """A deadline."""
    return time.monotonic() + seconds


def test_what_is_written_is_read(start):
    """More than a pipe holds, in both directions."""
    pipes, sent = start("head -c 1000000 | tail -c 300000"), os.urandom(1_000_000)
    pipes.write(sent, soon())
    came = b""
    while chunk := pipes.read(soon()):
        came += chunk

    assert came == sent[-300_000:]


@pytest.mark.parametrize(
    "line", ["exit 3", "sleep 600 & exit 3", "(sleep 600 & sleep 600) & kill -9 $$"]
)
def test_the_end_of_a_process_ends_its_pipe(start, line):
    """Whoever else holds it; what was written before comes first."""
    pipes = start(f"echo last words; {line}")

    assert pipes.read(soon()) == b"last words\n"
    assert pipes.read(soon()) == b""


def test_last_words_wait_for_the_thread_that_reads_them(start, monkeypatch):
    """On a busy machine it comes to run only long after the process has ended."""
    deliver = ThreadedPipes._deliver

    def late(pipes: ThreadedPipes) -> None:
        pipes._process.wait()
        time.sleep(5 * INTERVAL)
        deliver(pipes)

    monkeypatch.setattr(ThreadedPipes, "_deliver", late)
    pipes = start("echo last words; sleep 600 & exit 3")

    assert pipes.read(soon()) == b"last words\n"
    assert pipes.read(soon()) == b""


def test_a_pipe_that_is_closed_has_ended(start):
    """Though its process goes on."""
    assert start("exec >&-; sleep 600").read(soon()) == b""


def test_silence_is_out_of_time(start):
    """At the deadline, and what comes later is not lost."""
    pipes = start("read line; echo $line")
    with pytest.raises(TimeoutError):
        pipes.read(soon(SHORT))
    pipes.write(b"late\n", soon())

    assert pipes.read(soon()) == b"late\n"


def test_what_nobody_reads_is_out_of_time(start):
    """A process that reads nothing, and one that is stopped."""
    for line in ("sleep 600", "kill -STOP $$"):
        with pytest.raises(TimeoutError):
            start(line).write(bytes(10**7), soon(SHORT))


def test_writing_to_what_has_ended_is_no_error(start):
    """It shows in what is read next."""
    pipes = start("exec <&-; exit 0")
    assert pipes.read(soon()) == b""
    pipes.write(bytes(10**6), soon())

    assert pipes.read(soon()) == b""


def test_input_can_be_ended(start):
    """A program that waits for its end sees it."""
    pipes = start("cat; echo done")
    pipes.end_input()

    assert pipes.read(soon()) == b"done\n"
