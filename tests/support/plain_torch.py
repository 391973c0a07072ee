"""Recurrences as people write them in PyTorch, for tests of how such code is read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

T, B, K, V = 8, 3, 4, 5


def drawn(seed: int = 0, **shapes: tuple[int, ...]) -> dict[str, Any]:
    """Arrays of normal numbers of 7 digits, so that bfloat16 has them too."""
    rng = np.random.default_rng(seed)
    return {n: np.round(rng.normal(size=shape) * 32) / 32 for n, shape in shapes.items()}


def delta_rule(q, k, v, beta, decay, S):
    """S. Yang et al., "Gated Delta Networks", 2024, step by step."""
    outs = []
    k = k / k.square().sum(-1, keepdim=True).sqrt()
    for t in range(len(q)):
        S = S * torch.sigmoid(decay[t])[:, None, None]
        u = torch.sigmoid(beta[t])[:, None] * (v[t] - torch.einsum("bk,bkv->bv", k[t], S))
        S = S + k[t][:, :, None] * u[:, None, :]
        outs.append(torch.einsum("bk,bkv->bv", q[t], S))
    return torch.stack(outs), S


def lstm(x, W, U, b):
    """S. Hochreiter and J. Schmidhuber, 1997, with forget gates."""
    h = c = x.new_zeros(x.shape[1], U.shape[0])
    outs = []
    for t in range(len(x)):
        i, f, g, o = F.linear(x[t], W.T).add(F.linear(h, U.T, b)).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        outs.append(h)
    return {"hs": torch.stack(outs), "last": (h, c)}


def softmax_attention(q, k, v, slope):
    """Scores that fall with the distance, and none of what comes later."""
    far = torch.arange(len(q))[:, None] - torch.arange(len(q))
    scores = torch.einsum("tbk,sbk->bts", q, k) / math.sqrt(q.shape[-1])
    scores = scores - F.softplus(slope).T[:, :, None] * far.clamp_min(0)
    weights = torch.softmax(scores.masked_fill(far < 0, float("-inf")), -1)
    return torch.einsum("bts,sbv->tbv", weights, v)


def normalised(x, W, weight, bias):
    """A layer norm in a loop."""
    h = x[0]
    outs = []
    for t in range(len(x)):
        h = F.layer_norm(h @ W + x[t], (x.shape[-1],), weight, bias)
        outs.append(h)
    return torch.stack(outs)


def gates_in_logs(x, z):
    """Decays as running sums of log-sigmoids."""
    log_decay = torch.cumsum(F.logsigmoid(z), 0)
    between = log_decay[:, None] - log_decay[None]
    causal = torch.tril(torch.ones(len(x), len(x), dtype=torch.bool))[:, :, None]
    weights = torch.exp(between.masked_fill(~causal, -math.inf))
    return torch.einsum("tsb,sbv->tbv", weights, x)


def running_sums(x, z):
    """Means so far, under weights."""
    weights = torch.exp(z)[..., None]
    return torch.cumsum(weights * x, 0) / torch.cumsum(weights, 0)


def in_own_tensor(x, W):
    """Into a tensor made before, and with states that are written over."""
    out = x.new_empty(len(x), x.shape[1], W.shape[1])
    S = torch.zeros(x.shape[1], W.shape[1], dtype=x.dtype)
    for t in range(len(x)):
        S.mul_(0.5)
        S += torch.tanh(x[t] @ W + S.clone())
        out[t] = S
    return out


TBK, TBV, TB = (T, B, K), (T, B, V), (T, B)
FEW = 4
"""Steps where sums run over all of them."""
RECURRENCES: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "delta rule": (
        delta_rule,
        drawn(q=TBK, k=TBK, v=TBV, beta=TB, decay=TB, S=(B, K, V)),
    ),
    "lstm": (lstm, drawn(x=TBK, W=(K, 4 * V), U=(V, 4 * V), b=(4 * V,))),
    "attention": (
        softmax_attention,
        drawn(q=(FEW, B, K), k=(FEW, B, K), v=(FEW, B, V), slope=(FEW, B)),
    ),
    "layer norm": (normalised, drawn(x=TBV, W=(V, V), weight=(V,), bias=(V,))),
    "log-sigmoids": (gates_in_logs, drawn(x=(FEW, B, V), z=(FEW, B))),
    "running sums": (running_sums, drawn(x=(FEW, B, V), z=(FEW, B))),
    "own tensor": (in_own_tensor, drawn(x=TBK, W=(K, V))),
}
