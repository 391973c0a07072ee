"""Products with weight matrices, for all steps at once.

One product over T*B rows instead of T products over B rows is what makes the difference between a
slow and a fast reference: only `W_hh h_{t-1}` and its transpose have to stay inside the time loop.
"""

from __future__ import annotations

import numpy as np

from .types import Array


def affine(x: Array, W: Array, b: Array | None) -> Array:
    """`a = W x + b` of every step: x [..., D] and W [K, D] give [..., K] (2.1)."""
    a = np.dot(rows(x), W.T)
    if b is not None:
        a += b
    return a.reshape(*x.shape[:-1], len(W))


def affine_input_bar(a_bar: Array, W: Array) -> Array:
    """`x_bar = W^T a_bar` of every step: a_bar [..., K] and W [K, D] give [..., D] (2.2)."""
    return np.dot(rows(a_bar), W).reshape(*a_bar.shape[:-1], W.shape[1])


def affine_weight_bar(a_bar: Array, x: Array) -> Array:
    """`W_bar = sum of a_bar x^T` over all leading axes: [K, D] (2.3)."""
    return np.dot(rows(a_bar).T, rows(x))


def affine_bias_bar(a_bar: Array) -> Array:
    """`b_bar = sum of a_bar` over all leading axes: [K] (2.4)."""
    return rows(a_bar).sum(axis=0)


def rows(x: Array) -> Array:
    """All leading axes in one: [..., D] becomes [P, D]."""
    return x.reshape(-1, x.shape[-1])


def by_gate(a: Array, gates: int) -> Array:
    """A view of stacked gates [..., B, G*H] as [..., G, B, H]: gate g is `[..., g, :, :]`."""
    return a.reshape(*a.shape[:-1], gates, -1).swapaxes(-3, -2)


def time_line(state: Array, steps: int) -> Array:
    """Room for a state at times 0..T, [T+1, B, H]; entry 0 is filled, with the entering state."""
    line = np.empty((steps + 1, *state.shape), state.dtype)
    line[0] = state
    return line
