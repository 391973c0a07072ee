"""The page of common mistakes is what its script writes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bptt_check.diagnosis.mistakes.dictionary import all_entries

DOCS = Path(__file__).parents[2] / "docs"
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def loaded(path: Path) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = loaded(DOCS / "mistakes_page.py")


def test_page_of_mistakes_is_current() -> None:
    """`docs/mistakes.md` is what the dictionary gives; the message says how to write it anew."""
    written = (DOCS / "mistakes.md").read_text("utf-8")

    assert written == script.page(), "run: python docs/mistakes_page.py docs/mistakes.md"


def test_page_says_how_a_mistake_shows() -> None:
    """A lost carry shows from T = 2, in everything but the head."""
    lost = next(e for e in all_entries() if e.phrase.startswith("the gradient that h_t gets"))

    assert script.wrong_gradients(lost, "rnn-tanh", 1) == []
    assert script.wrong_gradients(lost, "rnn-tanh", 2) == [
        "W_xh_l0",
        "W_hh_l0",
        "b_h_l0",
        "x",
        "h0",
    ]


def test_page_is_written_by_its_script(tmp_path: Path) -> None:
    """Run as a script it writes the file that it is given."""
    target = tmp_path / "mistakes.md"
    command = [sys.executable, "-W", "ignore", str(DOCS / "mistakes_page.py"), str(target)]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})

    assert target.read_text("utf-8").startswith("# Common mistakes\n")
