"""A counterexample comes as a test that can be pasted into a file and run."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.cases.written.reproduction import Origin
from bptt_check.runs.counterexample_test import pasted_test
from bptt_check.subjects.origin import origin_of

BROKEN = """
from bptt_reference import loss_and_grads


def subject(case):
    loss, grads = loss_and_grads(case)
    return loss, grads | {"b_y": 2.0 * grads["b_y"]}


def right(case):
    return loss_and_grads(case)
"""


@pytest.mark.parametrize("name", ["subject", "right"])
def test_pasted_test_fails_for_wrong_and_passes_for_right(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pasted file fails for the subject that is wrong, and passes once it is right."""
    (tmp_path / "broken_for_pasting.py").write_text(BROKEN, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    subject = getattr(importlib.import_module("broken_for_pasting"), name)
    case = bc.Spec.parse("rnn-tanh T=1 B=1 D=1 H=1 O=2").build().with_inputs({})
    names: dict[str, Any] = {}
    text = pasted_test(case, origin_of(subject))

    assert re.search(rf"subject = subjects.load\('.*broken_for_pasting.py:{name}'\)\n", text)
    exec(
        text.replace("bc.check(subject, case)", 'bc.check(subject, case, ["complex_step"])'), names
    )
    if name == "right":
        names["test_gradient"]()
        return
    with pytest.raises(AssertionError, match="the gradient of b_y is wrong"):
        names["test_gradient"]()


@pytest.mark.parametrize(
    "line",
    [
        "lstm+linear T=2 B=2 D=1 H=1 lengths",
        "gru+nobias+mse T=3 B=1 D=1 H=1 O=1 k1=1 k2=2",
        "rnn-relu+bce+last+mean T=2 B=2 D=1 H=2 O=1 dtype=float32",
        "lstm T=1 B=1 D=1 H=1 O=2 layout=strided",
    ],
)
def test_the_case_reads_back(line: str) -> None:
    """The written-out case has the arrays, the model, the truncation and the dtype of the first."""
    case = bc.Spec.parse(line).build().with_inputs({})
    names: dict[str, object] = {"bc": bc}
    text = pasted_test(case, origin_of(loss_and_grads))
    body = text[text.index("    case = ") : text.index("    report = ")]
    exec("if True:\n" + body, names)
    again = names["case"]

    assert isinstance(again, bc.Case)
    assert again.layout == case.layout
    assert (again.model, again.truncation, again.dtype) == (case.model, case.truncation, case.dtype)
    assert all(np.array_equal(a, again.inputs[n]) for n, a in case.inputs.items())
    assert np.array_equal(again.targets, case.targets)


def test_a_large_case_is_built_from_its_spec() -> None:
    """Nobody reads a thousand numbers: the line of the spec has them all."""
    text = pasted_test(bc.Spec.parse("lstm T=9 B=4 D=5 H=5").build(), Origin())

    assert 'case = bc.Spec.parse("lstm T=9 B=4 D=5 H=5 O=3 seed=0").build()' in text


def test_a_subject_without_a_name_is_left_to_the_reader() -> None:
    """What was compiled at run time has no source; the line says what to put there."""
    text = pasted_test(bc.Spec.parse("rnn-tanh T=1").build(), origin_of(eval("lambda case: 0")))

    assert "from your_module import subject  # the callable that was checked" in text


def test_a_subject_of_the_command_line_is_loaded_by_its_text() -> None:
    """What the command line was given is what the pasted test loads."""

    def subject(case: bc.Case) -> tuple[float, dict[str, object]]:
        return 0.0, {}

    vars(subject)["address"] = "mine.py:subject"
    text = pasted_test(bc.Spec.parse("rnn-tanh T=1").build(), origin_of(subject))

    assert "subject = subjects.load('mine.py:subject')" in text


def test_failure_has_its_test_code() -> None:
    """The failure of a run has the sentence, both lines, the equation and the test."""

    def broken(case: bc.Case) -> tuple[float, dict[str, object]]:
        loss, grads = loss_and_grads(case)
        return loss, grads | {"b_h_l0": 2.0 * grads["b_h_l0"]}

    report = bc.verify(broken, ["rnn-tanh"], 10, ["complex_step"])
    failure = report.failures[0]
    (finding,) = failure.findings

    assert failure.diagnoses == (finding.sentence,)
    assert finding.equations == ("4.8",)
    assert finding.place == "section 4 of reference/README.md, The simple recurrent cell"
    assert f"    equation (4.8), {finding.place}\n" in failure.message
    assert f"    right  {finding.right}\n" in failure.message
    assert f"    yours  {finding.wrong}\n" in failure.message
    assert "def test_gradient() -> None:" in failure.test_code
