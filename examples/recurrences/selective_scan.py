"""The selective scan of Mamba: a step loop, and a parallel scan with a backward written by hand.

    Albert Gu, Tri Dao,
    "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", 2023

Each of H channels has N states; how far a step goes, what it writes and what it reads depend on the
step:

    d_t = softplus(delta_t)                     A = -exp(A_log)
    a_t = exp(d_t A)                            h_t = a_t h_{t-1} + d_t u_t B_t
    y_t = sum_n C_t h_t + D u_t

Steps of such a recurrence compose, (a, b) then (a', b') is (a' a, a' b + b'), so that all h of a
chunk come from products and sums over 1, 2, 4, ... steps (W. Daniel Hillis, Guy L. Steele,
"Data Parallel Algorithms", 1986). With s_t for what the loss changes with h_t, the backward is such
a scan too, from the last step on:

    s_t = C_t y_bar_t + a_{t+1} s_{t+1}

    bptt-check against examples/recurrences/selective_scan.py:kernel \\
        examples/recurrences/selective_scan.py:reference \\
        examples/recurrences/selective_scan.py:INPUTS --dtype bfloat16
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import softplus

import bptt_check as bc

INPUTS = bc.Inputs(
    u="T B H",
    delta="T B H",
    A_log=bc.between(0, 2.5, "H N"),
    B="T B N",
    C="T B N",
    D="H",
    h0="B H N",
    sizes={"T": (1, 100), "B": (1, 4), "H": (1, 8), "N": (1, 16)},
    time="T",
)


def reference(
    u: Tensor, delta: Tensor, A_log: Tensor, B: Tensor, C: Tensor, D: Tensor, h0: Tensor
) -> tuple[Tensor, Tensor]:
    """All y (T, B, H) and the last h (B, H, N), step by step."""
    A, h_t, y = -A_log.exp(), h0, list[Tensor]()
    for t in range(len(u)):
        d_t = softplus(delta[t])[:, :, None]
        h_t = (d_t * A).exp() * h_t + d_t * u[t][:, :, None] * B[t][:, None, :]
        y.append((C[t][:, None, :] * h_t).sum(-1) + D * u[t])
    return torch.stack(y), h_t


def kernel(
    u: Tensor,
    delta: Tensor,
    A_log: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    h0: Tensor,
    chunk: int = 16,
    backward: Callable[..., Any] | None = None,
) -> tuple[Tensor, Tensor]:
    """The same by chunks of so many steps; half precision is computed in float32."""
    half = u.dtype in (torch.float16, torch.bfloat16)
    arrays = [x.float() if half else x for x in (u, delta, A_log, B, C, D, h0)]
    y, h = SelectiveScan.apply(backward or gradients, chunk, *arrays)
    return y.to(u.dtype), h.to(h0.dtype)


class SelectiveScan(torch.autograd.Function):
    """Makes `gradients`, or a broken twin of it, the backward of `outputs`."""

    @staticmethod
    def forward(ctx: Any, backward: Any, chunk: int, *arrays: Tensor) -> Any:
        """(y, h); the states are computed again where the backward needs them."""
        ctx.save_for_backward(*arrays)
        ctx.hand_written = partial(backward, chunk=chunk)
        return outputs(*arrays, chunk=chunk)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *bars: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Gradients of all arrays, none of the other arguments."""
        return None, None, *ctx.hand_written(ctx.saved_tensors, *bars)


def padded(x: Tensor, chunk: int) -> Tensor:
    """Zeros after the last step, up to a whole number of chunks."""
    return torch.cat([x, x.new_zeros(-len(x) % chunk, *x.shape[1:])])


def step_sizes(delta: Tensor, chunk: int) -> Tensor:
    """All d_t, [T', B, H, 1]; 0 for steps that only fill a chunk: these leave the state alone."""
    return padded(softplus(delta), chunk)[..., None]


def scan(a: Tensor, b: Tensor, h: Tensor, chunk: int) -> Tensor:
    """All h_t = a_t h_{t-1} + b_t of a whole number of chunks."""
    a, b = (x.unflatten(0, (-1, chunk)) for x in (a, b))
    reach = 1
    while reach < chunk:
        # (a, b) of `reach` steps, after those of as many steps before them
        b = torch.cat([b[:, :reach], a[:, reach:] * b[:, :-reach] + b[:, reach:]], dim=1)
        a = torch.cat([a[:, :reach], a[:, reach:] * a[:, :-reach]], dim=1)
        reach *= 2
    before = list[Tensor]()
    for a_end, b_end in zip(a[:, -1], b[:, -1], strict=True):
        before.append(h)
        h = a_end * h + b_end
    return (a * torch.stack(before)[:, None] + b).flatten(0, 1)


