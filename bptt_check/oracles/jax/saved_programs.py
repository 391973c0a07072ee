"""Compiled programs of earlier processes: kept in the user's cache folder, loaded instead of traced
and compiled again.

A program is kept under the hash of all that it can depend on, so a stale one is never found; what
cannot be read, or was written by someone else, is as if it was not there, and is written anew. No
setting of JAX is touched: its own cache is one of the process, which belongs to the user.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import pickle
import platform
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import numpy as np
from jax.experimental.serialize_executable import deserialize_and_load, serialize

SETTING = "BPTT_CHECK_CACHE"
"""The environment variable that names the folder; empty, no program is kept."""
MOST = 200
"""Programs that are kept, 0.1 to 1 MB each; those not used for longest go first."""
PROCESSOR = ("model name", "flags", "CPU implementer", "CPU part", "Features")
"""Lines of Linux's list of processors that tell what machine code they run."""
_PACKAGE = Path(__file__).parents[2]
SOURCES = (_PACKAGE / "equations", _PACKAGE / "cases", _PACKAGE / "oracles" / "jax")
"""The folders of all that a program is traced from: equations, models, and the oracle itself."""
_DIGEST = hashlib.sha256().digest_size


def load_or_compile(name: str, compiled: Callable[[], jax.stages.Compiled]) -> jax.stages.Compiled:
    """The program of that name: as an earlier process has saved it, else compiled and saved.

    Args:
        name: tells it from all programs of this version; the rest of the key is added here.
        compiled: compiles it.
    """
    folder = cache_folder()
    sources = _hash_of_sources(SOURCES)
    if folder is None or not sources:
        return compiled()
    key = repr((name, sources, _settings(), _environment()))
    path = folder / hashlib.sha256(key.encode()).hexdigest()
    program = _load(path)
    if program is None:
        program = compiled()
        _save(program, path)
    return program


def cache_folder() -> Path | None:
    """Where programs are kept; None where none are, as in CI, where a run depends on nothing."""
    chosen = os.environ.get(SETTING)
    if chosen is not None:
        return Path(chosen) if chosen else None
    if os.environ.get("CI"):
        return None
    with contextlib.suppress(RuntimeError):  # nobody's home
        return _user_caches() / "bptt-check" / "jax"
    return None


def _user_caches() -> Path:
    """The folder for caches of the user's programs, as the system has it."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return chosen if chosen.is_absolute() else Path.home() / ".cache"


@functools.cache
def _hash_of_sources(folders: tuple[Path, ...]) -> str:
    """Empty where there are none, as in a package without sources: nothing tells its version."""
    paths = sorted(path for folder in folders for path in folder.rglob("*.py"))
    contents = b"".join(path.read_bytes() for path in paths)
    return hashlib.sha256(contents).hexdigest() if contents else ""


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
    """The program in a file; None if there is none that is whole and the user's own."""
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            digest, packed = file.read(_DIGEST), file.read()
        if hashlib.sha256(packed).digest() != digest:
            return None
        content, in_tree, out_tree = pickle.loads(zlib.decompress(packed))
        device = jax.devices("cpu")[0]
        program = deserialize_and_load(content, in_tree, out_tree, "cpu", [device])
        os.utime(path)
    except Exception:  # whatever is wrong with it, it can be compiled
        return None
    return program


def _save(program: jax.stages.Compiled, path: Path) -> None:
    """Write a program into a file, whole or not at all; where that cannot be, it is not kept."""
    try:
        packed = zlib.compress(pickle.dumps(serialize(program)), 1)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(packed).digest() + packed)
        os.replace(file.name, path)
        _drop_oldest(path.parent)
    except Exception:  # it only saves time
        return


def _drop_oldest(folder: Path) -> None:
    """Remove the files that were not used for longest, beyond the most that are kept."""
    files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in files[:-MOST]:
        path.unlink(missing_ok=True)
