"""Products with weight matrices, for all steps at once, and the arrays that the cells share.

One product over T*B rows instead of T products over B rows is what makes the difference between a
slow and a fast reference: only `W_hh h_prev` and its transpose have to stay inside the time loop.
"""

from __future__ import annotations

import numpy as np

from .types import Array

NUMBERS_OF_A_BLOCK = 2**12
"""Ten arrays of so many numbers, as an LSTM has in use, lie in a processor's fast cache."""


def affine(x: Array, W: Array, b: Array | None) -> Array:
    """`W x + b` of every step: x [..., D], W [K, D] and b [K] give [..., K]."""
    a = rows(x) @ W.T
    if b is not None:
        a += b  # (2.1)  a[p,k] = Σ_d W[k,d] x[p,d] + b[k]
    return a.reshape(*x.shape[:-1], len(W))


def affine_input_bar(a_bar: Array, W: Array) -> Array:
    """The cotangent of x at every step: a_bar [..., K] and W [K, D] give [..., D]."""
    x_bar = rows(a_bar) @ W  # (2.2)  x_bar[p,d] = Σ_k W[k,d] a_bar[p,k]
    return x_bar.reshape(*a_bar.shape[:-1], W.shape[1])


def affine_weight_bar(a_bar: Array, x: Array) -> Array:
    """The cotangent of W, summed over all leading axes: [K, D]."""
    return rows(a_bar).T @ rows(x)  # (2.3)  W_bar[k,d] = Σ_p a_bar[p,k] x[p,d]


def affine_bias_bar(a_bar: Array) -> Array:
    """The cotangent of b, summed over all leading axes: [K]."""
    return rows(a_bar).sum(axis=0)  # (2.4)  b_bar[k] = Σ_p a_bar[p,k]


def rows(x: Array) -> Array:
    """All leading axes in one: [..., D] becomes [P, D]."""
    return x.reshape(-1, x.shape[-1])


def by_gate(a: Array, gates: int) -> Array:
    """A view of stacked gates [..., B, G*H] as [..., G, B, H]: gate g is `[..., g, :, :]`."""
    return a.reshape(*a.shape[:-1], gates, -1).swapaxes(-3, -2)


def states_from(initial: Array, steps: int) -> Array:
    """An array for the states at times 0..T, [T+1, B, H]; only entry 0 is filled, by `initial`."""
    states = np.empty((steps + 1, *initial.shape), initial.dtype)
    states[0] = initial
    return states


def blocks(steps: int, numbers: int) -> list[range]:
    """The steps 0..T-1 in blocks, for what waits for no step and is computed for many at once.

    As many steps to a block as have `NUMBERS_OF_A_BLOCK` in an array of `numbers` a step, at least
    one; the last block may be shorter.
    """
    size = max(1, NUMBERS_OF_A_BLOCK // numbers)
    return [range(start, min(start + size, steps)) for start in range(0, steps, size)]
