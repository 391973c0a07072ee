"""How much memory a process may have, and has.

What counts is resident memory, of the process and all it has started. A limit of the address
space (RLIMIT_AS) would be exact to the byte, but frameworks reserve many times what they use (CUDA
tens of GiB), so that no number would both stop a leak and let them start.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from ...errors import SpecError

UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def parse_size(size: str | int) -> int:
    """Bytes of `2G`, `512M`, `1.5GiB` or a number.

    Raises:
        SpecError: it is no positive size.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", str(size).strip(), re.IGNORECASE)
    size_in_bytes = int(float(match[1]) * UNITS[match[2].upper()]) if match else 0
    if size_in_bytes <= 0:
        raise SpecError(f"memory must be a size such as 2G or 512M, got {size!r}.")
    return size_in_bytes


def show_size(size: int) -> str:
    """`2 GiB`, `1.5 MiB`."""
    unit = max((u for u in UNITS if UNITS[u] <= size), key=lambda u: UNITS[u], default="")
    return f"{size / UNITS[unit]:.4g} {unit}{'iB' if unit else 'bytes'}"


def check_measurable() -> None:
    """Raise `SpecError` where the memory of another process cannot be measured."""
    if sys.platform == "linux":
        return
    try:
        import psutil  # noqa: F401
    except ImportError:
        raise SpecError(
            "a limit of memory needs psutil on this system: pip install psutil."
        ) from None


def resident(pids: Iterable[int]) -> int:
    """Bytes of memory of some processes; of one that has ended 0.

    Where psutil tells it, of their children, too.
    """
    if sys.platform == "linux":
        return sum(map(_resident_of, pids))
    import psutil

    held = dict[int, int]()
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
            held |= {p.pid: p.memory_info().rss for p in family}
    return sum(held.values())


def _resident_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
