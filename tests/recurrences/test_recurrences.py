"""Recurrences as people write them in NumPy: each is differentiated and rounded as it stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.plain_code import assert_derivative, cotangents_of, drawn

from bptt_check.equations.arithmetics.rounding import deviation
from bptt_check.equations.arithmetics.rounding_model import RoundingModel
from bptt_check.recurrences.numpy_code import NumPyCode

T, B, K, V = 7, 2, 3, 4


def sigmoid(x):
    return np.where(
        x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x)))
    )


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def lstm(x, W, U, b):
    """S. Hochreiter and J. Schmidhuber, 1997, with forget gates, in a buffer."""
    H = U.shape[0]
    h, c = np.zeros((B, H)), np.zeros((B, H))
    hs = np.empty((T, B, H))
    for t in range(T):
        i, f, g, o = np.split(x[t] @ W + h @ U + b, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        hs[t] = h
    return {"hs": hs, "last": (h, c)}


def selective_scan(x, delta, A, B_t, C_t, D):
    """A. Gu and T. Dao, "Mamba", 2023: x and delta [T, B, V], B_t and C_t [T, B, K], A [V, K]."""
    step = softplus(delta)
    decay = np.exp(np.einsum("tbv,vk->tbvk", step, -np.exp(A)))
    drive = np.einsum("tbv,tbk,tbv->tbvk", step, B_t, x)
    h = np.zeros_like(decay[0])
    ys = []
    for t in range(len(x)):
        h = decay[t] * h + drive[t]
        ys.append((h * C_t[t][:, None, :]).sum(axis=-1))
    return np.stack(ys) + D * x


def min_gru_in_logs(z, h_new, h):
    """L. Feng et al., "Were RNNs all we needed?", 2024: the parallel form in logarithms."""
    log_keep = -softplus(z)
    log_values = -softplus(-z) + np.log(np.exp(h_new) + 0.5)
    a_star = np.cumsum(log_keep, axis=0)
    terms = np.concatenate([np.log(np.exp(h) + 0.5)[None], log_values - a_star])
    largest = terms.max(axis=0)
    sums = np.log(np.cumsum(np.exp(terms - largest), axis=0)) + largest
    return np.exp(a_star + sums[1:])


def mlstm(q, k, v, i, f):
    """M. Beck et al., "xLSTM", 2024: the stabilised step, in float64 and arrays made here."""
    C, n, m = np.zeros((B, K, V)), np.zeros((B, K)), np.full((B,), -np.inf)
    out = np.zeros((T, B, V))
    for t in range(T):
        log_f = -softplus(-f[t])
        m_new = np.maximum(log_f + m, i[t])
        keep, add = np.exp(log_f + m - m_new), np.exp(i[t] - m_new)
        C = keep[:, None, None] * C + add[:, None, None] * k[t][:, :, None] * v[t][:, None, :]
        n = keep[:, None] * n + add[:, None] * k[t]
        m = m_new
        size = np.maximum(np.abs((n * q[t]).sum(-1)), np.exp(-m))
        out[t] = np.einsum("bk,bkv->bv", q[t], C) / size[:, None]
    return out, (C, n, m)


def chunked_delta_rule(q, k, v, beta, g, S):
    """S. Yang et al., "Gated Delta Networks", 2024: chunks of 3 in the WY form, one sequence."""
    out = np.empty((T, V))
    for start in range(0, T, 3):
        rows = slice(start, min(start + 3, T))
        qc, kc, vc, bc = q[rows], k[rows], v[rows], beta[rows][:, None]
        decay = np.cumsum(g[rows])
        between = decay[:, None] - decay[None, :]
        causal = np.tril(np.ones(between.shape, bool))
        gates = np.exp(np.where(causal, between, -np.inf))
        low = np.tril(bc * (kc @ kc.T) * gates, -1)
        inverse = np.linalg.inv(np.eye(len(low)) + low)
        u = inverse @ (bc * (vc - np.exp(decay)[:, None] * (kc @ S)))
        out[rows] = np.exp(decay)[:, None] * (qc @ S) + (qc @ kc.T * gates) @ u
        S = np.exp(decay[-1]) * S + (kc * np.exp(decay[-1] - decay)[:, None]).T @ u
    return out, S


def rwkv(r, k, v, w, u):
    """B. Peng et al., "Eagle and Finch", 2024: decays that depend on the data, in place."""
    S = np.zeros((B, K, V))
    out = np.zeros((T, B, V))
    for t in range(T):
        for b in range(B):
            kv = np.outer(k[t, b], v[t, b])
            out[t, b] += r[t, b] @ (S[b] + u[:, None] * kv)
            S[b] *= np.exp(-np.exp(w[t, b]))[:, None]
            S[b] += kv
    return out, S


def rotations(x, nu, theta, h):
    """A. Orvieto et al., "Resurrecting recurrent neural networks", 2023, in real and imaginary
    parts, and from the last step to the first.
    """
    size = np.exp(-np.exp(nu))
    real, imaginary = size * np.cos(theta), size * np.sin(theta)
    a, b = h, np.zeros_like(h)
    ys = np.zeros((T, B, V))
    for t in reversed(range(T)):
        a, b = real * a - imaginary * b + np.sqrt(1 - size**2) * x[t], real * b + imaginary * a
        ys[t] = a
    return np.flip(ys, axis=0)


def associative_scan(decay, drive):
    """By doubling, as G. Blelloch's scans are taught, on whole arrays."""
    a, b = 1 / (1 + np.exp(-decay)), drive
    shift = 1
    while shift < len(a):
        before_a = np.concatenate([np.ones((shift, *a.shape[1:])), a[:-shift]])
        before_b = np.pad(b, ((shift, 0), (0, 0), (0, 0)))[: len(b)]
        a, b = a * before_a, a * before_b + b
        shift *= 2
    return b


