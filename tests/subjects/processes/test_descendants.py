"""What a process has started ends with it, wherever it went; nothing else does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.processes import gone, running

from bptt_check.subjects.processes.control_group import own_group
from bptt_check.subjects.processes.descendants import Descendants, children_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

PRINT = "echo $$; exec sleep 600"
LEAVES = {
    "a child": f"sh -c '{PRINT}' & wait",
    "in a session of its own": f"setsid sh -c '{PRINT}' & wait",
    "an orphan": f"(sh -c '{PRINT}' &); sleep 600",
    "a daemon": f"(setsid sh -c '{PRINT}' &); sleep 600",
    "an orphan of a dead one": f"sh -c '{PRINT}' & exit 0",
    "a daemon of a dead one": f"setsid sh -c '{PRINT}' & exit 0",
    "without environment": f"env -i setsid sh -c '{PRINT}' & wait",
    "a dead one's in its session, without environment": f"env -i sh -c '{PRINT}' & exit 0",
}
"""What a shell leaves that prints the number of a process it started."""
grouped = pytest.mark.parametrize(
    "grouped",
    [False, pytest.param(True, marks=pytest.mark.skipif(own_group() is None, reason="no group"))],
)


def started(line: str, descendants: Descendants) -> tuple[subprocess.Popen[bytes], int]:
    """A shell that leads a session, and the number that it prints."""
    process = subprocess.Popen(
        ["sh", "-c", line],
        stdout=subprocess.PIPE,
        start_new_session=True,
        env=descendants.environment,
    )
    descendants.begin(process.pid)
    assert process.stdout is not None
    with process.stdout as printed:
        return process, int(printed.readline())


@grouped
@pytest.mark.parametrize("what", LEAVES)
def test_all_that_was_started_ends(what, grouped):
    """Of a process that runs, and of one that has ended already."""
    descendants = Descendants(grouped)
    process, pid = started(LEAVES[what], descendants)
    if "dead" in what:
        process.wait()
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as other:
        try:
            assert running(pid)
            descendants.kill()
            process.wait()

            assert gone(pid)
            assert running(other.pid)
        finally:
            other.kill()


@pytest.mark.skipif(own_group() is None, reason="no group")
def test_group_keeps_what_nothing_else_tells():
    """A dead one's daemon that has thrown its environment away."""
    descendants = Descendants(grouped=True)
    process, pid = started(f"env -i setsid sh -c '{PRINT}' & exit 0", descendants)
    process.wait()
    in_a_group = descendants.pids() - {process.pid}
    descendants.kill()

    assert in_a_group in ({pid}, set())  # the system may not let us make a group
    if in_a_group:
        assert gone(pid)
    else:
        os.kill(pid, 9)


def test_processes_are_found_as_children():
    """And their children; of one that is not there nothing else."""
    descendants = Descendants(grouped=False)
    process, pid = started(LEAVES["in a session of its own"], descendants)

    assert {process.pid, pid} <= descendants.pids()
    assert pid in children_of(os.getpid())
    descendants.kill()
    process.wait()
    assert descendants.pids() == {process.pid}


def test_nothing_is_killed_before_it_has_begun():
    """A process that could not be started leaves nothing, no group either."""
    descendants = Descendants(grouped=True)
    group = descendants._group
    descendants.kill()

    assert descendants.pids() == set()
    assert group is None or not group._path.exists()


def test_words_of_nested_processes_add_up(monkeypatch):
    """What one in the other starts belongs to both."""
    outer = Descendants(grouped=False)
    monkeypatch.setattr(os, "environ", outer.environment)
    inner = Descendants(grouped=False)
    process, pid = started(LEAVES["a daemon of a dead one"], inner)
    process.wait()
    outer.begin(2**22 + 1)  # nobody's number: only the word tells
    outer.kill()

    assert gone(pid)
