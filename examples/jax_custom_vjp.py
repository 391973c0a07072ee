"""A tanh RNN as a JAX scan with a hand-written `custom_vjp`, right and shifted by a step.

    bptt-check run examples/jax_custom_vjp.py:right --model rnn-tanh
    bptt-check run examples/jax_custom_vjp.py:broken --model rnn-tanh

The head and the loss are left to JAX and to `bptt_check`, so what is checked is this rule.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from bptt_check.subjects.jax import from_function


def forward(x: Any, h0: Any, W_xh: Any, W_hh: Any, b: Any) -> Any:
    """States (T, B, H) of x (T, B, D) from h0 (B, H)."""

    def step(h_prev: Any, x_t: Any) -> Any:
        h_t = jnp.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b)
        return h_t, h_t

    return jax.lax.scan(step, h0, x)[1]


def backward(h_prev_of: Any, saved: Any, h_bars: Any) -> Any:
    """Gradients of all five arguments; `h_prev_of(h, h0)` are the states before each step."""
    x, h0, W_xh, W_hh, h = saved

    def step(h_bar: Any, inputs: Any) -> Any:
        h_t_bar, h_t = inputs
        a_bar = (h_bar + h_t_bar) * (1 - h_t**2)
        return a_bar @ W_hh, a_bar

    h0_bar, a_bars = jax.lax.scan(step, jnp.zeros_like(h0), (h_bars, h), reverse=True)
    W_xh_bar = jnp.einsum("tbh,tbd->hd", a_bars, x)
    W_hh_bar = jnp.einsum("tbh,tbk->hk", a_bars, h_prev_of(h, h0))
    return a_bars @ W_xh, h0_bar, W_xh_bar, W_hh_bar, a_bars.sum((0, 1))


def layer(h_prev_of: Any) -> Any:
    """The layer whose backward pass takes the states before each step from `h_prev_of`."""
    run = jax.custom_vjp(forward)

    def keep(x: Any, h0: Any, W_xh: Any, W_hh: Any, b: Any) -> Any:
        h = forward(x, h0, W_xh, W_hh, b)
        return h, (x, h0, W_xh, W_hh, h)

    run.defvjp(keep, lambda saved, h_bars: backward(h_prev_of, saved, h_bars))
    return run


def outputs(run: Any, case: Any) -> Any:
    """Top states and final states; `bptt_check` computes the loss of them."""
    p = case.params
    h = run(case.x, case.h0[0], p["W_xh_l0"], p["W_hh_l0"], p["b_h_l0"])
    return h, h[-1:]


def supports(model: Any) -> bool:
    """One layer, one direction, with biases."""
    return str(model).startswith("rnn-tanh") and model.layers == 1 and model.bias


def before(h: Any, h0: Any) -> Any:
    """h_{t-1} of every step t."""
    return jnp.concatenate([h0[None], h[:-1]])


def wrapped(h: Any, h0: Any) -> Any:
    """h_{t-1} with Python's index -1 at the first step: the last state where h0 belongs."""
    return jnp.roll(h, 1, axis=0)


RIGHT, BROKEN = layer(before), layer(wrapped)
right = from_function(lambda case: outputs(RIGHT, case), jit=True, name="right", supports=supports)
broken = from_function(
    lambda case: outputs(BROKEN, case), jit=True, name="broken", supports=supports
)
