"""The two public computations: loss and gradients of a case, and its outputs."""

from __future__ import annotations

from collections.abc import Iterator
from types import EllipsisType

import numpy as np

from .check import check, supports
from .losses import logits
from .network import cell_of, output, state_after, unroll
from .sequences import Sequences, differentiate
from .types import Array, Case, Gradients, State
from .windows import Rows, Segment, groups

Place = EllipsisType | tuple[slice, Rows]


def loss_and_grads(case: Case) -> tuple[float, Gradients]:
    """Loss of a case and its gradient by (truncated) backpropagation through time.

    Werbos 1990; Williams & Peng 1990 for the truncation. The derivation, equation by equation, is
    in reference/README.md.

    Args:
        case: anything with the attributes of `types.Case`; float32 or float64, which every
            computation and every gradient keeps. Nothing in it is written to.

    Returns:
        The untruncated loss, and by name a new array of its shape for every parameter and for
        `x`, `h0` and, with an LSTM, `c0`.

    Raises:
        ValueError: the case does not fit its model, or is not supported; the message says why.
    """
    check(case)
    states = zip(("h0", "c0"), _initial(case), strict=False)
    inputs = {**case.params, "x": case.x, **dict(states)}
    loss, grads = 0.0, Gradients()
    for rows, given in _sequences(case):
        for segment, part in differentiate(given, case.truncation):
            loss += part.loss  # (11.1)  L = (1/M) Σ_b Σ_{t = 1 .. T_b} L_{t,b},
            #     M counting the pairs that carry a loss
            for name, share in part.grads.items():
                _add(grads, name, share, inputs[name], _place(name, segment, rows))
    return loss, {name: grads[name] if name in grads else _zeros(a) for name, a in inputs.items()}


# Read by bptt_check; `vars`, because a type checker knows no attributes of functions.
vars(loss_and_grads).update(name="bptt_reference", supports=supports)


def outputs(case: Case) -> Gradients:
    """What the forward pass computes: states of every layer, logits, final states.

    Returns:
        `h_l0`, `h_l1`, ... [T, B, H*N]; `y` [T, B, O] unless the loss is linear; `h_n` and, with an
        LSTM, `c_n` [layers*N, B, H]. Past the end of a sequence, each direction shows the state
        that it ended in.
    """
    check(case)
    model, names = case.model, cell_of(case.model).states
    N = 2 if model.bidirectional else 1
    shape = (*case.x.shape[:2], N * case.h0.shape[-1])
    hidden = [np.empty(shape, case.x.dtype) for _ in range(model.layers)]
    last = tuple(np.empty_like(s) for s in _initial(case))
    for rows, given in _sequences(case):
        length = len(given.x)
        tapes = unroll(model, given.params, given.x, given.state)
        for whole, state in zip(last, state_after(tapes, length), strict=True):
            whole[:, rows] = state
        for k, h in enumerate(hidden):
            h[:length, rows] = output(model, tapes[k], k)
            h[length:, rows] = np.concatenate(last[0][N * k : N * (k + 1), rows], axis=-1)
    y = {} if model.loss == "linear" else {"y": logits(case.params, hidden[-1])}
    states = {f"{name}_n": s for name, s in zip(names, last, strict=True)}
    return {f"h_l{k}": h for k, h in enumerate(hidden)} | y | states


def _place(name: str, segment: Segment, rows: Rows) -> Place:
    """Where in the gradient of an input a segment's share of it lies."""
    if name == "x":
        return slice(segment.start, segment.end), rows
    return (slice(None), rows) if name in ("h0", "c0") else ...


def _add(total: Gradients, name: str, share: Array, like: Array, place: Place) -> None:
    """Add a share to its place in the total; the first one, if it fills it, becomes the total."""
    if name not in total and share.shape == like.shape:
        total[name] = share
        return
    if name not in total:
        total[name] = _zeros(like)
    total[name][place] += share


def _zeros(like: Array) -> Array:
    """A gradient before anything is added, and at padded steps for good."""
    return np.zeros(like.shape, like.dtype)  # (11.2)  x_{t,b}_bar = 0 for t > T_b


def _sequences(case: Case) -> Iterator[tuple[Rows, Sequences]]:
    """The case as unpadded sequences of one length each, and which rows of the batch they are."""
    state, final_bar, divisor = _initial(case), _final_bar(case), loss_divisor(case)
    every = case.model.readout == "every"
    T, B, _ = case.x.shape
    for length, rows in groups(T, B, case.lengths):
        yield (
            rows,
            Sequences(
                model=case.model,
                params=case.params,
                x=case.x[:length, rows],
                state=tuple(s[:, rows] for s in state),
                targets=case.targets[:length, rows] if every else case.targets[rows],
                final_bar=tuple(bar[:, rows] for bar in final_bar),
                divisor=divisor,
            ),
        )


def loss_divisor(case: Case) -> int:
    """M of (8.9) and (11.1): 1 for a sum, else the number of averaged terms."""
    model, (T, B, _) = case.model, case.x.shape
    if model.reduction == "sum":
        return 1
    pairs = T * B if case.lengths is None else int(case.lengths.sum())
    pairs = B if model.readout == "last" else pairs
    return pairs if model.loss == "cross_entropy" else pairs * len(case.params["W_hy"])


def _initial(case: Case) -> State:
    """(h0,) or (h0, c0), [layers*N, B, H] each."""
    given = (case.h0, case.c0)[: len(cell_of(case.model).states)]
    return tuple(s for s in given if s is not None)


def _final_bar(case: Case) -> State:
    """What the last states receive from the loss: the cotangents of a linear loss, else zero."""
    given: tuple[Array | None, ...] = (None, None)
    if case.model.loss == "linear":
        given = (case.cotangent_h_n, case.cotangent_c_n)
    pairs = zip(_initial(case), given, strict=False)
    return tuple(np.zeros_like(s) if bar is None else bar for s, bar in pairs)
