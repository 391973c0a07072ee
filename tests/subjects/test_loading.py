"""From a text to a subject, or a sentence that says which part of it leads nowhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from bptt_check.errors import BpttCheckError, SubjectNotFound
from bptt_check.subjects import loading

FILE = """
import helper_beside_it

def loss_and_grads(case):
    return helper_beside_it.ANSWER

class Kernels:
    @staticmethod
    def lstm(case):
        return "lstm"

NUMBER = 3
_hidden = print
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: Any) -> Path:
    """A folder with a subject, its helper, and some files that do not work; we stand in it."""
    (tmp_path / "my_bptt.py").write_text(FILE)
    (tmp_path / "helper_beside_it.py").write_text("ANSWER = 42\n")
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "raising.py").write_text("1 / 0\n")
    (tmp_path / "needing.py").write_text("import no_such_library\n")
    (tmp_path / "empty.py").write_text("")
    monkeypatch.chdir(tmp_path)
    before, path = set(sys.modules), list(sys.path)
    yield tmp_path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]
    assert sys.path == path


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("my_bptt:loss_and_grads", 42),
        ("my_bptt:Kernels.lstm", "lstm"),
        ("my_bptt.py:loss_and_grads", 42),
        ("./my_bptt.py:Kernels.lstm", "lstm"),
    ],
)
def test_a_subject_beside_you_is_found(folder, text, answer):
    """By module or by file, nested attributes too, with whatever stands beside it."""
    assert loading.load(text)(None) == answer


def test_a_file_is_found_from_elsewhere(folder, tmp_path_factory, monkeypatch):
    """An absolute path needs no working folder, and finds its neighbours all the same."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    assert loading.load(f"{folder / 'my_bptt.py'}:loss_and_grads")(None) == 42


def test_the_default_is_the_reference():
    """It is reached by its name, like any other."""
    import bptt_reference

    assert loading.load(loading.DEFAULT) is bptt_reference.loss_and_grads


def test_an_installed_subject_has_a_short_name(folder, monkeypatch):
    """An entry point of the group is a name for a text."""
    monkeypatch.setattr(loading, "entry_points", lambda: {"mine": "my_bptt:loss_and_grads"})

    assert loading.load("mine")(None) == 42


NO_TEXT = (
    "names no subject: write package.module:attribute, path/to/file.py:attribute, exec:COMMAND or "
    "one of"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("my_bptt", f"'my_bptt' {NO_TEXT}"),
        ("", f"'' {NO_TEXT}"),
        ("my_bptt:", f"'my_bptt:' {NO_TEXT}"),
        (":f", f"':f' {NO_TEXT}"),
        ("no_such_module:f", "there is no module 'no_such_module' on the Python path."),
        ("my_bptt.sub:f", "there is no module 'my_bptt.sub' on the Python path."),
        ("no_such_file.py:f", "there is no file no_such_file.py."),
        ("my_bptt:lss", "my_bptt has no 'lss'. It has: loss_and_grads, Kernels."),
        ("my_bptt.py:lss", "my_bptt.py has no 'lss'. It has: loss_and_grads, Kernels."),
        ("my_bptt:Kernels.gru", "my_bptt has no 'Kernels.gru'. It has: "),
        ("empty:f", "empty has no 'f'. It has: nothing callable."),
        ("my_bptt:NUMBER", "my_bptt:NUMBER is a int; a subject must be callable."),
        ("needing:f", "importing needing failed: No module named 'no_such_library'"),
        (
            "needing.py:f",
            "running needing.py failed: ModuleNotFoundError: No module named 'no_such",
        ),
        ("raising:f", "importing raising failed: ZeroDivisionError: division by zero"),
        ("raising.py:f", "running raising.py failed: ZeroDivisionError: division by zero"),
        ("broken:f", "importing broken failed: SyntaxError: "),
        ("broken.py:f", "running broken.py failed: SyntaxError: "),
    ],
)
def test_a_text_that_leads_nowhere(folder, text, message):
    """The message says which part, and what is there instead."""
    with pytest.raises(SubjectNotFound) as caught:
        loading.load(text)

    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, BpttCheckError)
    assert isinstance(caught.value, ImportError)


def test_a_file_may_define_dataclasses(folder):
    """Whatever works in a module works in a file."""
    (folder / "with_class.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Cell:\n    size: int = 3\n"
        "def f(case): return Cell().size\n"
    )

    assert loading.load("with_class.py:f")(None) == 3


@pytest.mark.parametrize("text", ["leaving:f", "leaving.py:f"])
def test_a_script_that_exits_is_no_subject(folder, text):
    """A script without `if __name__ == ...` does not end the run, least of all with status 0."""
    (folder / "leaving.py").write_text("import sys\ndef f(case): ...\nsys.exit(0)\n")

    with pytest.raises(SubjectNotFound, match="leaving"):
        loading.load(text)
