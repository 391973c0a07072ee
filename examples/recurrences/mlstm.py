"""mLSTM: a matrix memory with scalar exponential gates and a normaliser.

Maximilian Beck, Korbinian Pöppel, Markus Spanring, Andreas Auer, Oleksandra Prudnikova, Michael
Kopp, Günter Klambauer, Johannes Brandstetter, Sepp Hochreiter, "xLSTM: Extended Long Short-Term
Memory", 2024, for one head, without the output gate; C is written transposed, [K, V]:

    i_t = exp(a^i_t)    f_t = sigmoid(a^f_t)
    C_t = f_t C_{t-1} + i_t (k_t / sqrt(K)) v_t^T
    n_t = f_t n_{t-1} + i_t (k_t / sqrt(K))
    h_t = C_t^T q_t / max(|n_t^T q_t|, 1)

and, so that no exponential overflows, with C_t and n_t divided by exp(m_t):

    m_t = max(log f_t + m_{t-1}, a^i_t)
    i'_t = exp(a^i_t - m_t)    f'_t = exp(log f_t + m_{t-1} - m_t)
    h_t = C'_t^T q_t / max(|n'_t^T q_t|, exp(-m_t))

States go in and out undivided: m_0 = 0, and the last C and n are multiplied by exp(m_T).

`reference` takes the steps so. `kernel` works chunk by chunk: within a chunk, every step reads the
state that enters it and all v_s with s <= t at once, as attention does. n is a further column of
C, and 1 a further entry of v_t. No result depends on any m_t, so the backward pass takes them for
constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import logsigmoid, one_hot, pad

import bptt_check as bc

Mask = Callable[[Tensor, Tensor], Tensor]
Decay = Callable[[Tensor, Tensor], Tensor]

INPUTS = bc.Inputs(
    q="T B K",
    k="T B K",
    v="T B V",
    i="T B",
    f=bc.between(-3, 6, "T B"),
    C0="B K V",
    n0="B K",
    sizes={"T": (1, 100), "B": (1, 4), "K": (1, 16), "V": (1, 16)},
    time="T",
)


def reference(
    q: Tensor, k: Tensor, v: Tensor, i: Tensor, f: Tensor, C0: Tensor, n0: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """All h_t [T, B, V], and C_T [B, K, V] and n_T [B, K], step by step.

    Args:
        q, k: [T, B, K]; B counts sequences and heads.
        v: [T, B, V].
        i, f: a^i_t and a^f_t, [T, B].
        C0, n0: [B, K, V] and [B, K].
    """
    C_t, n_t, m_t, hs = C0, n0, torch.zeros_like(i[0]), []
    k, log_f = k * k.shape[-1] ** -0.5, logsigmoid(f)
    for t in range(len(q)):
        m_prev, m_t = m_t, torch.maximum(log_f[t] + m_t, i[t])
        i_t = torch.exp(i[t] - m_t)[:, None]
        f_t = torch.exp(log_f[t] + m_prev - m_t)[:, None]
        C_t = f_t[:, None] * C_t + (i_t * k[t])[:, :, None] * v[t][:, None]
        n_t = f_t * n_t + i_t * k[t]
        divisor = torch.maximum(torch.abs((n_t * q[t]).sum(dim=1)), torch.exp(-m_t))
        hs.append((C_t * q[t][:, :, None]).sum(dim=1) / divisor[:, None])
    scale = torch.exp(m_t)[:, None]
    return torch.stack(hs), C_t * scale[:, None], n_t * scale


class Chunk(NamedTuple):
    """One chunk of C steps: q, k [B, C, K]; v with its entry 1 [B, C, V + 1]; i, log_f [B, C]."""

    q: Tensor
    k: Tensor
    v: Tensor
    i: Tensor
    log_f: Tensor


def chunks_of(arrays: Chunk, chunk: int) -> Iterator[Chunk]:
    """The steps in chunks; the last one may be shorter."""
    for parts in zip(*(array.split(chunk, dim=1) for array in arrays), strict=True):
        yield Chunk(*parts)


def weights_of(part: Chunk, m_in: Tensor) -> tuple[Tensor, Tensor]:
    """The weight of each source at each step of a chunk, and the stabilisers m_t [B, C].

    Sums of logarithms over s < r <= t rather than differences of cumulative sums, which would
    cancel.

    `m_in` [B] is the stabiliser of the state that enters.

    Returns:
        P [B, C, C + 1] and m. P[t, 0] = exp(sum_{r <= t} log f_r + m_in - m_t) is for the state,
        P[t, 1 + s] = exp(sum_{s < r <= t} log f_r + a^i_s - m_t) for step s, and 0 for s > t.
    """
    source = torch.arange(part.i.shape[1] + 1, device=part.i.device)
    r = source[:-1, None]
    logs = torch.where(source <= r, part.log_f[:, :, None], 0).cumsum(dim=1)
    logs = logs + torch.cat([m_in[:, None], part.i], dim=1)[:, None]
    logs = logs.masked_fill(source > r + 1, -torch.inf)
    m = logs.amax(dim=2)
    return torch.exp(logs - m[:, :, None]), m


def read(part: Chunk, P: Tensor, S_in: Tensor) -> Tensor:
    """C'_t^T q_t and n'_t^T q_t of all steps of a chunk, [B, C, V + 1].

    Args:
        part, P: the chunk and its weights.
        S_in: the state that enters, C' and n' side by side, [B, K, V + 1].
    """
    # y_t = P[t, 0] S_in^T q_t + sum_{s <= t} P[t, 1 + s] (q_t^T k_s) v_s
    return P[:, :, :1] * (part.q @ S_in) + (P[:, :, 1:] * (part.q @ part.k.mT)) @ part.v


def state_after(part: Chunk, P: Tensor, S_in: Tensor) -> Tensor:
    """The state that leaves a chunk, [B, K, V + 1]: what the weights of its last step make."""
    last = P[:, -1]
    return last[:, :1, None] * S_in + (part.k * last[:, 1:, None]).mT @ part.v


def above(size: Tensor, floor: Tensor) -> Tensor:
    """Where max(size, floor) is size."""
    return size > floor


def divided_bars(h_bar: Tensor, y: Tensor, m: Tensor, moves: Mask) -> tuple[Tensor, Tensor]:
    """What y_t gets through h_t = y_t[:V] / max(|y_t[V]|, exp(-m_t)), [B, C, V + 1], and `moves`.

    Args:
        h_bar, y, m: of all h_t of a chunk, [B, C, V]; of `read`; [B, C].
        moves: of |y_t[V]| and exp(-m_t), where the first moves the divisor.
    """
    size, floor = torch.abs(y[:, :, -1]), torch.exp(-m)
    divisor = torch.maximum(size, floor)
    y_bar = h_bar / divisor[:, :, None]
    # d(1 / x) = -dx / x^2
    size_bar = -(y_bar * y[:, :, :-1]).sum(dim=2) / divisor
    moved = moves(size, floor)
    last_bar = torch.where(moved, size_bar * torch.sign(y[:, :, -1]), 0)
    return torch.cat([y_bar, last_bar[:, :, None]], dim=2), moved


def balanced(logs_bar: Tensor, P: Tensor, moved: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of log P without what cancels in it, and which weight was found by the others.

    Where h_t is a quotient of two sums, a common factor of all weights P[t] does not change it: the
    largest one gets what the others get, with the other sign.
    """
    largest = one_hot(P.argmax(dim=2), P.shape[2]).bool() & moved[:, :, None]
    others = logs_bar.masked_fill(largest, 0).sum(dim=2, keepdim=True)
    return torch.where(largest, -others, logs_bar), largest


