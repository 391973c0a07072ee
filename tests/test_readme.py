"""The README's example does what the README says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import bptt_check as bc
from bptt_check.cases.targets import parse_targets

README = Path(__file__).parents[1] / "README.md"
MISTAKE, RIGHT = "h[t + 1]  # should be h[t]", "h[t]"


def example() -> str:
    """The first block of Python, without its last call."""
    (code, *_) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    return code.partition("bc.assert_gradients")[0]


def subject(code: str) -> Any:
    """The function that the example defines."""
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    return names["my_rnn"]


def test_the_wrong_gradient_of_the_example_is_caught() -> None:
    """The message names the parameter that is wrong, and those that are right."""
    with pytest.raises(bc.GradientMismatch, match="the gradient of W_hh_l0 is wrong") as caught:
        bc.assert_gradients(subject(example()), models=["rnn-tanh"])

    assert "right: W_xh_l0, b_h_l0, W_hy, b_y" in str(caught.value)
    assert "'rnn-tanh T=1 B=1 D=1 H=1 O=2 seed=" in str(caught.value)
    *_, told = re.findall(r"  diagnosis: .*?yours .*?\n", README.read_text(), re.DOTALL)
    for line in told.splitlines():
        assert line in str(caught.value)


def test_the_example_passes_with_its_index_corrected() -> None:
    """With the one index put right nothing is left to complain about."""
    assert MISTAKE in example()

    report = bc.assert_gradients(subject(example().replace(MISTAKE, RIGHT)), models=["rnn-tanh"])

    assert report.passed


def test_every_model_named_in_a_command_exists() -> None:
    """Names in commands are names that the command line takes."""
    named = re.findall(r"--model ([\w+-]+)", README.read_text())

    assert named
    assert all(parse_targets(name) for name in named)
