"""An error is shown at the last line of its author's own file."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptt_check.errors import SubjectFailed, SubjectNotFound
from bptt_check.subjects import load
from bptt_check.subjects.own_code import library_part
from bptt_check.subjects.raised import explained, kind_and_line


def in_numpy(a: Any) -> Any:
    return np.concatenate([a, a[0]])


def in_a_ufunc_helper(a: Any) -> Any:
    return np.linalg.inv(a)


def in_json(a: Any) -> Any:
    return json.loads("{")


def in_a_callback(a: Any) -> Any:
    return np.apply_along_axis(lambda row: row[7], 0, a)


def itself(a: Any) -> Any:
    raise KeyError("mine")


def caught(function: Any) -> BaseException:
    with pytest.raises(Exception) as error:  # whatever it is
        function(np.ones((2, 3)))
    return error.value


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (in_numpy, "of in_numpy: return np.concatenate([a, a[0]]))"),
        (in_a_ufunc_helper, "of in_a_ufunc_helper: return np.linalg.inv(a))"),
        (in_json, 'of in_json: return json.loads("{"))'),
        (in_a_callback, "of <lambda>: return np.apply_along_axis(lambda row: row[7], 0, a))"),
        (itself, 'of itself: raise KeyError("mine"))'),
    ],
)
def test_the_line_is_the_authors(function, line):
    """Never one of NumPy or of Python's own modules, however deep it was raised there."""
    assert explained(caught(function)).endswith(line)


def test_errors_of_one_line_are_the_same_whatever_they_say():
    """By kind and line."""
    first, second = caught(itself), caught(itself)

    assert kind_and_line(first) == kind_and_line(second)
    assert kind_and_line(first).startswith("KeyError ")
    assert kind_and_line(first) != kind_and_line(caught(in_numpy))


def test_a_package_that_is_the_subject_is_shown_at_its_own_line():
    """An installed subject has no file outside of the library."""
    code = compile(
        "def f():\n    g()\ndef g():\n    raise ValueError('no')\n", json.__file__, "exec"
    )
    names: dict[str, Any] = {}
    exec(code, names)
    try:
        names["f"]()
    except ValueError as error:
        shown = explained(error.with_traceback(error.__traceback__.tb_next))

    assert "(line 4 of g: " in shown


def test_libraries_are_told_from_files_of_ones_own():
    """A package is one part, whatever lies in it."""
    assert library_part(np.linalg.__file__) == library_part(np.__file__) != ""
    assert library_part(json.__file__) != library_part(np.__file__)
    assert library_part(__file__) == ""
    assert library_part("<string>") == ""
    assert library_part("<frozen importlib._bootstrap>") != ""


def test_memory_that_the_system_refused_is_told_from_a_limit():
    """Whoever set one wonders."""
    with pytest.raises(MemoryError) as error:
        np.empty(2**52)

    assert "the system refused it this memory, whatever limit --memory sets" in explained(
        error.value
    )
    assert "--memory" not in explained(caught(itself))


def test_what_a_process_did_stays_as_it_is():
    """It is a verb phrase already."""
    assert explained(SubjectFailed("exited with status 3")) == "exited with status 3"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import json\n\nraise RuntimeError('not here')", "(line 3 of it.py: raise RuntimeError("),
        ("def f():\n    return [][1]\nf()", "(line 2 of f: return [][1])"),
        ("x = 1\ndef broken(:\n", "(line 2 of it.py: def broken(:)"),
        ("import numpy\nnumpy.zeros(3).reshape(2)", "(line 2 of it.py: numpy.zeros(3).reshape(2))"),
    ],
)
def test_an_import_that_fails_has_its_line(source, says, tmp_path, monkeypatch):
    """By file and by name."""
    monkeypatch.chdir(tmp_path)
    Path("it.py").write_text(textwrap.dedent(source))
    for text in ("it.py:subject", "it:subject"):
        with pytest.raises(SubjectNotFound) as error:
            load(text)
        assert says in str(error.value)
