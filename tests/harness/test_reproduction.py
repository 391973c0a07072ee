"""The line that runs a case again works where it is pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import bptt_check as bc
from bptt_check.cli import cli
from bptt_check.verdicts.messages import reproduction

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


@pytest.mark.parametrize(
    "address", ["reference", "bptt_reference:loss_and_grads", "it is.py:wrong"]
)
def test_reproduction_of_a_subject_with_an_address_is_a_command(address, tmp_path, monkeypatch):
    """Of a module, of a file (with a space), and installed."""
    monkeypatch.chdir(tmp_path)
    Path("it is.py").write_text(WRONG)
    tool, *words = shlex.split(reproduction(SPEC, address, "any name"))
    done = CliRunner().invoke(cli, words)

    assert tool == "bptt-check"
    assert done.exit_code == (1 if "wrong" in address else 0), done.output
    assert SPEC in done.output


@pytest.mark.parametrize("name", ["wrong", "test_it.<locals>.wrong"])
def test_reproduction_of_a_function_at_hand_is_a_line_of_python(name):
    """Which the command line would not find."""
    line = reproduction(SPEC, "", name)
    report = eval(line, {"bc": bc, "wrong": wrong})

    assert line == f"bc.check(wrong, bc.Spec.parse('{SPEC}').build())"
    assert report.verdict == "fail"
    assert line in report.message


@pytest.mark.parametrize("name", ["my kernel", "a.b:c", "3"])
def test_reproduction_uses_subject_when_the_name_is_no_identifier(name):
    """A subject may call itself anything, also what the command line would take for another."""
    assert reproduction(SPEC, "", name).startswith("bc.check(subject, ")


def test_reproduction_of_a_case_without_a_spec_saves_it():
    """Its arrays are nowhere else."""
    assert reproduction("", "", "wrong") == "bc.check(wrong, case)"
    command = "case.save('case.npz'), then: bptt-check replay case.npz 'it is.py:c'"
    assert reproduction("", "it is.py:c", "c") == command


def test_a_message_has_the_address_of_its_subject():
    """And a failure of a run, and the run; a function at hand has none."""

    def addressed(case: bc.Case) -> tuple[float, dict[str, object]]:
        return wrong(case)

    addressed.address = "kernels.py:wrong"
    case = bc.Spec.parse(SPEC).build()
    options = {"models": ["rnn-tanh"], "cases": 2, "oracles": ["complex_step"]}
    report, run = bc.check(addressed, case, ["complex_step"]), bc.verify(addressed, **options)

    assert (report.address, run.run.address) == ("kernels.py:wrong",) * 2
    assert f"reproduce: bptt-check replay '{SPEC}' kernels.py:wrong" in report.message
    assert run.failures[0].message.endswith(" kernels.py:wrong")
    assert bc.check(wrong, case, ["complex_step"]).address == ""
