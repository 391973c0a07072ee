"""What earlier processes have worked out: kept in the user's cache folder, under the hash of all
that it can depend on, so that what is stale is never found.

A file that cannot be read, is not whole, or was written by someone else, is as if it was not there.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sys
import tempfile
from pathlib import Path

SETTING = "BPTT_CHECK_CACHE"
"""The environment variable that names the folder; empty, nothing is kept."""
_DIGEST = hashlib.sha256().digest_size


def cache_folder(kind: str) -> Path | None:
    """Where what is of one kind is kept; None where nothing is, as in CI, where a run depends on
    nothing.
    """
    chosen = os.environ.get(SETTING)
    if chosen is not None:
        return Path(chosen, kind) if chosen else None
    if os.environ.get("CI"):
        return None
    with contextlib.suppress(RuntimeError):  # nobody's home
        return _user_caches() / "bptt-check" / kind
    return None


def _user_caches() -> Path:
    """The folder for caches of the user's programs, as the system has it."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return chosen if chosen.is_absolute() else Path.home() / ".cache"


def kept_file(kind: str, key: object, sources: tuple[Path, ...]) -> Path | None:
    """The file of a key; None where nothing is kept.

    Args:
        kind: what it is, a name of a folder.
        key: its `repr` says what tells it from all others of this version.
        sources: folders of the modules that it is made by.
    """
    folder, of_sources = cache_folder(kind), hash_of_sources(sources)
    if folder is None or not of_sources:
        return None
    return folder / hashlib.sha256(repr((key, of_sources)).encode()).hexdigest()


@functools.cache
def hash_of_sources(folders: tuple[Path, ...]) -> str:
    """Empty where there are none, as in a package without sources: nothing tells its version."""
    paths = sorted(path for folder in folders for path in folder.rglob("*.py"))
    contents = b"".join(path.read_bytes() for path in paths)
    return hashlib.sha256(contents).hexdigest() if contents else ""


def read_kept(path: Path) -> bytes | None:
    """The content of a file; None if there is none that is whole and the user's own."""
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            digest, content = file.read(_DIGEST), file.read()
        os.utime(path)
    except OSError:
        return None
    return content if hashlib.sha256(content).digest() == digest else None


def keep(path: Path, content: bytes, most: int) -> None:
    """Write a file, whole or not at all; where that cannot be, it is not kept.

    Args:
        path: of the file.
        content: of the file.
        most: how many its folder may hold; those not used for longest go first.
    """
    with contextlib.suppress(OSError):  # it only saves time
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as half:  # gone however it ends
            whole = Path(half, path.name)
            whole.write_bytes(hashlib.sha256(content).digest() + content)
            whole.replace(path)
        files = [other for other in path.parent.iterdir() if other.is_file()]
        files.sort(key=lambda other: other.stat().st_mtime)
        for old in files[:-most]:
            old.unlink(missing_ok=True)
