"""The gated delta rule: a step loop, and chunks in WY form with a backward written by hand.

    Songlin Yang, Jan Kautz, Ali Hatamizadeh,
    "Gated Delta Networks: Improving Mamba2 with Delta Rule", 2024

A state S [K, V] maps keys to values. Each step lets it fade, reads what it has for the key, and
writes what is missing, times beta:

    S'_t = exp(g_t) S_{t-1}
    u_t  = beta_t (v_t - S'_t^T k_t)
    S_t  = S'_t + k_t u_t^T
    o_t  = S_t^T q_t

In a chunk of C steps let D_ij = exp(g_{j+1} + ... + g_i) for j <= i, and c_i the same from the
chunk's start, where the state is S. All u_i of the chunk then solve one triangular system, and W
and U are found for all chunks before any state is known (the WY form; Songlin Yang, Bailin Wang,
Yu Zhang, Yikang Shen, Yoon Kim, "Parallelizing Linear Transformers with the Delta Rule over
Sequence Length", 2024):

    M_ij = beta_i D_ij k_i.k_j  (j < i)      (I + M) U = beta v,    (I + M) W = beta c k
    u    = U - W S                           o_i = c_i S^T q_i + sum_{j<=i} D_ij (q_i.k_j) u_j
    S_next = c_C S + sum_j D_Cj k_j u_j^T

    bptt-check against examples/recurrences/gated_delta_rule.py:kernel \\
        examples/recurrences/gated_delta_rule.py:reference \\
        examples/recurrences/gated_delta_rule.py:INPUTS --dtype bfloat16
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

import bptt_check as bc

INPUTS = bc.Inputs(
    q="T B K",
    k=bc.unit("T B K"),
    v="T B V",
    beta=bc.between(0, 1, "T B"),
    g=bc.between(-5, 0, "T B"),
    S0="B K V",
    sizes={"T": (1, 100), "B": (1, 4), "K": (4, 16), "V": (4, 16)},
    time="T",
)


def reference(
    q: Tensor, k: Tensor, v: Tensor, beta: Tensor, g: Tensor, S0: Tensor
) -> tuple[Tensor, Tensor]:
    """All o (T, B, V) and the last S (B, K, V), step by step."""
    S_t, o = S0, list[Tensor]()
    for t in range(len(q)):
        S_t = g[t].exp()[:, None, None] * S_t
        u_t = beta[t][:, None] * (v[t] - torch.einsum("bkv,bk->bv", S_t, k[t]))
        S_t = S_t + k[t][:, :, None] * u_t[:, None, :]
        o.append(torch.einsum("bkv,bk->bv", S_t, q[t]))
    return torch.stack(o), S_t


def kernel(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    beta: Tensor,
    g: Tensor,
    S0: Tensor,
    chunk: int = 16,
    backward: Callable[..., Any] | None = None,
) -> tuple[Tensor, Tensor]:
    """The same by chunks of so many steps; half precision is computed in float32."""
    half = q.dtype in (torch.float16, torch.bfloat16)
    arrays = [x.float() if half else x for x in (q, k, v, beta, g, S0)]
    o, S = GatedDeltaRule.apply(backward or gradients, chunk, *arrays)
    return o.to(v.dtype), S.to(S0.dtype)


class GatedDeltaRule(torch.autograd.Function):
    """Makes `gradients`, or a broken twin of it, the backward of `outputs`."""

    @staticmethod
    def forward(ctx: Any, backward: Any, chunk: int, *arrays: Tensor) -> Any:
        """(o, S), and what the backward needs."""
        o, S, residuals = outputs(*arrays, chunk=chunk)
        ctx.save_for_backward(*residuals)
        ctx.hand_written = backward
        return o, S

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *bars: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Gradients of all arrays, none of the other arguments."""
        return None, None, *ctx.hand_written(ctx.saved_tensors, *bars)


def in_chunks(x: Tensor, chunk: int) -> Tensor:
    """[T, B, ...] as [N, B, C, ...]: N chunks, zeros after the last step.

    A step of zeros has g = 0 and beta = 0: it leaves the state as it is.
    """
    padding = x.new_zeros(-len(x) % chunk, *x.shape[1:])
    return torch.cat([x, padding]).unflatten(0, (-1, chunk)).transpose(1, 2)


def in_steps(x: Tensor, steps: int) -> Tensor:
    """[N, B, C, ...] as [T, B, ...], without the steps of zeros."""
    return x.transpose(1, 2).flatten(0, 1)[:steps]


def decays(g: Tensor) -> Tensor:
    """[N, B, C] to [N, B, C, 1 + C]: column 0 holds all c_i, column 1 + j all D_ij; 0 above.

    Products, not differences of sums: these would lose digits, and -inf is a decay too.
    """
    C = g.shape[-1]
    after = torch.ones(C, 1 + C, dtype=torch.bool, device=g.device).tril()
    return torch.where(after, g.exp()[..., None], 1.0).cumprod(-2).tril(1)


