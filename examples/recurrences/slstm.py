"""sLSTM: an LSTM with exponential gates and a normaliser.

Maximilian Beck, Korbinian Pöppel, Markus Spanring, Andreas Auer, Oleksandra Prudnikova, Michael
Kopp, Günter Klambauer, Johannes Brandstetter, Sepp Hochreiter, "xLSTM: Extended Long Short-Term
Memory", 2024. With a_t = W x_t + R h_{t-1} + b for each of the gates z, i, f, o:

    z_t = tanh(a^z_t)    i_t = exp(a^i_t)    f_t = sigmoid(a^f_t)    o_t = sigmoid(a^o_t)
    c_t = f_t * c_{t-1} + i_t * z_t
    n_t = f_t * n_{t-1} + i_t
    h_t = o_t * c_t / n_t

and, so that no exponential overflows, with c_t and n_t divided by exp(m_t):

    m_t = max(log f_t + m_{t-1}, a^i_t)
    i'_t = exp(a^i_t - m_t)    f'_t = exp(log f_t + m_{t-1} - m_t)

States go in and out undivided: m_0 = 0, and the last c and n are multiplied by exp(m_T).

`reference` takes the steps so. `kernel` keeps u_t = c_t / n_t, which is a mean of u_{t-1} and z_t
whose weights add up to 1, and differentiates log n_t; the products with x are made for all steps
and gates at once, and so are the gradients of weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import logsigmoid

import bptt_check as bc

INPUTS = bc.Inputs(
    x="T B D",
    W=bc.normal("4 H D", scale=0.4),
    R=bc.normal("4 H H", scale=0.4),
    b="4 H",
    h0="B H",
    c0="B H",
    n0=bc.between(0.5, 2, "B H"),
    sizes={"T": (1, 100), "B": (1, 4), "D": (1, 8), "H": (1, 8)},
    time="T",
)


def reference(
    x: Tensor, W: Tensor, R: Tensor, b: Tensor, h0: Tensor, c0: Tensor, n0: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """All h_t [T, B, H], and c_T and n_T [B, H], step by step.

    Args:
        x: [T, B, D].
        W, R, b: [4, H, D], [4, H, H] and [4, H], the gates in the order z, i, f, o.
        h0, c0, n0: [B, H]; n0 is not negative.
    """
    h_t, c_t, n_t, m_t, hs = h0, c0, n0, torch.zeros_like(n0), []
    for x_t in x:
        a_z, a_i, a_f, a_o = x_t @ W.mT + h_t @ R.mT + b[:, None]
        log_f = logsigmoid(a_f)
        m_prev, m_t = m_t, torch.maximum(log_f + m_t, a_i)
        i_t, f_t = torch.exp(a_i - m_t), torch.exp(log_f + m_prev - m_t)
        c_t = f_t * c_t + i_t * torch.tanh(a_z)
        n_t = f_t * n_t + i_t
        h_t = torch.sigmoid(a_o) * c_t / n_t
        hs.append(h_t)
    return torch.stack(hs), c_t * torch.exp(m_t), n_t * torch.exp(m_t)


class Steps(NamedTuple):
    """What the backward pass reads of a step [B, H], or of all of them [T, B, H].

    Attributes:
        h_prev: h_{t-1}.
        u_prev: u_{t-1}; c0 before the first step.
        w: weight of u_{t-1} in u_t.
        p: weight of n_{t-1} in n_t, f_t n_{t-1} / n_t: that of u_{t-1}, but for the first step.
        g: weight of z_t in u_t, i_t / n_t.
        z: z_t.
        u: u_t.
        o: o_t.
        not_f: 1 - f_t.
    """

    h_prev: Tensor
    u_prev: Tensor
    w: Tensor
    p: Tensor
    g: Tensor
    z: Tensor
    u: Tensor
    o: Tensor
    not_f: Tensor


def forward_steps(
    x: Tensor, W: Tensor, R: Tensor, b: Tensor, h0: Tensor, c0: Tensor, n0: Tensor
) -> tuple[Steps, Tensor]:
    """All steps and n_T [B, H]; arguments as of `reference`."""
    a_x = torch.einsum("ghd,tbd->tgbh", W, x) + b[:, None]
    h_prev, u_prev, n_prev, m_t = h0, c0, n0, torch.zeros_like(n0)
    scale = torch.ones_like(n0)  # c_{t-1} / u_{t-1}
    steps: list[Steps] = []
    for a_x_t in a_x:
        a_z, a_i, a_f, a_o = a_x_t + torch.einsum("ghk,bk->gbh", R, h_prev)
        kept = logsigmoid(a_f) + m_t
        m_t = torch.maximum(kept, a_i)
        f, i = torch.exp(kept - m_t), torch.exp(a_i - m_t)
        n_t = f * n_prev + i
        w, p, g = f * scale / n_t, f * n_prev / n_t, i / n_t
        z, o = torch.tanh(a_z), torch.sigmoid(a_o)
        u = w * u_prev + g * z
        steps.append(Steps(h_prev, u_prev, w, p, g, z, u, o, torch.sigmoid(-a_f)))
        h_prev, u_prev, n_prev, scale = o * u, u, n_t, n_t
    joined = Steps(*(torch.stack(arrays) for arrays in zip(*steps, strict=True)))
    return joined, n_prev * torch.exp(m_t)


def step_bars(h_bar: Tensor, u_bar: Tensor, l_bar: Tensor, step: Steps) -> tuple[Tensor, Tensor]:
    """What one step gives to its a_t [4, B, H], and to log f_t + log n_{t-1} [B, H].

    Args:
        h_bar: of h_t, [B, H].
        u_bar: of u_t, that through h_t included.
        l_bar: of log n_t, by all that is later.
        step: this step.
    """
    _, u_prev, w, p, g, z, u, o, not_f = step
    # dlog n_t = p_t (dlog f_t + dlog n_{t-1}) + g_t da^i_t; dlog w_t = dlog f_t - dlog n_t,
    # dlog g_t = da^i_t - dlog n_t; with p_t + g_t = 1 it adds up to this, and nothing cancels
    apart = g * u_bar * (w * u_prev - p * z)
    i_bar, f_bar = g * l_bar - apart, p * l_bar + apart
    # dlog f_t = (1 - f_t) da^f_t
    gates = [u_bar * g * (1 - z * z), i_bar, f_bar * not_f, h_bar * u * o * (1 - o)]
    return torch.stack(gates), f_bar


def backward_steps(
    R: Tensor,
    steps: Steps,
    n_T: Tensor,
    bars: Sequence[Tensor],
    carry: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients of all a_t [T, 4, B, H], and of h0, c0 and n0 [B, H].

    Args:
        R: [4, H, H].
        steps, n_T: of `forward_steps`.
        bars: of all h_t, of c_T and of n_T.
        carry: from the gradient of log n_{t-1} in one step to what the step before gets.
    """
    h_bars, c_bar, n_bar = bars
    h_prev_bar, n0_bar, a_bars = torch.zeros_like(c_bar), torch.zeros_like(c_bar), []
    # c_T = u_T n_T
    u_bar, l_bar = c_bar * n_T, (c_bar * steps.u[-1] + n_bar) * n_T
    for t in reversed(range(len(h_bars))):
        step = Steps(*(array[t] for array in steps))
        h_bar = h_bars[t] + h_prev_bar
        u_bar = u_bar + h_bar * step.o
        a_bar, l_prev_bar = step_bars(h_bar, u_bar, l_bar, step)
        # in the first step w_t = f_t / n_t is dlog n_t / dn0
        n0_bar = step.w * (l_bar - u_bar * step.u)
        h_prev_bar = torch.einsum("gbh,ghk->bk", a_bar, R)
        u_bar, l_bar = u_bar * step.w, carry(l_prev_bar)
        a_bars.append(a_bar)
    return torch.stack(a_bars[::-1]), h_prev_bar, u_bar, n0_bar


