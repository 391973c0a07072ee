"""A control group holds a process and what it starts, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess

import pytest
from support.processes import gone

from bptt_check.subjects.processes.control_group import (
    PREFIX,
    ControlGroup,
    make_control_group,
    own_group,
)


@pytest.fixture
def group() -> ControlGroup:
    """A new one."""
    made = make_control_group()
    if made is None:
        pytest.skip("no control group can be made here")
    return made


def test_what_is_added_ends_and_nothing_is_left(group):
    """The group too."""
    with subprocess.Popen(["sleep", "600"]) as process:
        assert group.add(process.pid)
        assert group.pids() == {process.pid}
        group.kill()
    group.remove(20.0)

    assert gone(process.pid)
    assert not group._path.exists()
    assert group.pids() == set()


def test_groups_below_it_go_with_it(group):
    """A worker that checks with workers of its own."""
    below = group._path / "below"
    below.mkdir()
    with subprocess.Popen(["sleep", "600"]) as process:
        assert ControlGroup(below).add(process.pid)
        assert group.pids() == {process.pid}
        group.kill()
    group.remove(20.0)

    assert not group._path.exists()


def test_what_is_not_there_cannot_be_added(group):
    """Nor after the group is gone; nothing is raised."""
    assert not group.add(2**22 + 1)
    group.remove(20.0)
    group.kill()

    assert not group.add(1)


def test_what_a_killed_process_left_is_removed(group):
    """An empty group of ours, when the next is made; not one that is about to be filled."""
    left, new = (group._path.parent / f"{PREFIX}{what}" for what in ("left", "new"))
    left.mkdir()
    os.utime(left, (0, 0))
    new.mkdir()
    following = make_control_group()
    assert following is not None
    following.remove(20.0)

    assert not left.exists()
    assert new.exists()
    new.rmdir()
    group.remove(20.0)


def test_there_may_be_none(monkeypatch):
    """Where the system has none of version 2, or lets nobody make one."""
    monkeypatch.setattr("pathlib.Path.read_text", lambda _: "4:memory:/a\n")
    assert own_group() is None
    assert make_control_group() is None


def test_own_group_is_found_where_it_is_mounted(monkeypatch, tmp_path):
    """Also where a container sees only its own part."""
    texts = {
        "/proc/self/cgroup": "1:name=systemd:/\n0::/user/one\n",
        "/proc/self/mountinfo": (
            "25 30 0:23 / /sys rw - sysfs sysfs rw\n"
            "31 25 0:27 /user /mnt/groups rw shared:4 - cgroup2 cgroup2 rw\n"
        ),
    }
    monkeypatch.setattr("pathlib.Path.read_text", lambda path: texts[str(path)])

    assert str(own_group()) == "/mnt/groups/one"
