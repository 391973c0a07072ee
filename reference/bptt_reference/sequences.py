"""Backpropagation through time of sequences of one length, window by window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .losses import head_loss
from .network import Tapes, backpropagate, output, state_after, unroll
from .types import Array, Gradients, Model, Params, State, Truncation
from .windows import Segment, segments


class Sequences(NamedTuple):
    """B sequences of T steps each, nothing padded.

    `state` is the initial one and `final_bar` what the last one receives from a linear loss,
    [layers*N, B, H] each; `divisor` is what a mean divides by.
    """

    model: Model
    params: Params
    x: Array
    state: State
    targets: NDArray[Any]
    final_bar: State
    divisor: int


class Part(NamedTuple):
    """What one segment adds: its loss and, if that flows back, its gradients by name.

    `x` is that of the segment's steps; `h0` and `c0` are missing where the segment starts later,
    because the state that enters it is a constant then.
    """

    loss: float
    grads: Gradients


Parts = Iterator[tuple[Segment, Part]]


def differentiate(given: Sequences, truncation: Truncation | None) -> Parts:
    """The parts whose sum is the loss and its (truncated) gradient, in order of time.

    Full BPTT is the case of one window over all steps, not another piece of code.
    """
    plan = segments(len(given.x), truncation)
    starts = {segment.start for segment in plan}
    entering = {0: given.state}
    for segment in plan:
        part, reached = _part(given, segment, entering[segment.start], starts)
        # No later segment starts earlier, so older states are not needed any more.
        entering = {s: v for s, v in (entering | reached).items() if s >= segment.start}
        yield segment, part  # (10.3)  gradient = Σ_j ∂/∂θ Σ_{t = max(s,w)+1 .. e} L_t,
        #     the states h_w, c_w being constants


def _part(
    given: Sequences, segment: Segment, state: State, starts: set[int]
) -> tuple[Part, dict[int, State]]:
    """Run one segment forward and, if its losses flow back, backward.

    Its tape lives only in here, so that never more than one exists. Returned with the part: the
    states it passes at those steps at which a later segment starts.
    """
    start, _, end, backward = segment
    is_last = end == len(given.x)
    tapes = unroll(given.model, given.params, given.x[start:end], state)
    passed = range(start + 1, end + 1)
    reached = {s: state_after(tapes, s - start) for s in passed if s in starts}
    if given.model.readout == "last" and not is_last:
        return Part(0.0, {}), reached
    final_bar = given.final_bar if is_last else tuple(np.zeros_like(s) for s in state)
    loss, above, head = _loss(given, segment, tapes)
    if is_last:
        loss += _final_loss(tapes, end - start, final_bar)
    if not backward:
        return Part(loss, {}), reached
    layers, x_bar, state_bar = backpropagate(given.model, given.params, tapes, above, final_bar)
    initial = dict(zip(("h0", "c0"), state_bar, strict=False)) if start == 0 else {}
    return Part(loss, {**head, **layers, "x": x_bar, **initial}), reached


def _loss(given: Sequences, segment: Segment, tapes: Tapes) -> tuple[float, Array, Gradients]:
    """Loss of the counted steps, `above` of the top layer, gradients of the output layer.

    The states that carry a loss are always the segment's last ones: those from `counted` on, or
    with readout "last" the very last.
    """
    h = output(given.model, tapes[-1], given.model.layers - 1)
    counted, targets = segment.counted, given.targets[segment.counted : segment.end]
    if given.model.readout == "last":
        counted, targets = segment.end - 1, given.targets[None]
    before = counted - segment.start
    read, wanted = h[before:], targets.reshape(-1, *targets.shape[2:])
    loss, h_bar, grads = head_loss(
        given.model.loss, given.params, read.reshape(-1, h.shape[-1]), wanted, given.divisor
    )
    return loss, _after_zeros(before, h_bar.reshape(read.shape)), grads


def _after_zeros(steps: int, h_bar: Array) -> Array:
    """`h_bar` [T', B, H*N] with so many steps of zeros put before it."""
    if steps == 0:
        return h_bar
    zeros = np.zeros((steps, *h_bar.shape[1:]), h_bar.dtype)
    return np.concatenate([zeros, h_bar])  # (8.13)  above_t = h_p_bar
    #     where the pair p of step t carries a loss, and 0 elsewhere


def _final_loss(tapes: Tapes, steps: int, final_bar: State) -> float:
    """The part of a linear loss that lies on the last states (8.7)."""
    final = state_after(tapes, steps)
    return sum(float(np.vdot(bar, s)) for bar, s in zip(final_bar, final, strict=True))
