"""RWKV-6: linear attention with a decay for each channel and step, and a bonus for the own step.

Bo Peng, Daniel Goldstein, Quentin Anthony and others, "Eagle and Finch: RWKV with Matrix-Valued
States and Dynamic Recurrence", 2024; for each head, with the decay w_t in (0, 1):

    w_t = exp(-exp(d_t))
    y_t = (S_{t-1} + diag(u) k_t v_t^T)^T r_t
    S_t = diag(w_t) S_{t-1} + k_t v_t^T

`reference` takes the steps one by one. `kernel` works chunk by chunk: within a chunk, every step
reads the state that enters it and all v_s with s <= t at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import bptt_check as bc

Array = NDArray[Any]
Back = Callable[[Array, Array], Array]

INPUTS = bc.Inputs(
    r="T B H K",
    k="T B H K",
    v="T B H V",
    d=bc.between(-6, 1, "T B H K"),
    u="H K",
    S0="B H K V",
    sizes={"T": (1, 100), "B": (1, 3), "H": (1, 3), "K": (1, 8), "V": (1, 8)},
    time="T",
)


def reference(r: Array, k: Array, v: Array, d: Array, u: Array, S0: Array) -> tuple[Array, Array]:
    """All y_t [T, B, H, V], and S_T [B, H, K, V], step by step.

    Args:
        r, k, d: [T, B, H, K].
        v: [T, B, H, V].
        u: [H, K].
        S0: [B, H, K, V].
    """
    S_t, ys = S0, []
    for t in range(len(r)):
        kv_t = k[t][..., None] * v[t][..., None, :]
        ys.append(np.sum(r[t][..., None] * (S_t + u[..., None] * kv_t), axis=-2))
        S_t = np.exp(-np.exp(d[t]))[..., None] * S_t + kv_t
    return np.stack(ys), S_t


class Chunk(NamedTuple):
    """One chunk of C steps.

    Attributes:
        r, k: [C, B, H, K].
        v: [C, B, H, V].
        log_w: [C, B, H, K].
    """

    r: Array
    k: Array
    v: Array
    log_w: Array


def chunks_of(arrays: Chunk, chunk: int) -> Iterator[Chunk]:
    """The steps in chunks; the last one may be shorter."""
    for first in range(0, len(arrays.r), chunk):
        yield Chunk(*(array[first : first + chunk] for array in arrays))


def weights_of(log_w: Array, u: Array) -> Array:
    """The weight of each source at each step of a chunk, and after it.

    Sums of logarithms over s < q < t rather than differences of cumulative sums, which would
    cancel, or products of exponentials, which would overflow.

    Args:
        log_w: [C, B, H, K].
        u: [H, K].

    Returns:
        P [C + 1, C + 1, B, H, K], row C for the state that leaves. P[t, 0] = prod_{q < t} w_q is
        for the state that enters, P[t, 1 + s] = prod_{s < q < t} w_q for step s < t and u for
        s = t, and 0 for s > t.
    """
    row = source = np.arange(len(log_w) + 1)
    difference = (row[:, None] - source)[:, :, None, None, None]  # t - s - 1
    steps = np.concatenate([np.zeros_like(log_w[:1]), log_w])  # row t has the new factor w_{t-1}
    P = np.exp(np.cumsum(np.where(difference > 0, steps[:, None], 0), axis=0))
    return np.where(difference >= 0, P, np.where(difference == -1, u, 0))


def forward(
    r: Array, k: Array, v: Array, d: Array, u: Array, S0: Array, chunk: int = 16
) -> tuple[tuple[Array, Array], Any]:
    """What `reference` gives, and what `backward` needs; shapes as there.

    Half precision is computed in float32.
    """
    dtype, work = r.dtype, np.result_type(r.dtype, np.float32)
    r, k, v, d, u, S_in = (array.astype(work) for array in (r, k, v, d, u, S0))
    arrays, ys, states = Chunk(r, k, v, -np.exp(d)), [], []
    for part in chunks_of(arrays, chunk):
        states.append(S_in)
        P = weights_of(part.log_w, u)
        # y_t = S_in^T (P[t, 0] * r_t) + sum_{s <= t} (r_t^T (P[t, 1 + s] * k_s)) v_s
        read = np.einsum("tbhk,tsbhk,sbhk->tsbh", part.r, P[:-1, 1:], part.k)
        ys.append(np.einsum("tsbh,sbhv->tbhv", read, part.v))
        ys[-1] += np.einsum("tbhk,bhkv->tbhv", P[:-1, 0] * part.r, S_in)
        # S = P[C, 0] * S_in + sum_s (P[C, 1 + s] * k_s) v_s^T
        added = np.einsum("sbhk,sbhv->bhkv", P[-1, 1:] * part.k, part.v)
        S_in = P[-1, 0][..., None] * S_in + added
    outputs = np.concatenate(ys).astype(dtype), S_in.astype(dtype)
    return outputs, (arrays, u, states, chunk, dtype)


def decay_bars(logs_bar: Array) -> Array:
    """The gradient of all log w_q of a chunk, by that of the logarithms of its weights.

    Args:
        logs_bar: [C + 1, C + 1, B, H, K], 0 where P is u or 0.
    """
    # log w_q is in P[t, 0] for q < t, and in P[t, 1 + s] for s < q < t
    steps = np.arange(len(logs_bar) - 1)
    inside = (steps < np.arange(len(logs_bar))[:, None])[:, :, None, None, None]
    return np.where(inside, np.cumsum(logs_bar, axis=1)[:, :-1], 0).sum(axis=0)


def handed_back(decay: Array, S_bar: Array) -> Array:
    """What the state that enters a chunk gets through the one that leaves it, [B, H, K, V].

    Args:
        decay: prod_t w_t of the chunk, [B, H, K].
        S_bar: of the state that leaves, [B, H, K, V].
    """
    return decay[..., None] * S_bar


def chunk_bars(
    part: Chunk, P: Array, S_in: Array, y_bar: Array, S_bar: Array, back: Back
) -> tuple[Chunk, Array, Array]:
    """What a chunk gives to its inputs (the last to log w), to u, and to the state that enters.

    Args:
        part, P, S_in: the chunk, its weights, and the state that enters.
        y_bar: [C, B, H, V].
        S_bar: of the state that leaves, [B, H, K, V].
        back: `handed_back`, or what stands in its place.
    """
    P_in, P_own, P_end = P[:-1, 0], P[:-1, 1:], P[-1, 1:]
    yv = np.einsum("tbhv,sbhv->tsbh", y_bar, part.v)
    yS = np.einsum("tbhv,bhkv->tbhk", y_bar, S_in)
    vS = np.einsum("sbhv,bhkv->sbhk", part.v, S_bar)
    P_bar = yv[..., None] * part.r[:, None] * part.k
    # of log P; on its diagonal P_own is u, which is no decay
    own = np.arange(len(y_bar))
    logs_bar = np.zeros_like(P)
    logs_bar[:-1, 0] = P_in * part.r * yS
    logs_bar[:-1, 1:] = P_own * P_bar
    logs_bar[own, 1 + own] = 0
    logs_bar[-1, 0] = P[-1, 0] * np.sum(S_in * S_bar, axis=-1)
    logs_bar[-1, 1:] = P_end * part.k * vS
    read = np.einsum("tbhk,tsbhk,sbhk->tsbh", part.r, P_own, part.k)
    bars = Chunk(
        r=np.einsum("tsbh,tsbhk,sbhk->tbhk", yv, P_own, part.k) + P_in * yS,
        k=np.einsum("tsbh,tsbhk,tbhk->sbhk", yv, P_own, part.r) + P_end * vS,
        v=np.einsum("tsbh,tbhv->sbhv", read, y_bar)
        + np.einsum("sbhk,bhkv->sbhv", P_end * part.k, S_bar),
        log_w=decay_bars(logs_bar),
    )
    S_in_bar = np.einsum("tbhk,tbhv->bhkv", P_in * part.r, y_bar) + back(P[-1, 0], S_bar)
    return bars, P_bar[own, own].sum(axis=(0, 1)), S_in_bar


def added_up(u_bars: Sequence[Array]) -> Array:
    """The gradient of u by those of the chunks, the last chunk first."""
    return np.sum(u_bars, axis=0)


def backward(
    residuals: Any,
    cotangents: Sequence[Array],
    back: Back = handed_back,
    total: Callable[[Sequence[Array]], Array] = added_up,
) -> Mapping[str, Array]:
    """The gradients of all inputs, by name.

    Args:
        residuals: of `forward`.
        cotangents: of all y_t [T, B, H, V] and of S_T [B, H, K, V].
        back: what the state that enters a chunk gets through the one that leaves it.
        total: what the chunks give to u together.
    """
    arrays, u, states, chunk, dtype = residuals
    y_bar, S_bar = (bar.astype(u.dtype) for bar in cotangents)
    chunks, bars, u_bars = list(chunks_of(arrays, chunk)), [], []
    for n in reversed(range(len(chunks))):
        y_bars = y_bar[n * chunk : (n + 1) * chunk]
        P = weights_of(chunks[n].log_w, u)
        part_bars, u_bar, S_bar = chunk_bars(chunks[n], P, states[n], y_bars, S_bar, back)
        bars.append(part_bars)
        u_bars.append(u_bar)
    joined = Chunk(*(np.concatenate(parts[::-1]) for parts in zip(*bars, strict=True)))
    gradients = {
        "r": joined.r,
        "k": joined.k,
        "v": joined.v,
        "d": joined.log_w * arrays.log_w,  # log w = -exp(d), so dlog w = log w dd
        "u": total(u_bars),
        "S0": S_bar,
    }
    return {name: gradient.astype(dtype) for name, gradient in gradients.items()}


def without_decay(decay: Array, S_bar: Array) -> Array:
    """The gradient of the state as it leaves."""
    return S_bar


def last_written(u_bars: Sequence[Array]) -> Array:
    """What the first chunk gives, which the loop comes to last."""
    return u_bars[-1]


kernel = bc.Vjp(forward, backward)

BROKEN = {
    # the gradient of the state is handed to the chunk before without this chunk's decay
    "decay of the carry forgotten": bc.Vjp(forward, partial(backward, back=without_decay)),
    # each chunk assigns the gradient of u where it should add, so that only the first one counts
    "bonus assigned": bc.Vjp(forward, partial(backward, total=last_written)),
}
