"""Cells in layers and directions: one unrolled stretch of time, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from . import gru_reset_after, gru_reset_before, lstm, rnn
from .activations import ACTIVATIONS
from .types import Array, Cell, Gradients, InputBars, Model, Params, State, Tape

Tapes = list[list[Tape]]
"""Per layer, per direction."""


class Direction(NamedTuple):
    """One direction of one layer: suffix of its parameters, row of its states, order of time."""

    suffix: str
    row: int
    order: slice


def cell_of(model: Model) -> Cell:
    """The cell of a model whose names have been checked."""
    if model.cell == "rnn":
        forward = partial(rnn.forward, activation=ACTIVATIONS[model.activation])
        return Cell(forward, rnn.backward, ("h",))
    if model.cell == "lstm":
        return Cell(lstm.forward, lstm.backward, ("h", "c"))
    variant = gru_reset_after if model.reset_after else gru_reset_before
    return Cell(variant.forward, variant.backward, ("h",))


def directions(model: Model, layer: int) -> list[Direction]:
    """The directions of a layer; states are layer-major, forward before reverse."""
    ahead, back = slice(None), slice(None, None, -1)
    if not model.bidirectional:
        return [Direction(f"_l{layer}", layer, ahead)]
    row = 2 * layer
    return [Direction(f"_l{layer}", row, ahead), Direction(f"_l{layer}_reverse", row + 1, back)]


def unroll(model: Model, params: Params, x: Array, state: State) -> Tapes:
    """Run all layers over x [T, B, D] from the state, [layers*N, B, H] each."""
    cell, tapes, below = cell_of(model), list[list[Tape]](), x
    for layer in range(model.layers):
        tapes.append([])
        for d in directions(model, layer):
            p, first = _plain(params, d.suffix), tuple(s[d.row] for s in state)
            ordered = below[d.order]  # (12.1)  x~_t = x_{T_b + 1 - t}
            tapes[layer].append(cell.forward(p, ordered, first))
        below = output(model, tapes[layer], layer)  # (9.1)  x^0_t = x_t,
        #     x^k_t = h^{k-1}_t for k > 0
    return tapes


def output(model: Model, tapes: list[Tape], layer: int) -> Array:
    """Hidden states of a layer, [T, B, H*N]: forward, then reverse in the order of time."""
    pairs = zip(tapes, directions(model, layer), strict=True)
    parts = [tape.states[0][1:][d.order] for tape, d in pairs]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts, axis=-1)  # (12.2)  output_t = (h_t, h~_{T_b + 1 - t})


def state_after(tapes: Tapes, step: int) -> State:
    """A copy of the states after `step` steps, [layers*N, B, H] each."""
    every = [tape.states for layer in tapes for tape in layer]
    return tuple(np.stack([line[step] for line in lines]) for lines in zip(*every, strict=True))


def backpropagate(
    model: Model, params: Params, tapes: Tapes, above: Array, state_bar: State
) -> InputBars:
    """Mirror of `unroll`, from the top layer to the bottom.

    `above` [T, B, H*N] is what each top state receives from the loss, `state_bar` what the last
    states receive from it, [layers*N, B, H] each.
    """
    cell, grads = cell_of(model), Gradients()
    entering_bar = tuple(np.empty(s.shape, s.dtype) for s in state_bar)
    for layer in reversed(range(model.layers)):  # (9.2)  above of the top layer is (8.13)
        x_bars: list[Array] = []
        shares = _shares(model, above)
        for d, tape, share in zip(directions(model, layer), tapes[layer], shares, strict=True):
            p, last_bar = _plain(params, d.suffix), tuple(s[d.row] for s in state_bar)
            ordered = share[d.order]  # (12.3)  above_t of the forward direction is
            #     the first half of the layer's; of the reverse direction above~_t is
            #     the second half of the layer's at step T_b + 1 - t
            p_bar, x_bar, first_bar = cell.backward(p, tape, ordered, last_bar)
            grads |= {name + d.suffix: g for name, g in p_bar.items()}
            for whole, part in zip(entering_bar, first_bar, strict=True):
                whole[d.row] = part
            x_bars.append(x_bar[d.order])
        x_bar = x_bars[0] if len(x_bars) == 1 else x_bars[0] + x_bars[1]  # (12.4)  x_t_bar =
        #     x_t_bar of the forward direction + x~_bar_{T_b + 1 - t} of the reverse one
        above = x_bar  # (9.3)  above^{k-1}_t = x^k_t_bar
    return grads, above, entering_bar


def _plain(params: Params, suffix: str) -> Params:
    """The arrays of one direction of one layer by their plain names (`W_xh`, ...)."""
    return {name.removesuffix(suffix): a for name, a in params.items() if name.endswith(suffix)}


def _shares(model: Model, above: Array) -> Iterator[Array]:
    """Each direction's columns of the cotangent of a layer's output."""
    yield from np.split(above, 2, axis=-1) if model.bidirectional else [above]
