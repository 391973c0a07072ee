"""Wrong kernels are made of right ones: gradients are changed, or how cotangents are read, or what
one chunk hands to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

import bptt_check as bc

Grads = dict[str, Any]
Change = Callable[[Grads, Mapping[str, Any]], Grads]
"""From all gradients by name, and the inputs, to gradients."""


def with_changed_gradients(kernel: Any, change: Change) -> Any:
    """A kernel whose gradients are changed after its own backward pass."""
    if isinstance(kernel, bc.Vjp):
        return _changed_vjp(kernel, change)

    def changed(**arrays: Tensor) -> Any:
        return ChangedGradients.apply(kernel, change, [*arrays], *arrays.values())

    return changed


def _changed_vjp(kernel: bc.Vjp, change: Change) -> bc.Vjp:
    def forward(**arrays: Any) -> Any:
        outputs, residuals = kernel.forward(**arrays)
        return outputs, (residuals, arrays)

    def backward(residuals: Any, cotangents: Any) -> Mapping[str, Any]:
        own, arrays = residuals
        return change({**kernel.backward(own, cotangents)}, arrays)

    return replace(kernel, forward=forward, backward=backward)


class ChangedGradients(torch.autograd.Function):
    """A kernel, and gradients that are its own, changed."""

    @staticmethod
    def forward(ctx: Any, kernel: Any, change: Any, names: Sequence[str], *arrays: Tensor) -> Any:
        """The outputs; what the backward needs is the graph of the kernel."""
        with torch.enable_grad():
            leaves = [a.detach().requires_grad_() for a in arrays]
            ctx.outputs = kernel(**dict(zip(names, leaves, strict=True)))
        ctx.change, ctx.names, ctx.leaves = change, names, leaves
        return tuple(o.detach().clone() for o in ctx.outputs)

    @staticmethod
    def backward(ctx: Any, *bars: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The changed gradients of the arrays, none of the other arguments."""
        grads = torch.autograd.grad(
            ctx.outputs, ctx.leaves, bars, retain_graph=True, allow_unused=True
        )
        named = {
            n: torch.zeros_like(leaf) if g is None else g
            for n, g, leaf in zip(ctx.names, grads, ctx.leaves, strict=True)
        }
        arrays = {n: leaf.detach() for n, leaf in zip(ctx.names, ctx.leaves, strict=True)}
        changed = ctx.change(named, arrays)
        return None, None, None, *(changed[n] for n in ctx.names)


def with_cotangents_read(kernel: Any, **reads: Callable[[Tensor], Tensor]) -> Any:
    """A torch kernel that reads cotangents otherwise: `first=` and `last=` of its two outputs."""

    def reading(**arrays: Tensor) -> Any:
        *first, last = kernel(**arrays)
        changed = [ReadCotangent.apply(reads.get("first"), o) for o in first]
        return *changed, ReadCotangent.apply(reads.get("last"), last)

    return reading


class ReadCotangent(torch.autograd.Function):
    """The identity, whose cotangent is read by a function; None reads it as it is."""

    @staticmethod
    def forward(ctx: Any, read: Any, output: Tensor) -> Tensor:
        """The output."""
        ctx.read = read
        return output.view_as(output)

    @staticmethod
    def backward(ctx: Any, bar: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What was read."""
        return None, bar if ctx.read is None else ctx.read(bar)


def chunk_by_chunk(
    kernel: Any,
    hand_on: Callable[[Sequence[Tensor]], Tensor],
    state: str,
    over_time: Sequence[str],
    chunk: int = 16,
) -> Any:
    """A torch kernel called for one chunk after the other; half precision in float32.

    Args:
        kernel: returns what each step gives, and the last state.
        hand_on: from the states so far, the last one of the chunk before as the last, to what the
            next chunk gets.
        state: the name of the first state.
        over_time: the names of the arrays that are cut along their first axis.
        chunk: how many steps.
    """

    def called(**given: Tensor) -> tuple[Tensor, Tensor]:
        dtype = given[state].dtype
        arrays = {n: a.float() if a.element_size() < 4 else a for n, a in given.items()}
        states, outputs = [arrays[state]], list[Tensor]()
        for start in range(0, len(arrays[over_time[0]]), chunk):
            part = {n: arrays[n][start : start + chunk] for n in over_time}
            entering = hand_on(states) if start else states[-1]
            o, S = kernel(**{**arrays, **part, state: entering})
            outputs.append(o)
            states.append(S)
        return torch.cat(outputs).to(dtype), states[-1].to(dtype)

    return called
