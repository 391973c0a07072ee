"""A decayed sum as kernels of Triton, forward and backward by hand, against a loop over the steps.

The recurrence inside minGRU (Leo Feng, Frederick Tung, Mohamed Osama Ahmed, Yoshua Bengio, Hossein
Hajimirsadeghi, "Were RNNs All We Needed?", 2024), channel by channel:

    h_t = a_t h_{t-1} + x_t

A program takes `BLOCK` channels of one sequence through all steps. With s_t = dL/dh_t by its own
cotangent and by all later steps:

    s_t = h_bar_t + a_{t+1} s_{t+1}
    x_bar_t = s_t,  a_bar_t = s_t h_{t-1},  h0_bar = a_1 s_1

On a machine without a GPU Triton's interpreter runs it:

    TRITON_INTERPRET=1 bptt-check against examples/recurrences/triton_decay.py:kernel \\
        examples/recurrences/triton_decay.py:reference examples/recurrences/triton_decay.py:INPUTS

and with one `--device cuda`, without the variable.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

import bptt_check as bc

BLOCK = 16

INPUTS = bc.Inputs(
    a=bc.between(0, 1, "T B D"),
    x="T B D",
    h0="B D",
    sizes={"T": (1, 20), "B": (1, 3), "D": (1, 40)},
    time="T",
)


def reference(a: Tensor, x: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
    """All states [T, B, D] and the last one [B, D], step by step."""
    h_t, hs = h0, list[Tensor]()
    for a_t, x_t in zip(a.unbind(), x.unbind(), strict=True):
        h_t = a_t * h_t + x_t
        hs.append(h_t)
    return torch.stack(hs), h_t


@triton.jit
def decay_forward(a, x, h0, h, T, D, BLOCK: tl.constexpr):
    """States of one sequence and `BLOCK` channels; a, x, h [T, B, D], h0 [B, D]."""
    channels = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = channels < D
    at, step = tl.program_id(0) * D + channels, tl.num_programs(0) * D
    h_t = tl.load(h0 + at, mask=inside, other=0).to(tl.float32)
    for _ in range(T):
        a_t = tl.load(a + at, mask=inside, other=0).to(tl.float32)
        h_t = a_t * h_t + tl.load(x + at, mask=inside, other=0).to(tl.float32)
        tl.store(h + at, h_t, mask=inside)
        at += step


@triton.jit
def decay_backward(
    a, h0, h, h_bar, last_bar, a_bar, x_bar, h0_bar, T, D, SHIFT: tl.constexpr, BLOCK: tl.constexpr
):
    """Gradients of one sequence and `BLOCK` channels, from the last step to the first.

    SHIFT is 1: the state that step t decays is that of step t - 1.
    """
    channels = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = channels < D
    first, step = tl.program_id(0) * D + channels, tl.num_programs(0) * D
    s_t = tl.load(last_bar + first, mask=inside, other=0).to(tl.float32)
    for back in range(T):
        t = T - 1 - back
        at = first + t * step
        s_t += tl.load(h_bar + at, mask=inside, other=0).to(tl.float32)
        if t >= SHIFT:
            h_prev = tl.load(h + at - SHIFT * step, mask=inside, other=0)
        else:
            h_prev = tl.load(h0 + first, mask=inside, other=0).to(tl.float32)
        tl.store(x_bar + at, s_t, mask=inside)
        tl.store(a_bar + at, s_t * h_prev, mask=inside)
        s_t *= tl.load(a + at, mask=inside, other=0).to(tl.float32)
    tl.store(h0_bar + first, s_t, mask=inside)


class DecayedSum(torch.autograd.Function):
    """The two kernels; states are kept in float32."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, x: Tensor, h0: Tensor, shift: int) -> tuple[Tensor, Tensor]:
        """All states and the last one, in the dtype of x."""
        a, x, h0 = a.contiguous(), x.contiguous(), h0.contiguous()
        T, B, D = x.shape
        h = torch.empty_like(x, dtype=torch.float32)
        decay_forward[(B, triton.cdiv(D, BLOCK))](a, x, h0, h, T, D, BLOCK=BLOCK)
        ctx.save_for_backward(a, h0, h)
        ctx.shift = shift
        return h.to(x.dtype), h[-1].to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *bars: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of a, x and h0."""
        a, h0, h = ctx.saved_tensors
        h_bar, last_bar = (bar.contiguous() for bar in bars)
        T, B, D = h.shape
        a_bar, x_bar, h0_bar = torch.empty_like(a), torch.empty_like(h_bar), torch.empty_like(h0)
        arrays = (a, h0, h, h_bar, last_bar, a_bar, x_bar, h0_bar)
        decay_backward[(B, triton.cdiv(D, BLOCK))](*arrays, T, D, SHIFT=ctx.shift, BLOCK=BLOCK)
        return a_bar, x_bar, h0_bar, None


def kernel(a: Tensor, x: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
    """What `reference` gives."""
    return DecayedSum.apply(a, x, h0, 1)


def broken(a: Tensor, x: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of a_t is taken at h_t, where h_{t-1} belongs."""
    return DecayedSum.apply(a, x, h0, 0)


BROKEN = {"h_t for h_{t-1}": broken}
