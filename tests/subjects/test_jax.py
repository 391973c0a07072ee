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


# --- whose gradients are wanted -----------------------------------------------------------------


def kernel(wrong: str = "") -> Any:
    """An rnn whose backward is written by hand and is told which cotangents are zero, and of which
    inputs nobody wants a gradient.

    Args:
        wrong: `"unused"` gives up where the cotangent of `y` is a symbolic zero; `"unperturbed"`
            carries the state's cotangent only where that of `h0` is wanted; "" is right.
    """
    import jax
    import jax.numpy as jnp
    from jax.custom_derivatives import SymbolicZero

    def states_of(x: Any, h: Any, W: Any, U: Any, b: Any) -> Any:
        states = [h]
        for x_t in x:
            states.append(jnp.tanh(x_t @ W.T + states[-1] @ U.T + b))
        return jnp.stack(states)

    @jax.custom_vjp
    def run(x: Any, h: Any, W: Any, U: Any, b: Any) -> Any:
        states = states_of(x, h, W, U, b)
        return states[1:], states[-1]

    def forward(*given: Any) -> Any:
        x, h, W, U, b = (g.value for g in given)
        states = states_of(x, h, W, U, b)
        return (states[1:], states[-1]), (x, W, U, states, given[1].perturbed)

    def backward(kept: Any, bars: Any) -> Any:
        x, W, U, states, h0_is_wanted = kept
        y_bar, last = (jnp.zeros(b.shape, b.dtype) if is_zero(b) else b for b in bars)
        h_bar, a_bars = last, []
        for t in reversed(range(len(x))):
            a_bar = (h_bar + y_bar[t]) * (1 - states[t + 1] ** 2)
            a_bars.insert(0, a_bar)
            carried = h0_is_wanted or wrong != "unperturbed"
            h_bar = a_bar @ U if carried else jnp.zeros_like(h_bar)
        every = jnp.stack(a_bars)
        if wrong == "unused" and is_zero(bars[0]):
            every = jnp.zeros_like(every)
        W_bar = jnp.einsum("tbh,tbd->hd", every, x)
        U_bar = jnp.einsum("tbh,tbk->hk", every, states[:-1])
        return every @ W, h_bar, W_bar, U_bar, every.sum((0, 1))

    def is_zero(bar: Any) -> bool:
        return isinstance(bar, SymbolicZero)

    run.defvjp(forward, backward, symbolic_zeros=True)

    def function(case: Any) -> Any:
        p = case.params
        y, last = run(case.x, case.h0[0], p["W_xh_l0"], p["W_hh_l0"], p["b_h_l0"])
        return y, last[None]

    return function


LINEAR = "rnn-tanh+linear T=3 B=2 D=2 H=3 seed=1"


@pytest.mark.parametrize("jit", [False, True])
def test_a_rule_that_knows_symbolic_zeros_passes(jit: bool) -> None:
    """The right sibling of those below; compiled, too."""
    from bptt_check.subjects.jax import from_function

    report = check(from_function(kernel(), jit=jit), LINEAR)

    assert report.passed, report.message


@pytest.mark.parametrize(
    ("wrong", "when"),
    [
        ("unused", "right when asked once, but not where the loss does not depend on y:"),
        ("unperturbed", "right when asked once, but not when only the gradient"),
    ],
)
def test_a_rule_that_mistakes_symbolic_zeros_does_not(wrong: str, when: str) -> None:
    """Both are right where every cotangent is there and every gradient is wanted."""
    from bptt_check.subjects.jax import from_function

    report = check(from_function(kernel(wrong)), LINEAR)

    assert report.verdict == "fail"
    assert when in report.message


def test_only_wanted_inputs_are_differentiated() -> None:
    """Every subset of them gives the same numbers."""
    from dataclasses import replace

    from bptt_check.subjects.jax import from_function

    case, subject = bc.Spec.parse(LINEAR).build(), from_function(kernel())
    every = subject(case).grads

    for wanted in (("x",), ("h0", "W_hh_l0"), tuple(case.params)):
        some = subject(replace(case, wanted=wanted)).grads
        assert list(some) == list(wanted)
        for name in wanted:
            assert some[name].ravel() == pytest.approx(every[name].ravel())
