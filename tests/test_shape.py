"""The shape of the house holds, and what would spoil it is seen."""

from __future__ import annotations

import ast

import pytest
from support.imports import modules, root_of
from support.shape import compared_sentences, facts, folder_sizes, levels, main, twice

import bptt_check

OURS = modules(root_of(bptt_check))


def test_every_number_is_within_its_limit(capsys):
    """What `nox -s shape` prints."""
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        "part in f.message",
        "message.startswith(OVERTIME)",
        "row.reason == NOT_OFFERED",
        "'vacuous' in gap",
        "report.message.splitlines()",
        "wrong_message[:20]",
        "error.startswith('took')",
    ],
)
def test_a_planted_look_into_a_sentence_is_found(line):
    """Comparing, searching and cutting, by name or by attribute."""
    (place,) = compared_sentences({"bptt_check.planted": f"def f():\n    return {line}\n"})

    assert place == f"bptt_check.planted:2: {line}"


@pytest.mark.parametrize(
    "line",
    ["row.kind == Reason.VACUOUS", "not message", "message == ''", "error <= budget", "f(message)"],
)
def test_asking_for_facts_is_no_look_into_a_sentence(line):
    """Kinds and numbers are compared, a message may be empty."""
    assert not list(compared_sentences({"bptt_check.planted": f"x = {line}\n"}))


def test_a_name_with_two_meanings_is_found():
    """Two classes or two public functions of one name; private ones do not count."""
    names = {
        "bptt_check.a": "class Run: ...\ndef show(): ...\ndef _own(): ...",
        "bptt_check.b": "class Run: ...\ndef show(): ...\ndef _own(): ...",
    }

    assert twice(names, ast.ClassDef) == ["Run: bptt_check.a, bptt_check.b"]
    assert twice(names, ast.FunctionDef) == ["show: bptt_check.a, bptt_check.b"]


def test_a_folder_counts_without_its_inner_rooms():
    """So that a package over the limit can be mended by a room inside it."""
    names = {"bptt_check.a.b": "x = 1\n" * 3, "bptt_check.a.c.d": "x = 1\n" * 5}

    assert folder_sizes(names) == {"a": 3, "a.c": 5}


def test_levels_count_the_longest_way():
    """A chain of three units has three levels, also where a shorter way leads down."""
    edges = {
        "bptt_check.a": {"bptt_check.b", "bptt_check.c"},
        "bptt_check.b": {"bptt_check.c"},
        "bptt_check.c": set[str](),
    }

    assert levels(edges) == 3


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("modules at the top", {f"bptt_check.new_{n}": "" for n in range(9)}),
        ("packages at the top", {f"bptt_check.new_{n}.a": "" for n in range(14)}),
        ("lines of the largest folder", {"bptt_check.cases.new": "x = 1\n" * 2501}),
        ("lines of the longest function", {"bptt_check.new": "def f():\n" + "    x = 1\n" * 51}),
    ],
)
def test_a_number_beyond_its_limit_is_told(name, planted):
    """One planted violation each."""
    told = {fact.name: fact for fact in facts({**OURS, **planted}, rows=1)}

    assert not told[name].holds