class SLSTM(torch.autograd.Function):
    """Arguments and results of `reference`; half precision is computed in float32."""

    @staticmethod
    def forward(ctx: Any, parts: Any, *inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All h_t, c_T and n_T; `parts` are those of the backward pass."""
        ctx.parts, ctx.dtype = parts, inputs[0].dtype
        work = torch.promote_types(ctx.dtype, torch.float32)
        x, W, R, *others = (array.to(work) for array in inputs)
        steps, n_T = forward_steps(x, W, R, *others)
        ctx.save_for_backward(x, W, R, n_T, *steps)
        h, c_T = steps.o * steps.u, steps.u[-1] * n_T
        # a copy, since n_T is also kept for the backward pass
        return h.to(ctx.dtype), c_T.to(ctx.dtype), n_T.to(ctx.dtype, copy=True)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] - what wraps it has no names
        ctx: Any, *cotangents: Tensor
    ) -> tuple[Tensor | None, ...]:
        """The gradients of all inputs, in their order."""
        x, W, R, n_T, *saved = ctx.saved_tensors
        steps, (carry, multiplied) = Steps(*saved), ctx.parts
        bars = [bar.to(x.dtype) for bar in cotangents]
        a_bars, h0_bar, c0_bar, n0_bar = backward_steps(R, steps, n_T, bars, carry)
        gradients = (
            torch.einsum("tgbh,ghd->tbd", a_bars, W),
            torch.einsum("tgbh,tbd->ghd", a_bars, x),
            torch.einsum("tgbh,tbk->ghk", a_bars, multiplied(steps)),
            a_bars.sum(dim=(0, 2)),
            *(h0_bar, c0_bar, n0_bar),
        )
        return None, *(gradient.to(ctx.dtype) for gradient in gradients)


def carried(l_prev_bar: Tensor) -> Tensor:
    """What a step hands to the one before it: all that log n_{t-1} got."""
    return l_prev_bar


def states_before(steps: Steps) -> Tensor:
    """What R multiplied: all h_{t-1}, [T, B, H]."""
    return steps.h_prev


def kernel(
    x: Tensor,
    W: Tensor,
    R: Tensor,
    b: Tensor,
    h0: Tensor,
    c0: Tensor,
    n0: Tensor,
    *,
    carry: Callable[[Tensor], Tensor] = carried,
    multiplied: Callable[[Steps], Tensor] = states_before,
) -> tuple[Tensor, Tensor, Tensor]:
    """What `reference` gives, with a backward pass of its own.

    Args:
        x, W, R, b, h0, c0, n0: as of `reference`.
        carry: from the gradient of log n_{t-1} in one step to what the step before gets.
        multiplied: the states that R multiplied.
    """
    return SLSTM.apply((carry, multiplied), x, W, R, b, h0, c0, n0)


def states_after(steps: Steps) -> Tensor:
    """All h_t."""
    return steps.o * steps.u


BROKEN = {
    # n_t is differentiated in its own step, n_{t-1} in it is taken for a constant
    "normaliser not carried": partial(kernel, carry=torch.zeros_like),
    # the gradient of R pairs a_t with h_t, where a_t was made of h_{t-1}
    "h_t for h_{t-1}": partial(kernel, multiplied=states_after),
}
