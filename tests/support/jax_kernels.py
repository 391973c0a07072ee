"""A gated linear recurrence in JAX: plain code, a `custom_vjp`, and broken twins of it.

    h_t = a_t h_{t-1} + x_t

Backwards, with h_t_bar the cotangent of h_t from the outputs:

    d_t = h_t_bar + a_{t+1} d_{t+1}
    x_t_bar = d_t,      a_t_bar = d_t h_{t-1},      h0_bar = a_1 d_1
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import bptt_check as bc

INPUTS = bc.Inputs(
    x="T B H",
    a=bc.between(0.0, 1.0, "T B H"),
    h0="B H",
    sizes={"T": (1, 9), "B": (1, 2), "H": (1, 4)},
    time="T",
)


def reference(x: Any, a: Any, h0: Any) -> tuple[Any, Any]:
    """All h (T, B, H) and the last one, step by step."""
    h_t, every = h0, list[Any]()
    for t in range(len(x)):
        h_t = a[t] * h_t + x[t]
        every.append(h_t)
    return jnp.stack(every), h_t


def scanned(x: Any, a: Any, h0: Any) -> tuple[Any, Any]:
    """The same in a compiled loop."""

    def step(h_prev: Any, slices: Any) -> Any:
        x_t, a_t = slices
        h_t = a_t * h_prev + x_t
        return h_t, h_t

    h_T, every = lax.scan(step, h0, (x, a))
    return every, h_T


def _forward(x: Any, a: Any, h0: Any, chunk: int) -> Any:
    """So many steps of the loop are compiled as one."""

    def step(h_prev: Any, slices: Any) -> Any:
        h_t = slices[1] * h_prev + slices[0]
        return h_t, h_t

    h_T, every = lax.scan(step, h0, (x, a), unroll=chunk)
    return every, h_T


def kernel_of(backward: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel with this backward pass."""

    @partial(jax.custom_vjp, nondiff_argnums=(3,))
    def outputs(x: Any, a: Any, h0: Any, chunk: int) -> Any:
        return _forward(x, a, h0, chunk)

    def forward(x: Any, a: Any, h0: Any, chunk: int) -> Any:
        h, h_T = _forward(x, a, h0, chunk)
        return (h, h_T), (a, h0, h)

    outputs.defvjp(forward, lambda chunk, residuals, bars: backward(residuals, *bars))

    @partial(jax.jit, static_argnames="chunk")
    def kernel(x: Any, a: Any, h0: Any, chunk: int = 2) -> Any:
        """In float32 where the arrays are of half precision."""
        half = x.dtype in (jnp.bfloat16, jnp.float16)
        given = [m.astype(jnp.float32) if half else m for m in (x, a, h0)]
        h, h_T = outputs(*given, chunk)
        return h.astype(x.dtype), h_T.astype(x.dtype)

    return kernel


def _swept(a: Any, h_bar: Any, h_T_bar: Any) -> Any:
    """All d_t, from the last step to the first."""

    def step(flow: Any, slices: Any) -> Any:
        h_t_bar, a_t = slices
        d_t = h_t_bar + flow
        return a_t * d_t, d_t

    return lax.scan(step, h_T_bar, (h_bar, a), reverse=True)


def gradients(residuals: Any, h_bar: Any, h_T_bar: Any) -> Any:
    """Of x, a and h0."""
    a, h0, h = residuals
    h0_bar, d = _swept(a, h_bar, h_T_bar)
    return d, d * jnp.concatenate([h0[None], h[:-1]]), h0_bar


def with_the_state_after(residuals: Any, h_bar: Any, h_T_bar: Any) -> Any:
    """a_t_bar with h_t in the place of h_{t-1}."""
    a, _, h = residuals
    h0_bar, d = _swept(a, h_bar, h_T_bar)
    return d, d * h, h0_bar


def without_the_last_state(residuals: Any, h_bar: Any, h_T_bar: Any) -> Any:
    """What flows back from the last state is lost."""
    return gradients(residuals, h_bar, jnp.zeros_like(h_T_bar))


kernel = kernel_of(gradients)
BROKEN = {f.__name__: kernel_of(f) for f in (with_the_state_after, without_the_last_state)}
