"""JAX code as a subject: scans, custom rules, and how they fail."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

import bptt_check as bc
from bptt_check.subjects.loading import load

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="jax is not installed"
)

EXAMPLE = Path(__file__).parents[2] / "examples" / "jax_custom_vjp.py"
SPEC = "rnn-tanh T=3 B=2 D=2 H=3 O=2 seed=1"


def check(subject: Any, text: str = SPEC) -> bc.CaseReport:
    return bc.check(subject, bc.Spec.parse(text).build(), ["complex_step"])


@pytest.mark.parametrize("text", [SPEC, f"{SPEC} dtype=float32", "rnn-tanh+linear T=1 B=1 D=1 H=1"])
def test_a_custom_rule_passes(text: str) -> None:
    """A scan whose backward pass is written by hand, in both precisions."""
    report = check(load(f"{EXAMPLE}:right"), text)

    assert report.passed, report.message


def test_its_broken_twin_does_not() -> None:
    """The last state stands where h0 belongs: only W_hh is wrong."""
    report = check(load(f"{EXAMPLE}:broken"))

    assert report.verdict == "fail"
    assert "the gradient of W_hh_l0 is wrong" in report.message
    assert "  right: W_xh_l0, b_h_l0, W_hy, b_y, x, h0\n" in report.message


def loss(view: Any) -> Any:
    """A linear loss of one step of an identity rnn, without jit."""
    p = view.params
    h = view.x[0] @ p["W_xh_l0"].T + view.h0[0] @ p["W_hh_l0"].T + p["b_h_l0"]
    return (h * (view.targets[0] + view.cotangent_h_n[0])).sum()


def test_a_function_may_return_its_loss() -> None:
    """In the case's precision; in another one it is imprecise."""
    from bptt_check.subjects.jax import from_function

    linear = "rnn-identity+linear T=1 B=2 D=2 H=2 seed=3"

    assert check(from_function(loss), linear).passed
    assert check(from_function(loss, dtype="float32"), linear).verdict == "imprecise"


WRONG_RETURNS = {
    "a number": ("a JAX function must return one number as an array, got float", lambda v: 1.0),
    "a vector": ("must return one number as an array, got (2, 3)", lambda v: v.h0[0]),
    "shape": ("y must have shape (3, 2, 3), got (3, 2, 2)", lambda v: (v.x, v.h0)),
    "his own": ("ZeroDivisionError: division by zero (line", lambda v: 1 / 0),
}


@pytest.mark.parametrize("kind", WRONG_RETURNS)
def test_what_goes_wrong_inside_is_explained(kind: str) -> None:
    """With what came and what belongs there."""
    from bptt_check.subjects.jax import from_function

    message, function = WRONG_RETURNS[kind]
    report = check(from_function(function))

    assert report.verdict == "error"
    assert message in " ".join(report.message.split())


def test_float64_is_switched_on_inside_only() -> None:
    """The process keeps its own setting, and a float32 function finds no float64."""
    import jax

    from bptt_check.subjects.jax import from_function

    seen: list[Any] = []

    def look(view: Any) -> Any:
        seen.append(jax.numpy.zeros(1).dtype.name)
        return loss(view)

    before = jax.config.jax_enable_x64
    for dtype in ("float64", "float32"):
        text = f"rnn-identity+linear T=1 B=1 D=1 H=1 dtype={dtype} seed=3"
        from_function(look)(bc.Spec.parse(text).build())

    assert seen == ["float64", "float32"]
    assert jax.config.jax_enable_x64 == before


def test_impossible_options_are_refused() -> None:
    """A device that is not there, a dtype that has no gradient."""
    from bptt_check.subjects.jax import from_function

    with pytest.raises(bc.BpttCheckError, match="the device 'nowhere' is not there"):
        from_function(loss, device="nowhere")
    with pytest.raises(bc.BpttCheckError, match="dtype must be a floating point dtype"):
        from_function(loss, dtype="int32")
