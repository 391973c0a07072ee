"""Linear attention with a decay per key channel: a step loop, and chunks with a backward by hand.

    Songlin Yang, Bailin Wang, Yikang Shen, Rameswar Panda, Yoon Kim,
    "Gated Linear Attention Transformers with Hardware-Efficient Training", 2023

A state S [K, V] sums up what keys were written with which values; row by row it fades:

    S_t = diag(exp(g_t)) S_{t-1} + k_t v_t^T
    o_t = S_t^T q_t / sqrt(K)

In a chunk of C steps let D_ij = exp(g_{j+1} + ... + g_i) for j <= i, and c_i the same from the
chunk's start, where the state is S; both are vectors of K channels, * is entry by entry:

    P_ij = q_i . (D_ij * k_j) / sqrt(K)
    o_i  = sum_{j<=i} P_ij v_j + S^T (c_i * q_i) / sqrt(K)
    S_next = diag(c_C) S + sum_j (D_Cj * k_j) v_j^T

    bptt-check against examples/recurrences/decayed_linear_attention.py:kernel \\
        examples/recurrences/decayed_linear_attention.py:reference \\
        examples/recurrences/decayed_linear_attention.py:INPUTS
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
    q="T B K",
    k="T B K",
    v="T B V",
    g=bc.between(-5, 0, "T B K"),
    S0="B K V",
    sizes={"T": (1, 100), "B": (1, 4), "K": (4, 16), "V": (4, 16)},
    time="T",
)


def reference(q: Array, k: Array, v: Array, g: Array, S0: Array) -> tuple[Array, Array]:
    """All o (T, B, V) and the last S (B, K, V), step by step."""
    S_t, o = S0, list[Array]()
    for t in range(len(q)):
        S_t = np.exp(g[t])[:, :, None] * S_t + k[t][:, :, None] * v[t][:, None, :]
        o.append((q[t][:, None, :] @ S_t)[:, 0, :] / q.shape[-1] ** 0.5)
    return np.stack(o), S_t


def in_chunks(x: Array, chunk: int) -> Array:
    """[T, B, ...] as [N, B, C, ...]: N chunks, zeros after the last step.

    A step of zeros has g = 0 and k = 0: it leaves the state as it is.
    """
    padding = np.zeros((-len(x) % chunk, *x.shape[1:]), x.dtype)
    x = np.concatenate([x, padding])
    return x.reshape(-1, chunk, *x.shape[1:]).swapaxes(1, 2)


def in_steps(x: Array, steps: int) -> Array:
    """[N, B, C, ...] as [T, B, ...], without the steps of zeros."""
    x = x.swapaxes(1, 2)
    return x.reshape(-1, *x.shape[2:])[:steps]


def rows_and_columns(C: int, diagonal: int) -> Array:
    """True where column - row <= diagonal, [C, 1 + C, 1] for tables of decays."""
    return np.tri(C, 1 + C, diagonal, dtype=bool)[:, :, None]


def decays(g: Array) -> Array:
    """[N, B, C, K] to [N, B, C, 1 + C, K]: column 0 holds all c_i, 1 + j all D_ij; 0 for j > i.

    Products, not differences of sums: these would lose digits, and -inf is a decay too.
    """
    C = g.shape[2]
    a = np.where(rows_and_columns(C, 0), np.exp(g)[:, :, :, None], 1.0)
    return np.where(rows_and_columns(C, 1), a.cumprod(axis=2), 0.0)


def forward(
    q: Array, k: Array, v: Array, g: Array, S0: Array, chunk: int = 16
) -> tuple[tuple[Array, Array], Any]:
    """The outputs of `reference` by chunks of so many steps, and what the backward needs."""
    steps, scale = len(q), q.shape[-1] ** -0.5
    q, k, v, g = (in_chunks(x, chunk) for x in (q, k, v, g))
    decay = decays(g)
    c, D = decay[..., 0, :], decay[..., 1:, :]
    # P_ij = q_i . (D_ij * k_j)
    P = (q[..., None, :] * D * k[:, :, None]).sum(-1)
    k_to_end = D[:, :, -1] * k
    S_n, states = S0, list[Array]()
    for n in range(len(q)):
        states.append(S_n)
        # S_next = diag(c_C) S + sum_j (D_Cj * k_j) v_j^T
        S_n = c[n, :, -1, :, None] * S_n + k_to_end[n].swapaxes(1, 2) @ v[n]
    # o_i = (sum_j P_ij v_j + S^T (c_i * q_i)) / sqrt(K)
    o = scale * (P @ v + (c * q) @ np.stack(states))
    return (in_steps(o, steps), S_n), (q, k, v, decay, P, np.stack(states))


def all_steps(o_bar: Array, chunk: int) -> Array:
    """The cotangents of o as they are."""
    return o_bar


def through_step(part: Array) -> Array:
    """[..., C, 1 + C, K] to [..., C, K]: for each step t the sum over pairs j < t <= i of a decay.

    Each holds exp(g_t) as a factor, and so is its own derivative by g_t; those after t do not.
    """
    at_t_or_later = part[..., ::-1, :, :].cumsum(axis=-3)[..., ::-1, :, :]
    C = part.shape[-3]
    return np.where(rows_and_columns(C, 0), at_t_or_later, 0.0).sum(axis=-2)


def backward(
    residuals: Any,
    cotangents: tuple[Array, Array],
    read: Callable[[Array, int], Array] = all_steps,
    gate: Callable[[Array], Array] = through_step,
) -> Mapping[str, Array]:
    """Gradients of q, k, v, g and S0; twins read the cotangents of o, or the gate, differently."""
    q, k, v, decay, P, states = residuals
    o_bar, S_bar = cotangents
    steps, chunk = len(o_bar), q.shape[2]
    o_bar = q.shape[-1] ** -0.5 * in_chunks(read(o_bar, chunk), chunk)
    c, D = decay[..., 0, :], decay[..., 1:, :]
    q_with_c, S_bars = c * q, np.empty_like(states)
    for n in reversed(range(len(q))):
        S_bars[n] = S_bar
        # S_next = diag(c_C) S + ...,  o_i = S^T (c_i * q_i) + ...
        S_bar = c[n, :, -1, :, None] * S_bar + q_with_c[n].swapaxes(1, 2) @ o_bar[n]
    # o_i = sum_j P_ij v_j + S^T (c_i * q_i)
    P_bar = (o_bar @ v.swapaxes(2, 3))[..., None] * D
    read_bar = o_bar @ states.swapaxes(2, 3)
    q_bar = (P_bar * k[:, :, None]).sum(axis=3) + c * read_bar
    # S_next = diag(c_C) S + sum_j (D_Cj * k_j) v_j^T
    written_bar = v @ S_bars.swapaxes(2, 3)
    k_bar = (P_bar * q[..., None, :]).sum(axis=2) + D[:, :, -1] * written_bar
    v_bar = P.swapaxes(2, 3) @ o_bar + (D[:, :, -1] * k) @ S_bars
    # c and D, each times its gradient
    part = np.empty_like(decay)
    part[..., 0, :] = c * q * read_bar
    part[:, :, -1, 0] += c[:, :, -1] * (states * S_bars).sum(axis=-1)
    part[..., 1:, :] = P_bar * q[..., None, :] * k[:, :, None]
    part[:, :, -1, 1:] += D[:, :, -1] * k * written_bar
    bars = {"q": q_bar, "k": k_bar, "v": v_bar, "g": gate(part)}
    return {**{name: in_steps(bar, steps) for name, bar in bars.items()}, "S0": S_bar}


def whole_chunks(o_bar: Array, chunk: int) -> Array:
    """Nothing of the steps after the last whole chunk."""
    whole = np.arange(len(o_bar)) < len(o_bar) // chunk * chunk
    return np.where(whole[:, None, None], o_bar, 0.0)


def through_step_or_from_it(part: Array) -> Array:
    """Pairs j <= t <= i."""
    at_t_or_later = part[..., ::-1, :, :].cumsum(axis=-3)[..., ::-1, :, :]
    C = part.shape[-3]
    return np.where(rows_and_columns(C, 1), at_t_or_later, 0.0).sum(axis=-2)


kernel = bc.Vjp(forward, backward)

BROKEN = {
    # T // chunk chunks of o_bar are read: wrong where T is not a multiple of the chunk length.
    "last_chunk_cut": bc.Vjp(forward, partial(backward, read=whole_chunks)),
    # The cumulative sum includes what step t writes, which exp(g_t) does not touch: g always.
    "gate_of_own_write": bc.Vjp(forward, partial(backward, gate=through_step_or_from_it)),
}