def decay_bars(logs_bar: Tensor, largest: Tensor) -> Tensor:
    """The gradient of all log f_r of a chunk, [B, C], by that of log P; `largest` of `balanced`."""
    # log f_r is in P[t, 0] for r <= t and P[t, 1 + s] for s < r <= t, the weights before r: where
    # the largest one is among these, the others are summed instead, with the other sign
    before = logs_bar.cumsum(dim=2)[:, :, :-1]
    after = logs_bar.flip(2).cumsum(dim=2).flip(2)[:, :, 1:]
    return torch.where(largest.cumsum(dim=2)[:, :, :-1] > 0, -after, before).tril().sum(dim=1)


def chunk_bars(
    part: Chunk, P: Tensor, S_in: Tensor, bars: tuple[Tensor, Tensor, Tensor], decay: Decay
) -> tuple[Chunk, Tensor]:
    """What a chunk gives to its inputs, and to the state that enters it.

    Args:
        part, P, S_in: as of `read`.
        bars: those of `divided_bars`, and that of the state that leaves, [B, K, V + 1].
        decay: `decay_bars`, or what stands in its place.
    """
    y_bar, moved, S_bar = bars
    P_in, P_own, P_end = P[:, :, :1], P[:, :, 1:], P[:, -1, 1:, None]
    qk, yv = part.q @ part.k.mT, y_bar @ part.v.mT
    end_bar = (part.v @ S_bar.mT) * P_end  # of k_s, by the state that leaves
    q_bar = P_in * (y_bar @ S_in.mT) + (P_own * yv) @ part.k
    k_bar = (P_own * yv).mT @ part.q + end_bar
    v_bar = (P_own * qk).mT @ y_bar + (part.k @ S_bar) * P_end
    S_in_bar = (P_in * part.q).mT @ y_bar + P[:, -1, :1, None] * S_bar
    # of log P; the weights of the last step also make the state that leaves
    in_bar = P_in * ((part.q @ S_in) * y_bar).sum(dim=2, keepdim=True)
    read_bar, largest = balanced(torch.cat([in_bar, P_own * qk * yv], dim=2), P, moved)
    left_bar = torch.zeros_like(P)
    left_bar[:, -1, 0] = P[:, -1, 0] * (S_in * S_bar).sum(dim=(1, 2))
    left_bar[:, -1, 1:] = (part.k * end_bar).sum(dim=2)
    i_bar = (read_bar + left_bar)[:, :, 1:].sum(dim=1)
    f_bar = decay(read_bar, largest) + decay(left_bar, torch.zeros_like(largest))
    return Chunk(q_bar, k_bar, v_bar, i_bar, f_bar), S_in_bar


