"""The line that runs a case again works where it is pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import bptt_check as bc
from bptt_check.cli import cli
from bptt_check.verdicts.reproduction import reproduction

SPEC = "rnn-tanh T=2 B=1 D=1 H=1 O=2 seed=3"
WRONG = """
import bptt_reference

def wrong(case):
    loss, grads = bptt_reference.loss_and_grads(case)
    return loss, {**grads, "b_y": 2 * grads["b_y"]}
"""


def wrong(case: bc.Case) -> tuple[float, dict[str, object]]:
    """A subject of this test; half of nothing is right."""
    return 0.0, {n: 0.5 * a for n, a in case.inputs.items()}


@pytest.mark.parametrize("name", ["reference", "bptt_reference:loss_and_grads", "'it is.py:wrong'"])
def test_a_name_of_the_command_line_gives_a_command(name, tmp_path, monkeypatch):
    """Of a module, of a file (with a space), and installed."""
    monkeypatch.chdir(tmp_path)
    Path("it is.py").write_text(WRONG)
    tool, *words = shlex.split(reproduction(SPEC, name))
    done = CliRunner().invoke(cli, words)

    assert tool == "bptt-check"
    assert done.exit_code == (1 if "wrong" in name else 0), done.output
    assert SPEC in done.output


@pytest.mark.parametrize("name", ["wrong", "test_it.<locals>.wrong"])
def test_a_function_at_hand_gives_a_line_of_python(name):
    """Which the command line would not find."""
    line = reproduction(SPEC, name)
    report = eval(line, {"bc": bc, "wrong": wrong})

    assert line == f"bc.check(wrong, bc.Spec.parse('{SPEC}').build())"
    assert report.verdict == "fail"
    assert line in report.message


def test_a_name_that_is_none_is_replaced():
    """A subject may call itself anything."""
    assert reproduction(SPEC, "my kernel").startswith("bc.check(subject, ")


def test_a_case_without_a_spec_has_to_be_kept():
    """Its arrays are nowhere else."""
    assert reproduction("", "wrong") == "bc.check(wrong, case)"
    command = "case.save('case.npz'), then: bptt-check replay case.npz a.b:c"
    assert reproduction("", "a.b:c") == command
