"""A file of the subject's own: its functions, one by one, and what is changed as a diff."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptt_check.diagnosis.repair.own_file import OwnFile, read_own_file, unified_diff
from bptt_check.errors import SubjectNotFound
from bptt_check.mutation import Edit

CODE = """x = 1


class A:
    @property
    def f(self):
        return 1


def g():
    def h():
        return 2

    return h
"""


def test_the_function_that_holds_an_edit_is_taken_out() -> None:
    """With its class and its line; of a function in a function the outer one."""
    file = OwnFile("a.py", CODE)
    one, two = (CODE.index(f"return {n}") + 7 for n in (1, 2))
    method, nested = (file.function_with(Edit(n, n + 1, "9")) for n in (one, two))

    assert method is not None
    assert (method.owners, method.line) == (("A",), 6)
    assert method.text == "    def f(self):\n        return 9"
    assert nested is not None
    assert nested.text.startswith("def g():\n    def h():\n        return 9\n")


def test_an_edit_outside_of_functions_is_none() -> None:
    """Nothing could be exchanged for it."""
    assert OwnFile("a.py", CODE).function_with(Edit(4, 5, "2")) is None


def test_the_diff_has_the_paths_that_are_shown() -> None:
    """Of changed files alone, also where the last line has no end."""
    old = OwnFile("/a/b.py", "x = 1\ny = 2")
    new = old.edited(Edit(10, 11, "3"))
    same = OwnFile("/a/c.py", "z = 1\n")

    assert unified_diff([old, same], [new, same], {"/a/b.py": "b.py"}) == (
        "--- b.py\n+++ b.py\n@@ -1,2 +1,2 @@\n x = 1\n-y = 2\n\\ No newline at end of file\n"
        "+y = 3\n\\ No newline at end of file\n"
    )


def test_what_is_no_python_is_refused(tmp_path: Path) -> None:
    """With the path, and why."""
    (tmp_path / "bad.py").write_text("def (:\n")

    with pytest.raises(SubjectNotFound, match=r"bad\.py cannot be read"):
        read_own_file(str(tmp_path / "bad.py"))