def outputs(
    q: Tensor, k: Tensor, v: Tensor, beta: Tensor, g: Tensor, S0: Tensor, chunk: int
) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    """All o, the last S, and the residuals."""
    steps, (q, k, v, beta, g) = len(q), (in_chunks(x, chunk) for x in (q, k, v, beta, g))
    decay = decays(g)
    c, D = decay[..., :1], decay[..., 1:]
    M = (beta[..., None] * D * (k @ k.mT)).tril(-1)
    right = torch.cat([beta[..., None] * v, beta[..., None] * c * k], dim=-1)
    solution = torch.linalg.solve_triangular(M, right, upper=False, unitriangular=True)
    U, W = solution.split([v.shape[-1], k.shape[-1]], dim=-1)
    S_n, states, us = S0, list[Tensor](), list[Tensor]()
    for n in range(len(q)):
        states.append(S_n)
        # u = U - W S
        us.append(U[n] - W[n] @ S_n)
        # S_next = c_C S + sum_j D_Cj k_j u_j^T
        S_n = c[n, :, -1:] * S_n + (D[n, :, -1, :, None] * k[n]).mT @ us[n]
    states, u = torch.stack(states), torch.stack(us)
    # o = c S^T q + (D * (q k^T)) u
    o = c * (q @ states) + (D * (q @ k.mT)) @ u
    return in_steps(o, steps), S_n, (q, k, v, beta, decay, M, W, u, states)


def gradients(
    residuals: tuple[Tensor, ...],
    o_bar: Tensor,
    S_bar: Tensor,
    into_state: Callable[[Tensor], Tensor] = lambda S_bar: S_bar,
    into_chunk_before: Callable[[Tensor], Tensor] = lambda S_bar: S_bar,
) -> tuple[Tensor, ...]:
    """Gradients of q, k, v, beta, g and S0.

    `into_state` and `into_chunk_before` hand on the gradient of the state: what comes from outside
    to the last chunk, and what a chunk leaves to the one before it.
    """
    q, k, _v, _beta, decay, M, W, _u, states = residuals
    steps, o_bar = len(o_bar), in_chunks(o_bar, q.shape[2])
    c, D = decay[..., :1], decay[..., 1:]
    u_from_o = (D * (q @ k.mT)).mT @ o_bar
    k_to_end = D[..., -1, :, None] * k
    S_bar = into_state(S_bar)
    S_bars, u_bars = torch.empty_like(states), torch.empty_like(u_from_o)
    for n in reversed(range(len(q))):
        # S_next = c_C S + sum_j D_Cj k_j u_j^T,  o = c S^T q + ...,  u = U - W S
        S_bars[n] = S_bar if n == len(q) - 1 else into_chunk_before(S_bar)
        u_bars[n] = u_from_o[n] + k_to_end[n] @ S_bars[n]
        S_bar = c[n, :, -1:] * S_bars[n] + (c[n] * q[n]).mT @ o_bar[n] - W[n].mT @ u_bars[n]
    # (I + M) u = beta (v - c S^T k): what u_bar is for the right side
    z = torch.linalg.solve_triangular(M.mT, u_bars, upper=True, unitriangular=True)
    bars = in_chunk_gradients(residuals, o_bar, S_bars, z)
    return *(in_steps(bar, steps) for bar in bars), S_bar


def in_chunk_gradients(
    residuals: tuple[Tensor, ...], o_bar: Tensor, S_bars: Tensor, z: Tensor
) -> tuple[Tensor, ...]:
    """Gradients of q, k, v, beta and g by chunks, for the states' and for the right side's, z."""
    q, k, v, beta, decay, _M, _W, u, states = residuals
    (c, D), beta = (decay[..., :1], decay[..., 1:]), beta[..., None]
    kS, qk, kk = k @ states, q @ k.mT, k @ k.mT
    # o = c S^T q + (D * (q k^T)) u
    P_bar = o_bar @ u.mT
    q_bar = c * (o_bar @ states.mT) + (D * P_bar) @ k
    k_bar = (D * P_bar).mT @ q
    # M = beta D (k k^T) below the diagonal
    M_bar = -(z @ u.mT).tril(-1)
    k_bar += (beta * D * M_bar) @ k + (beta * D * M_bar).mT @ k
    beta_bar = (D * kk * M_bar).sum(-1)
    # right side = beta (v - c S^T k)
    v_bar = beta * z
    k_bar -= beta * c * (z @ states.mT)
    beta_bar += (z * (v - c * kS)).sum(-1)
    # S_next = c_C S + sum_j D_Cj k_j u_j^T
    written_bar = u @ S_bars.mT
    k_bar += D[..., -1, :, None] * written_bar
    # c and D, each times its gradient
    c_part = c[..., 0] * ((o_bar * (q @ states)).sum(-1) - (beta * z * kS).sum(-1))
    D_part = D * (qk * P_bar + beta * kk * M_bar)
    c_part[..., -1] += c[..., -1, 0] * (states * S_bars).sum((-1, -2))
    D_part[..., -1, :] += D[..., -1, :] * (k * written_bar).sum(-1)
    g_bar = through_step(torch.cat([c_part[..., None], D_part], dim=-1))
    return q_bar, k_bar, v_bar, beta_bar, g_bar


def through_step(part: Tensor) -> Tensor:
    """[..., C, 1 + C] to [..., C]: for each step t the sum over pairs j < t <= i of a decay."""
    return part.flip(-2).cumsum(-2).flip(-2).tril().sum(-1)


BROKEN: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
    # Each chunk's backward starts from zero, as if no chunk came after it: wrong where T > chunk.
    "lost_carry": partial(kernel, backward=partial(gradients, into_chunk_before=torch.zeros_like)),
    # The last state is taken for a by-product: its gradient is not read.
    "last_state_unread": partial(kernel, backward=partial(gradients, into_state=torch.zeros_like)),
}