class MLSTM(torch.autograd.Function):
    """Arguments and results of `reference`; half precision is computed in float32."""

    @staticmethod
    def forward(ctx: Any, chunk: int, parts: Any, *inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All h_t, C_T and n_T; `parts` are those of the backward pass."""
        ctx.chunk, ctx.parts, ctx.dtype = chunk, parts, inputs[0].dtype
        work = torch.promote_types(ctx.dtype, torch.float32)
        q, k, v, i, f, C0, n0 = (array.to(work) for array in inputs)
        k, v = k * k.shape[-1] ** -0.5, pad(v, (0, 1), value=1.0)
        arrays = Chunk(*(array.transpose(0, 1) for array in (q, k, v, i, logsigmoid(f))))
        state, m_in = torch.cat([C0, n0[:, :, None]], dim=2), torch.zeros_like(i[0])
        hs, states, stabilisers = [], [], []
        for part in chunks_of(arrays, chunk):
            states.append(state)
            stabilisers.append(m_in)
            P, m = weights_of(part, m_in)
            y = read(part, P, state)
            divisor = torch.maximum(torch.abs(y[:, :, -1]), torch.exp(-m))
            hs.append(y[:, :, :-1] / divisor[:, :, None])
            state, m_in = state_after(part, P, state), m[:, -1]
        ctx.save_for_backward(f, m_in, torch.stack(states), torch.stack(stabilisers), *arrays)
        state = state * torch.exp(m_in)[:, None, None]
        outputs = torch.cat(hs, dim=1).transpose(0, 1), state[:, :, :-1], state[:, :, -1]
        # copies, since C_T and n_T are views of one array
        h, C_T, n_T = (array.to(ctx.dtype, copy=True) for array in outputs)
        return h, C_T, n_T

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - what wraps it has no names
        ctx: Any, *cotangents: Tensor
    ) -> tuple[Tensor | None, ...]:
        """The gradients of all inputs, in their order."""
        f, m_T, states, stabilisers, *arrays = ctx.saved_tensors
        h_bar, C_bar, n_bar = (bar.to(f.dtype) for bar in cotangents)
        # C_T = exp(m_T) C'_T, and n_T
        S_bar = torch.cat([C_bar, n_bar[:, :, None]], dim=2) * torch.exp(m_T)[:, None, None]
        chunks = list(chunks_of(Chunk(*arrays), ctx.chunk))
        h_bars = h_bar.transpose(0, 1).split(ctx.chunk, dim=1)
        (moves, decay), bars = ctx.parts, []
        for n in reversed(range(len(chunks))):
            P, m = weights_of(chunks[n], stabilisers[n])
            through_h = divided_bars(h_bars[n], read(chunks[n], P, states[n]), m, moves)
            chunk_bar, S_bar = chunk_bars(chunks[n], P, states[n], (*through_h, S_bar), decay)
            bars.append(chunk_bar)
        joined = (torch.cat(array[::-1], dim=1) for array in zip(*bars, strict=True))
        q_bar, k_bar, v_bar, i_bar, log_f_bar = (array.transpose(0, 1) for array in joined)
        # dlog f_t = (1 - f_t) da^f_t; v's last entry is no input
        gradients = (
            *(q_bar, k_bar * k_bar.shape[-1] ** -0.5, v_bar[:, :, :-1], i_bar),
            *(log_f_bar * torch.sigmoid(-f), S_bar[:, :, :-1], S_bar[:, :, -1]),
        )
        return None, None, *(gradient.to(ctx.dtype) for gradient in gradients)


def kernel(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    i: Tensor,
    f: Tensor,
    C0: Tensor,
    n0: Tensor,
    *,
    chunk: int = 16,
    moves: Mask = above,
    decay: Decay = decay_bars,
) -> tuple[Tensor, Tensor, Tensor]:
    """What `reference` gives, chunk by chunk, with a backward pass of its own.

    Args:
        chunk: steps of a chunk; T need not be a multiple.
        moves: where |n_t^T q_t| moves the divisor.
        decay: the gradient of a chunk's forget gates.
    """
    return MLSTM.apply(chunk, (moves, decay), q, k, v, i, f, C0, n0)


def everywhere(size: Tensor, floor: Tensor) -> Tensor:
    """The mask that is true for every step."""
    return size >= 0


def own_step_too(logs_bar: Tensor, largest: Tensor) -> Tensor:
    """`decay_bars` with s <= r for s < r."""
    return logs_bar.cumsum(dim=2)[:, :, 1:].tril().sum(dim=1)


BROKEN = {
    # |n_t^T q_t| gets a gradient also where 1 is larger, and h_t does not depend on it
    "floor ignored": partial(kernel, moves=everywhere),
    # the cumulative sum for f_r includes step r's own input, which f_r does not multiply
    "cumulative sum one off": partial(kernel, decay=own_step_too),
}
