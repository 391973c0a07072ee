"""Programs of earlier processes: found again only where nothing has changed, and never needed."""

from __future__ import annotations

import hashlib
import os
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")
saved: Any = pytest.importorskip("bptt_check.oracles.jax.saved_programs")

ROW = np.arange(3, dtype=np.float32)
compiled_names: list[str] = []
"""Of every program that was compiled in a test."""


def doubled(name: str = "doubled") -> Any:
    """A program, from the folder or compiled; it is asked for the double of a row."""

    def compiled() -> Any:
        compiled_names.append(name)
        return jax.jit(lambda row: 2.0 * row).lower(ROW).compile()

    program = saved.load_or_compile(name, compiled)
    np.testing.assert_array_equal(program(ROW), 2.0 * ROW)
    return program


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for programs, of this test alone."""
    compiled_names.clear()
    monkeypatch.setenv("BPTT_CHECK_CACHE", str(tmp_path))
    return tmp_path / "jax"


def test_a_program_is_compiled_once(folder):
    """The second time it is loaded, and gives the same; nothing but whole files lies there."""
    doubled()
    doubled()

    assert compiled_names == ["doubled"]
    assert [len(path.name) for path in folder.iterdir()] == [64]


def test_another_program_is_not_taken_for_it():
    """Programs are told apart by their names."""
    for name in ("doubled", "again", "doubled"):
        doubled(name)

    assert compiled_names == ["doubled", "again"]


def signed(content: bytes) -> bytes:
    """A file that is whole, whatever is in it."""
    return hashlib.sha256(content).digest() + content


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda content: content[:-1],
    "changed": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "not compressed": lambda _: signed(b"x"),
    "no program": lambda _: signed(zlib.compress(pickle.dumps(("x", None, None)))),
    "of another release": lambda _: signed(zlib.compress(b"cno.such.module\nName\n.")),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_file_is_written_anew(folder, damage):
    """It is compiled again once, and loaded from then on."""
    doubled()
    (path,) = folder.iterdir()
    path.write_bytes(BROKEN[damage](path.read_bytes()))

    doubled()
    doubled()

    assert compiled_names == ["doubled"] * 2


CHANGES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "sources": lambda patch: patch.setattr(saved, "SOURCES", saved.SOURCES[:1]),
    "version": lambda patch: patch.setattr(saved, "_environment", lambda: "another"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_stale_program_is_not_found(monkeypatch, change):
    """After any change it is another program; as it was, the old one is there still."""
    doubled()
    with monkeypatch.context() as patch:
        CHANGES[change](patch)
        doubled()
    doubled()

    assert compiled_names == ["doubled"] * 2


def test_a_program_of_other_settings_is_not_found():
    """A setting of JAX may change what is traced, at any time of a process."""
    doubled()
    before = jax.config.jax_default_matmul_precision
    jax.config.update("jax_default_matmul_precision", "highest")
    try:
        doubled()
    finally:
        jax.config.update("jax_default_matmul_precision", before)
    doubled()

    assert compiled_names == ["doubled"] * 2


@pytest.mark.parametrize("at", ["jaxlib", "XLA_FLAGS", "flags"])
def test_what_a_program_depends_on_is_part_of_its_name(monkeypatch, at):
    """Releases, flags of the compiler and features of the processor."""
    environment: Any = saved._environment.__wrapped__
    before = environment()
    if at == "jaxlib":
        monkeypatch.setattr(saved.importlib.metadata, "version", lambda name: f"{name} of tomorrow")
    elif at == "XLA_FLAGS":
        monkeypatch.setenv("XLA_FLAGS", "--xla_another=1")
    else:
        monkeypatch.setattr(saved.np, "show_config", lambda mode: {"found": ["ANOTHER"]})

    assert environment() != before
    monkeypatch.undo()
    assert environment() == before


def test_without_sources_nothing_is_kept(folder, monkeypatch, tmp_path):
    """Where a package has no sources, nothing tells that a program is still that of its version."""
    monkeypatch.setattr(saved, "SOURCES", (tmp_path / "nowhere",))

    doubled()

    assert not folder.exists()


def test_a_folder_that_cannot_be_written_does_no_harm(folder):
    """The program is compiled every time."""
    folder.write_text("a file where the folder should be")

    doubled()
    doubled()

    assert compiled_names == ["doubled"] * 2
    assert folder.is_file()


@pytest.mark.skipif(os.name != "posix", reason="files have no owner here")
def test_a_file_of_someone_else_is_not_loaded(monkeypatch):
    """It is code that would be run."""
    doubled()
    owner = os.getuid()
    monkeypatch.setattr(saved.os, "getuid", lambda: owner + 1)

    doubled()

    assert compiled_names == ["doubled"] * 2


def test_what_was_not_used_for_longest_goes_first(folder, monkeypatch):
    """Of two that are kept, the one that was loaded meanwhile stays."""
    monkeypatch.setattr(saved, "MOST", 2)
    doubled("first")
    (first,) = folder.iterdir()
    os.utime(first, (1, 1))
    doubled("second")
    second = next(path for path in folder.iterdir() if path != first)
    os.utime(second, (2, 2))

    doubled("first")
    doubled("third")

    assert first.exists()
    assert not second.exists()
    assert compiled_names == ["first", "second", "third"]
