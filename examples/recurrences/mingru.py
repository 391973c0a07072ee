"""minGRU: a gated recurrence whose gate and candidate see the input only.

Leo Feng, Frederick Tung, Mohamed Osama Ahmed, Yoshua Bengio, Hossein Hajimirsadeghi, "Were RNNs
All We Needed?", 2024:

    z_t = sigmoid(W_z x_t + b_z)
    c_t = W_h x_t + b_h                        the candidate
    h_t = (1 - z_t) * h_{t-1} + z_t * c_t

`reference` takes the steps one by one. `kernel` computes gates and candidates of all steps in one
product each, then solves the recurrence chunk by chunk: within a chunk, h_t is a weighted sum of
the state that enters it and of all z_s c_s with s <= t.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import bptt_check as bc

Array = NDArray[Any]

INPUTS = bc.Inputs(
    x="T B D",
    W_z=bc.normal("H D", scale=0.5),
    b_z="H",
    W_h=bc.normal("H D", scale=0.5),
    b_h="H",
    h0="B H",
    sizes={"T": (1, 100), "B": (1, 4), "D": (1, 8), "H": (1, 8)},
    time="T",
)


def reference(x: Array, W_z: Array, b_z: Array, W_h: Array, b_h: Array, h0: Array) -> Any:
    """All states [T, B, H] and the last one [B, H], step by step.

    Args:
        x: [T, B, D].
        W_z, W_h: [H, D].
        b_z, b_h: [H].
        h0: [B, H].
    """
    h_t, hs = h0, []
    for x_t in x:
        z_t = 1 / (1 + np.exp(-(x_t @ W_z.T + b_z)))
        c_t = x_t @ W_h.T + b_h
        h_t = (1 - z_t) * h_t + z_t * c_t
        hs.append(h_t)
    return np.stack(hs), h_t


def spans(T: int, chunk: int) -> list[slice]:
    """The chunks of T steps; the last one may be shorter."""
    return [slice(first, min(first + chunk, T)) for first in range(0, T, chunk)]


def decays(log_keep: Array) -> Array:
    """How much of each source is left at each step of a chunk.

    Sums of logarithms over s < r <= t rather than differences of cumulative sums, which would
    cancel.

    Args:
        log_keep: log(1 - z_t) of the chunk's steps, [C, B, H].

    Returns:
        P [C, C + 1, B, H]. P[t, 0] = prod_{r <= t} (1 - z_r) is left of the state that enters,
        P[t, 1 + s] = prod_{s < r <= t} (1 - z_r) of what step s adds, and 0 for s > t.
    """
    t, source = np.arange(len(log_keep))[:, None], np.arange(len(log_keep) + 1)
    later = (source <= t)[:, :, None, None]  # source 1 + s is multiplied by steps r > s
    logs = np.cumsum(np.where(later, log_keep[:, None], 0), axis=0)
    return np.where((source <= t + 1)[:, :, None, None], np.exp(logs), 0)


def forward(
    x: Array, W_z: Array, b_z: Array, W_h: Array, b_h: Array, h0: Array, chunk: int = 16
) -> tuple[tuple[Array, Array], Any]:
    """What `reference` gives, and what `backward` needs; shapes as there.

    Half precision is computed in float32.
    """
    work = np.result_type(x.dtype, np.float32)
    X, U, V, h_in = (array.astype(work) for array in (x, W_z, W_h, h0))
    a = X @ U.T + b_z
    c = X @ V.T + b_h
    z, log_keep = np.exp(-np.logaddexp(0, -a)), -np.logaddexp(0, a)
    h, h_prev = np.empty_like(c), np.empty_like(c)
    for span in spans(len(x), chunk):
        sources = np.concatenate([h_in[None], z[span] * c[span]])
        # h_t = P[t, 0] h_in + sum_{s <= t} P[t, 1 + s] z_s c_s
        h[span] = np.einsum("tsbh,sbh->tbh", decays(log_keep[span]), sources)
        h_prev[span] = np.concatenate([h_in[None], h[span][:-1]])
        h_in = h[span][-1]
    outputs = h.astype(x.dtype), h[-1].astype(x.dtype)
    return outputs, (X, U, V, z, c, log_keep, h_prev, chunk, x.dtype)


def carried(h_in_bar: Array) -> Array:
    """What a chunk hands to the one before it: all that its incoming state got."""
    return h_in_bar


def backward(
    residuals: Any,
    cotangents: Sequence[Array],
    carry: Callable[[Array], Array] = carried,
    cut: Callable[[int, int], list[slice]] = spans,
) -> Mapping[str, Array]:
    """The gradients of all inputs, by name.

    Args:
        residuals: of `forward`.
        cotangents: of all states [T, B, H] and of the last one [B, H].
        carry: from the gradient of a chunk's incoming state to what the chunk before gets.
        cut: the chunks.
    """
    X, U, V, z, c, log_keep, h_prev, chunk, dtype = residuals
    h_bar, h_in_bar = (bar.astype(z.dtype) for bar in cotangents)
    h_sum_bar = np.zeros_like(h_bar)  # of h_t, by its own cotangent and by all later steps
    for span in reversed(cut(len(h_bar), chunk)):
        bars = h_bar[span].copy()
        bars[-1] += h_in_bar
        # dL/d(z_s c_s) = sum_{t >= s} P[t, 1 + s] h_t_bar, and dL/dh_in by P[t, 0]
        source_bars = np.einsum("tsbh,tbh->sbh", decays(log_keep[span]), bars)
        h_sum_bar[span] = source_bars[1:]
        h_in_bar = source_bars[0] if span.start == 0 else carry(source_bars[0])
    # h_t = h_{t-1} + z_t (c_t - h_{t-1}), and 1 - z_t = exp(log_keep_t)
    a_bar = h_sum_bar * (c - h_prev) * z * np.exp(log_keep)
    c_bar = h_sum_bar * z
    gradients = {
        "x": a_bar @ U + c_bar @ V,
        "W_z": np.einsum("tbh,tbd->hd", a_bar, X),
        "b_z": a_bar.sum(axis=(0, 1)),
        "W_h": np.einsum("tbh,tbd->hd", c_bar, X),
        "b_h": c_bar.sum(axis=(0, 1)),
        "h0": h_in_bar,
    }
    return {name: gradient.astype(dtype) for name, gradient in gradients.items()}


def whole_spans(T: int, chunk: int) -> list[slice]:
    """The chunks that are full."""
    return spans(T - T % chunk, chunk)


kernel = bc.Vjp(forward, backward)

BROKEN = {
    # each chunk starts its backward pass with zeros: nothing goes from a chunk to the one before
    "carry lost": bc.Vjp(forward, partial(backward, carry=np.zeros_like)),
    # the backward pass loops over T // chunk chunks: the steps of a shorter last one get nothing
    "last chunk cut": bc.Vjp(forward, partial(backward, cut=whole_spans)),
}
