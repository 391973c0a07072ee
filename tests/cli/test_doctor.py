"""`bptt-check doctor`: what works here."""

from __future__ import annotations

import pytest
from support.command_line import invoke

from bptt_check import oracles


def test_doctor_tries_every_oracle() -> None:
    """Those of NumPy alone always work."""
    done = invoke("doctor")

    assert done.exit_code == 0
    for name in oracles.names():
        assert f"{name} " in done.stdout
    assert "complex_step       works\n" in done.stdout


def test_doctor_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing framework is no fault, and the command that adds it is there."""
    here = oracles.available
    monkeypatch.setattr(oracles, "available", lambda name: name != "torch" and here(name))
    done = invoke("doctor")

    assert done.exit_code == 0
    assert "torch              not installed: pip install" in done.stdout


def test_doctor_finds_what_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """An oracle that is installed and raises is a fault, shown with what it raised."""

    def load(name: str) -> object:
        raise ImportError("libcudart.so.13: cannot open")

    monkeypatch.setattr(oracles, "load_oracle", load)
    done = invoke("doctor")

    assert done.exit_code == 1
    assert "broken: ImportError: libcudart.so.13" in done.stdout
