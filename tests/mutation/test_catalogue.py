"""The mutants of a package: all of them, each once, with a name, a line and an equation."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bptt_check.cli.listing import mutant_lines
from bptt_check.errors import SubjectNotFound
from bptt_check.mutation import OPERATORS, SWAP_NAME, Scope, mutants
from bptt_check.mutation.source import sources

LSTM = Scope(("lstm.backward",))


def test_every_operator_edits_the_reference():
    """None of the operators is dead, and what they make is still Python."""
    every = mutants()

    assert {m.operator for m in every} == {*OPERATORS, SWAP_NAME}
    for m in every[::5]:
        ast.parse(m.edit.apply(sources(m.root)[m.module].text))


def test_names_are_unique_and_stable():
    """A mutant's name says where and what, and no two share one."""
    names = [m.name for m in mutants()]

    assert len(set(names)) == len(names)
    assert any(n.startswith("lstm.backward:") and n.endswith("f_bar: c_prev -> f") for n in names)
    assert [m.name for m in mutants(scope=LSTM)] == [n for n in names if n.startswith("lstm.")]


def test_mutant_knows_its_line_and_its_equation():
    """The line before is that of the file; the numbers are those of its comment, or the next's."""
    lstm = {m.name.partition(" ")[2]: m for m in mutants(scope=LSTM)}
    forget, through = lstm["f_bar: c_prev -> f"], lstm["through_h: o -> f"]
    line = sources("bptt_reference")["bptt_reference.lstm"].text.splitlines()[forget.line - 1]

    assert line.strip().startswith(forget.before)
    assert forget.after == forget.before.replace("c_prev", "f")
    assert (forget.equations, through.equations) == (("5.13",), ("5.10",))
    assert forget.file == "bptt_reference/lstm.py"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gallery:001-update-printed", "has no source that can be edited"),
        ("no_such_package:f", "there is no module 'no_such_package'"),
        ("no_such_file.py:f", "there is no file no_such_file.py"),
        ("math:sqrt", "is no package of Python files"),
    ],
)
def test_subject_without_python_source_is_refused(text, said):
    """A subject that has no Python source is named, with what to write instead."""
    with pytest.raises(SubjectNotFound, match=said):
        mutants(text)


def test_source_is_read_as_python_reads_it(tmp_path, monkeypatch):
    """In the encoding that it declares; one that cannot be read is named, with the reason."""
    monkeypatch.chdir(tmp_path)
    text = "# -*- coding: latin-1 -*-\ndef f(case):\n    return case + 1  # \xe9\n"
    Path("old.py").write_bytes(text.encode("latin1"))
    Path("none.py").write_bytes(b"def f(case):\n    return case + 1  # \xe9\n")
    Path("odd.py").write_bytes(b"# -*- coding: nonsense -*-\n")

    assert mutants("old.py:f")
    for name, why in (("none.py", "utf-8"), ("odd.py", "nonsense")):
        with pytest.raises(SubjectNotFound, match=f"the source .*{name} cannot be read: .*{why}"):
            mutants(f"{name}:f")


def test_the_list_shows_each_line_before_and_after():
    """`bptt-check list mutants` has a name and both lines."""
    (line,) = [
        line
        for line in mutant_lines()
        if "lstm.backward" in line and "f_bar: c_prev -> f\n" in line
    ]

    assert "np.multiply(c_t_bar, c_prev, out=f_bar)  ->  np.multiply(c_t_bar, f, out=f_bar)" in line
