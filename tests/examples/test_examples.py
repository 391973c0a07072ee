"""The examples: every adapter is short, every right one passes, every broken one is named."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import bptt_check as bc
from bptt_check import oracles
from bptt_check.cases.targets import parse_targets
from bptt_check.subjects import loading

EXAMPLES = Path(__file__).parents[2] / "examples"
BROKEN = {
    "numpy_class": ("the gradient of U, W, b, x, h0 is wrong", "V, c"),
    "course_functions": ("the gradient of Wh is wrong", "Wx, b, W_vocab, b_vocab, x, h0"),
    "char_rnn": ("the gradient of Wxh, Whh, bh is wrong", "Why, by"),
    "keras_layout": (
        "but your gradients are those of gate order 'r z n'",
        "dense/kernel, dense/bias, x, h0",
    ),
    "torch_function": (
        "the gradient of bias_ih_l0, bias_hh_l0 is wrong",
        "weight_ih_l0, weight_hh_l0, linear.weight, linear.bias, x, h0, c0",
    ),
}
"""Example to what the message of its broken twin says, and the gradients it finds right."""
MOST_LINES = 15


def subject(name: str, attribute: str) -> Any:
    """The subject that `bptt-check run examples/NAME.py:ATTRIBUTE` runs."""
    if name == "torch_function" and not oracles.available("torch"):
        pytest.skip("torch is not installed")
    return loading.load(f"{EXAMPLES / name}.py:{attribute}")


def lines_of_code(source: str) -> int:
    """Lines that hold code: no blank ones, no comments, no docstrings."""
    tree = ast.parse(source)
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]
    prose = {n for t in texts for n in range(t.lineno, (t.end_lineno or t.lineno) + 1)}
    code = enumerate(source.splitlines(), start=1)
    return sum(1 for n, line in code if n not in prose and line.split("#")[0].strip())


@pytest.mark.parametrize("name", BROKEN)
def test_an_adapter_has_at_most_fifteen_lines(name: str) -> None:
    """Fifteen lines for both twins, imports included."""
    assert lines_of_code((EXAMPLES / f"{name}.py").read_text()) <= MOST_LINES


def test_lines_of_code_leave_out_prose_and_blank_lines() -> None:
    """Code counts, prose does not."""
    source = (
        '"""Two\nlines."""\n\nimport os  # here\n\n\ndef f():\n    """Prose."""\n    return os\n'
    )

    assert lines_of_code(source) == 3


@pytest.mark.parametrize("name", BROKEN)
def test_the_right_subject_of_an_example_passes(name: str) -> None:
    """Every gradient that it offers, on every model that it declares."""
    report = bc.verify(subject(name, "subject"), cases=8, oracles=["complex_step"])

    assert report.passed, report.message


@pytest.mark.parametrize("name", BROKEN)
def test_the_broken_subject_of_an_example_is_explained(name: str) -> None:
    """The message says which gradients are wrong, or what they are instead, and which are right."""
    broken = subject(name, "broken")

    report = bc.verify(broken, parse_targets(broken.targets[0]), cases=8, oracles=["complex_step"])

    wrong, right = BROKEN[name]
    text = " ".join(report.message.split())
    assert report.verdict == "fail"
    assert wrong in text
    assert re.search(rf"right: {right}(?!,)", text), text


def test_the_message_is_in_the_subjects_own_names() -> None:
    """Its title, lines and diagnosis, and the test to paste; not what is typed for the case."""
    report = bc.verify(subject("course_functions", "broken"), ["rnn-tanh"], 4, ["complex_step"])

    failure = report.failures[0]
    told, _, typed = report.message.partition("\n  reproduce: ")

    assert "the gradient of Wh is wrong" in told
    assert "worst entry Wh[" in told
    assert "your gradient of Wh is exactly" in told
    assert not re.search(r"W_\w+_l0|b_h", told.partition("equation")[0])
    assert typed.startswith("bptt-check replay 'rnn-tanh ")
    assert "your gradient of Wh is exactly" in failure.diagnoses[0]
    assert (
        "params=subject.convention.parameters(bc.Model(cell=\"rnn\"), {'Wx': " in failure.test_code
    )


def test_every_example_is_in_the_readme() -> None:
    """Each with the command that runs it, and no command names a file that is not there."""
    named = re.findall(
        r"bptt-check run examples/(\w+)\.py:(\w+)", (EXAMPLES / "README.md").read_text()
    )

    assert {name for name, _ in named} >= set(BROKEN)
    assert all(hasattr(subject(n, a), "supports") for n, a in named if n in BROKEN)
    assert all((EXAMPLES / f"{n}.py").is_file() for n, _ in named)