def attention_with_positions(q, k, v, lengths):
    """Scores masked by lengths, and normalised; heads moved about."""
    scores = np.einsum("tbk,sbk->bts", q, k) / np.sqrt(K)
    mask = np.arange(T)[None, :] < lengths[:, None]
    scores = np.where(mask[:, None] & np.tri(T, dtype=bool), scores, -1e9)
    scores -= scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores)
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.moveaxis(weights @ np.swapaxes(v, 0, 1), 0, 1)


def _arrays(**shapes: tuple[int, ...]) -> dict[str, Any]:
    return drawn(3, **shapes)


TBK, TBV, TB = (T, B, K), (T, B, V), (T, B)
RECURRENCES: list[tuple[Any, dict[str, Any]]] = [
    (lstm, _arrays(x=TBK, W=(K, 12), U=(3, 12), b=(12,))),
    (selective_scan, _arrays(x=TBV, delta=TBV, A=(V, K), B_t=TBK, C_t=TBK, D=(V,))),
    (min_gru_in_logs, _arrays(z=TBV, h_new=TBV, h=(B, V))),
    (mlstm, _arrays(q=TBK, k=TBK, v=TBV, i=TB, f=TB)),
    (
        chunked_delta_rule,
        _arrays(q=(T, K), k=(T, K), v=(T, V), S=(K, V))
        | {"beta": np.linspace(0.1, 0.9, T), "g": -np.linspace(0.5, 0.1, T)},
    ),
    (rwkv, _arrays(r=TBK, k=TBK, v=TBV, w=TBK, u=(K,))),
    (rotations, _arrays(x=TBV, nu=(V,), theta=(V,), h=(B, V))),
    (associative_scan, _arrays(decay=TBV, drive=TBV)),
    (attention_with_positions, _arrays(q=TBK, k=TBK, v=TBV)),
]


@pytest.mark.parametrize(
    ("function", "arrays"), RECURRENCES, ids=lambda p: getattr(p, "__name__", "")
)
def test_a_recurrence_as_it_stands(function, arrays):
    """Its gradient is its own derivative, and rounding moves it little and everywhere."""
    constants = {"lengths": np.array([T, 3])} if "positions" in function.__name__ else {}
    wrt = list(arrays)
    arrays = arrays | constants
    assert_derivative(function, arrays, *wrt)

    code = NumPyCode(function)
    bars = cotangents_of(code.outputs(arrays))
    truth = code.gradients(arrays, bars, wrt)
    samples = code.rounded(arrays, bars, wrt, RoundingModel("float32"), 8)

    for exact, of_samples in ((truth.outputs, samples.outputs), (truth.grads, samples.grads)):
        for name, result in exact.items():
            scatter = deviation(of_samples[name])
            size = np.abs(result).max()
            # from a hundredth of a unit to ten thousand: what is lost in some hundred operations
            assert 0.01 * 2.0**-24 < scatter.max() / size < 1e4 * 2.0**-24, name
