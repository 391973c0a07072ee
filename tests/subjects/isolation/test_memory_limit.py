"""How much memory a worker may have, and has."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bptt_check.subjects.isolation.memory_limit import parse_size, resident, show_size
from bptt_check.subjects.processes.descendants import children_of

needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks into /proc")


@needs_proc
def test_memory_is_that_of_all_descendants():
    """A program that a worker has started counts as well."""
    hundred = "held = b'x' * 10**8; print('ready', flush=True); input()"
    before = resident(children_of(os.getpid()))
    with subprocess.Popen(
        [sys.executable, "-c", hundred], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert resident(children_of(child.pid)) > 9 * 10**7
        assert resident(children_of(os.getpid())) > before + 9 * 10**7
        child.communicate(b"\n")
    assert resident([child.pid]) == 0


@pytest.mark.parametrize(
    ("text", "size"), [("2G", 2**31), ("512M", 2**29), ("1.5GiB", 3 * 2**29), ("100", 100), (7, 7)]
)
def test_sizes_are_read(text, size):
    """In units of 1024, with or without the B."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("size", "text"), [(2**31, "2 GiB"), (3 * 2**19, "1.5 MiB"), (100, "100 bytes")]
)
def test_sizes_are_shown(size, text):
    """In the largest unit that fits."""
    assert show_size(size) == text
