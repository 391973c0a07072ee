"""The linear recurrent unit: a real step loop, and a complex parallel scan with a backward by hand.

    Antonio Orvieto, Samuel L. Smith, Albert Gu, Anushan Fernando, Caglar Gulcehre, Razvan Pascanu,
    Soham De, "Resurrecting Recurrent Neural Networks for Long Sequences", 2023

N complex states, each of which shrinks and turns by its own factor:

    lambda = exp(-exp(nu) + i exp(theta))       gamma = exp(gamma_log)
    x_t = lambda x_{t-1} + gamma (B u_t)
    y_t = Re(C x_t) + D u_t

All arrays are real: B, C and the first x come as real and imaginary parts. lambda is the same at
every step, so the x of a chunk come from sums over 1, 2, 4, ... steps with lambda, lambda^2,
lambda^4, ... For a complex z let z_bar be dL/dRe(z) + i dL/dIm(z); then z = a b has
a_bar = conj(b) z_bar, and the backward is the same scan from the last step on, turning back:

    x_bar_t = conj(C)^T y_bar_t + conj(lambda) x_bar_{t+1}

    bptt-check against examples/recurrences/diagonal_complex.py:kernel \\
        examples/recurrences/diagonal_complex.py:reference \\
        examples/recurrences/diagonal_complex.py:INPUTS
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bptt_check as bc

Array = NDArray[Any]

INPUTS = bc.Inputs(
    u="T B H",
    nu=bc.between(-5, 0, "N"),
    theta=bc.between(-4, 1.8, "N"),
    gamma_log=bc.between(-2, 0, "N"),
    B_re=bc.normal("N H", scale=0.3),
    B_im=bc.normal("N H", scale=0.3),
    C_re=bc.normal("H N", scale=0.3),
    C_im=bc.normal("H N", scale=0.3),
    D="H",
    x0_re="B N",
    x0_im="B N",
    sizes={"T": (1, 100), "B": (1, 4), "H": (1, 8), "N": (1, 16)},
    time="T",
)


def reference(
    u: Array,
    nu: Array,
    theta: Array,
    gamma_log: Array,
    B_re: Array,
    B_im: Array,
    C_re: Array,
    C_im: Array,
    D: Array,
    x0_re: Array,
    x0_im: Array,
) -> tuple[Array, Array, Array]:
    """All y (T, B, H), the last x (B, N) in two parts, step by step and in real numbers."""
    size, angle, gamma = np.exp(-np.exp(nu)), np.exp(theta), np.exp(gamma_log)
    lam_re, lam_im = size * np.cos(angle), size * np.sin(angle)
    x_re, x_im, y = x0_re, x0_im, list[Array]()
    for t in range(len(u)):
        x_re, x_im = (
            lam_re * x_re - lam_im * x_im + gamma * (u[t] @ B_re.T),
            lam_re * x_im + lam_im * x_re + gamma * (u[t] @ B_im.T),
        )
        y.append(x_re @ C_re.T - x_im @ C_im.T + D * u[t])
    return np.stack(y), x_re, x_im


def scan(lam: Array, b: Array, x: Array, chunk: int) -> Array:
    """All x_t = lam x_{t-1} + b_t, [T, B, N], by chunks of so many steps."""
    steps = len(b)
    b = np.concatenate([b, np.zeros((-steps % chunk, *b.shape[1:]), b.dtype)])
    b = b.reshape(-1, chunk, *b.shape[1:])
    reach, power = 1, lam
    while reach < chunk:
        # sums over `reach` steps, and lam^reach of those over as many before them
        b = np.concatenate([b[:, :reach], b[:, reach:] + power * b[:, :-reach]], axis=1)
        reach, power = 2 * reach, power * power
    powers, before = np.tile(lam, (chunk, 1)).cumprod(axis=0), list[Array]()
    for b_end in b[:, -1]:
        before.append(x)
        x = powers[-1] * x + b_end
    x_t = b + powers[:, None] * np.stack(before)[:, None]
    return x_t.reshape(-1, *x_t.shape[2:])[:steps]


def forward(
    u: Array,
    nu: Array,
    theta: Array,
    gamma_log: Array,
    B_re: Array,
    B_im: Array,
    C_re: Array,
    C_im: Array,
    D: Array,
    x0_re: Array,
    x0_im: Array,
    chunk: int = 16,
) -> tuple[tuple[Array, Array, Array], Any]:
    """The outputs of `reference` by a parallel scan, and what the backward needs."""
    B, C, x0 = B_re + 1j * B_im, C_re + 1j * C_im, x0_re + 1j * x0_im
    # lambda = exp(-exp(nu) + i exp(theta)),  gamma = exp(gamma_log)
    lam, gamma = np.exp(-np.exp(nu) + 1j * np.exp(theta)), np.exp(gamma_log)
    Bu = u @ B.T
    x = scan(lam, gamma * Bu, x0, chunk)
    # y_t = Re(C x_t) + D u_t
    y = (x @ C.T).real + D * u
    residuals = u, nu, theta, lam, gamma, B, C, D, Bu, np.concatenate([x0[None], x]), chunk
    return (y, x[-1].real, x[-1].imag), residuals


def through_first_step(x_bar: Array, factor: Array, one_chunk: bool) -> Array:
    """The gradient of the first x, from that of the x after it."""
    return factor * x_bar


def backward(
    residuals: Any,
    cotangents: tuple[Array, Array, Array],
    conjugate: Callable[[Array], Array] = np.conj,
    to_first: Callable[[Array, Array, bool], Array] = through_first_step,
) -> Mapping[str, Array]:
    """Gradients of all arrays; twins have no conjugate of lambda, or another end of the scan."""
    u, nu, theta, lam, gamma, B, C, D, Bu, x, chunk = residuals
    y_bar, x_re_bar, x_im_bar = cotangents
    back = conjugate(lam)
    # y_t = Re(C x_t) + D u_t, and the last x goes out too
    from_y = y_bar @ C.conj()
    from_y[-1] += x_re_bar + 1j * x_im_bar
    C_bar = sum_over_steps(y_bar, x[1:].conj())
    # x_bar_t = conj(C)^T y_bar_t + conj(lambda) x_bar_{t+1}
    x_bar = scan(back, from_y[::-1], np.zeros_like(x[0]), chunk)[::-1]
    x0_bar = to_first(x_bar[0], back, len(u) <= chunk)
    # x_t = lambda x_{t-1} + gamma (B u_t)
    lam_bar = (x_bar * x[:-1].conj()).sum(axis=(0, 1))
    gamma_bar = (x_bar * Bu.conj()).real.sum(axis=(0, 1))
    B_bar = gamma[:, None] * sum_over_steps(x_bar, u)
    # lambda = exp(z), z = -exp(nu) + i exp(theta)
    z_bar = lam_bar * lam.conj()
    return {
        "u": ((gamma * x_bar) @ B.conj()).real + D * y_bar,
        "nu": -np.exp(nu) * z_bar.real,
        "theta": np.exp(theta) * z_bar.imag,
        "gamma_log": gamma * gamma_bar,
        "B_re": np.real(B_bar),
        "B_im": np.imag(B_bar),
        "C_re": np.real(C_bar),
        "C_im": np.imag(C_bar),
        "D": (y_bar * u).sum(axis=(0, 1)),
        "x0_re": np.real(x0_bar),
        "x0_im": np.imag(x0_bar),
    }


def sum_over_steps(left: Array, right: Array) -> Array:
    """[T, B, M] and [T, B, N] to [M, N], the sum of the products of all steps."""
    return left.reshape(-1, left.shape[-1]).T @ right.reshape(-1, right.shape[-1])


def as_it_is(lam: Array) -> Array:
    """lambda, which turns in the direction of time."""
    return lam


def nothing_if_one_chunk(x_bar: Array, factor: Array, one_chunk: bool) -> Array:
    """What a chunk hands to the one before it, where there is one."""
    return 0 * x_bar if one_chunk else factor * x_bar


kernel = bc.Vjp(forward, backward)

BROKEN = {
    # The scan backwards multiplies by lambda, not by its conjugate: the first x always, and
    # everything before a later state where T > 1; C and D are right.
    "missing_conjugate": bc.Vjp(forward, partial(backward, conjugate=as_it_is)),
    # A shortcut for a single chunk takes its state before for a constant: the gradient of the first
    # x is zero where T <= chunk.
    "first_state_of_one_chunk": bc.Vjp(forward, partial(backward, to_first=nothing_if_one_chunk)),
}