def outputs(
    u: Tensor,
    delta: Tensor,
    A_log: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    h0: Tensor,
    chunk: int,
) -> tuple[Tensor, Tensor]:
    """All y, the last h."""
    d, u_to_end = step_sizes(delta, chunk), padded(u, chunk)[..., None]
    # a_t = exp(d_t A),  b_t = d_t u_t B_t
    a, b = (-A_log.exp() * d).exp(), d * u_to_end * padded(B, chunk)[:, :, None]
    h = scan(a, b, h0, chunk)
    # y_t = sum_n C_t h_t + D u_t
    return (h[: len(u)] @ C[..., None])[..., 0] + D * u, h[-1].clone()


def decays_after(a: Tensor) -> Tensor:
    """a_{t+1}, what is left of h_t in h_{t+1}; the last h goes out as it is."""
    return torch.cat([a[1:], torch.ones_like(a[:1])])


def gradients(
    arrays: tuple[Tensor, ...],
    y_bar: Tensor,
    h_bar: Tensor,
    chunk: int,
    sizes: Callable[[Tensor, int], Tensor] = step_sizes,
    after: Callable[[Tensor], Tensor] = decays_after,
) -> tuple[Tensor, ...]:
    """Gradients of all arrays; twins have other step sizes, or another decay after a step."""
    u, delta, A_log, B, C, D, h0 = arrays
    steps, A, d = len(u), -A_log.exp(), sizes(delta, chunk)
    u_to_end, B_to_end = padded(u, chunk)[..., None], padded(B, chunk)[:, :, None]
    a = (A * d).exp()
    h = scan(a, d * u_to_end * B_to_end, h0, chunk)
    h_prev = torch.cat([h0[None], h[:-1]])
    # y_t = sum_n C_t h_t + D u_t
    h_from_y = padded(y_bar, chunk)[..., None] * padded(C, chunk)[:, :, None]
    C_bar = (y_bar[..., None] * h[:steps]).sum(2)
    u_bar, D_bar = D * y_bar, (y_bar * u).sum((0, 1))
    # s_t = C_t y_bar_t + a_{t+1} s_{t+1}
    s = scan(after(a).flip(0), h_from_y.flip(0), h_bar, chunk).flip(0)
    # h_t = a_t h_{t-1} + d_t u_t B_t
    h0_bar = a[0] * s[0]
    s_B = (s * B_to_end).sum(-1, keepdim=True)
    B_bar = (s * d * u_to_end).sum(2)[:steps]
    u_bar += (s_B * d)[:steps, ..., 0]
    # a_t = exp(d_t A)
    exponent_bar = s * h_prev * a
    d_bar = (exponent_bar * A).sum(-1) + (s_B * u_to_end)[..., 0]
    # d_t = softplus(delta_t),  A = -exp(A_log)
    delta_bar = d_bar[:steps] * delta.sigmoid()
    A_log_bar = A * (exponent_bar * d).sum((0, 1))
    return u_bar, delta_bar, A_log_bar, B_bar, C_bar, D_bar, h0_bar


def step_sizes_of_padding(delta: Tensor, chunk: int) -> Tensor:
    """Steps that only fill a chunk have delta = 0, and so a size of log 2."""
    return softplus(padded(delta, chunk))[..., None]


def decays_at(a: Tensor) -> Tensor:
    """a_t, of the step itself."""
    return a


BROKEN: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
    # The backward pads delta, not its softplus: what comes from the last h fades on steps that do
    # not exist, and moves A_log there; wrong where T is not a multiple of the chunk length.
    "padded_softplus": partial(kernel, backward=partial(gradients, sizes=step_sizes_of_padding)),
    # s_t = C_t y_bar_t + a_t s_{t+1}, the decay of the wrong side: only C and D are right.
    "decay_of_wrong_side": partial(kernel, backward=partial(gradients, after=decays_at)),
}
