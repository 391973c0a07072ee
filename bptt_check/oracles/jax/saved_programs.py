"""Compiled programs of earlier processes: kept in the user's cache folder, loaded instead of traced
and compiled again.

What cannot be loaded is written anew. No setting of JAX is touched: its own cache is one of the
process, which belongs to the user.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import os
import pickle
import platform
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import numpy as np
from jax.experimental.serialize_executable import deserialize_and_load, serialize

from ...cases.written.kept import keep, kept_file, read_kept

MOST = 200
"""Programs that are kept, 0.1 to 1 MB each; those not used for longest go first."""
PROCESSOR = ("model name", "flags", "CPU implementer", "CPU part", "Features")
"""Lines of Linux's list of processors that tell what machine code they run."""
_PACKAGE = Path(__file__).parents[2]
SOURCES = (_PACKAGE / "equations", _PACKAGE / "cases", _PACKAGE / "oracles" / "jax")
"""The folders of all that a program is traced from: equations, models, and the oracle itself."""


def load_or_compile(name: str, compiled: Callable[[], jax.stages.Compiled]) -> jax.stages.Compiled:
    """The program of that name: as an earlier process has saved it, else compiled and saved.

    Args:
        name: tells it from all programs of this version; the rest of the key is added here.
        compiled: compiles it.
    """
    path = kept_file("jax", (name, _settings(), _environment()), SOURCES)
    if path is None:
        return compiled()
    program = _load(path)
    if program is None:
        program = compiled()
        _save(program, path)
    return program


@functools.cache
def _environment() -> Sequence[object]:
    """All that a program depends on beside sources and settings."""
    versions = [importlib.metadata.version(name) for name in ("jax", "jaxlib", "numpy")]
    system = (sys.version, sys.platform, platform.machine(), os.cpu_count())
    return (versions, os.environ.get("XLA_FLAGS"), system, _processor())


def _settings() -> Sequence[object]:
    """Those of JAX, as they are now."""
    return sorted((name, repr(value)) for name, value in jax.config.values.items())


def _processor() -> Sequence[object]:
    """Kind and features of the processor, since a program may use any of them."""
    lines: set[str] = set()
    with contextlib.suppress(OSError):
        every = Path("/proc/cpuinfo").read_text().splitlines()
        lines = {line for line in every if line.partition("\t")[0] in PROCESSOR}
    return (repr(np.show_config(mode="dicts")), sorted(lines))


def _load(path: Path) -> jax.stages.Compiled | None:
    """The program in a file; None if there is none that can be loaded."""
    packed = read_kept(path)
    if packed is None:
        return None
    try:
        content, in_tree, out_tree = pickle.loads(zlib.decompress(packed))
        device = jax.devices("cpu")[0]
        return deserialize_and_load(content, in_tree, out_tree, "cpu", [device])
    except Exception:  # whatever is wrong with it, it can be compiled
        return None


def _save(program: jax.stages.Compiled, path: Path) -> None:
    """Keep a program; one that cannot be serialised is not kept."""
    try:
        packed = zlib.compress(pickle.dumps(serialize(program)), 1)
    except Exception:  # it only saves time
        return
    keep(path, packed, MOST)
