"""Code without an axis of the batch: the sequences of a case run one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..cases.case import Case, lengths_of
from ..cases.directions import is_initial_state
from ..cases.model import final_cotangents, initial_states
from ..cases.types import Array
from ..equations.network import pair_count
from ..errors import BrokenContract

LossAndGrads = tuple[Any, dict[str, Array]]


def single_sequences(case: Case) -> Iterator[tuple[int, Case, float]]:
    """Each sequence by itself, cut at its length, and the weight of its loss in that of the case.

    The sum of weight times loss is the loss of the case, and so it is for the gradients.
    """
    for b, end in enumerate(lengths_of(case).tolist()):
        single = _sequence(case, b, end)
        weight = 1.0
        if case.model.reduction == "mean":
            weight = pair_count(single) / pair_count(case)
        yield b, single, weight


def sum_over_sequences(case: Case, of_single: Callable[[Case], LossAndGrads]) -> LossAndGrads:
    """Loss and gradients of a case from those of its sequences."""
    loss: Any = 0.0
    total: dict[str, Array] = {}
    for b, single, weight in single_sequences(case):
        part, grads = of_single(single)
        if not hasattr(part, "__add__"):
            raise BrokenContract("loss", f"the loss must be a number, got {part!r}")
        loss = loss + (part if weight == 1.0 else weight * part)
        for name, grad in grads.items():
            if name not in total:
                total[name] = np.zeros(case.inputs[name].shape, grad.dtype)
            share = grad if weight == 1.0 else weight * grad
            if name == "x":
                total[name][: len(share), b] = share[:, 0]
            elif is_initial_state(name):
                total[name][:, b] = share[:, 0]
            else:
                total[name] += share
    return loss, total


def _sequence(case: Case, b: int, end: int) -> Case:
    """Sequence b alone, its first `end` steps."""
    only = slice(b, b + 1)
    every = case.model.readout == "every"
    states = (*initial_states(case.model), *final_cotangents(case.model))
    cut = {n: case.data[n][:, only] for n in states}
    cut["x"] = case.x[:end, only]
    cut["targets"] = case.targets[:end, only] if every else case.targets[only]
    return replace(case, lengths=None).with_data(cut)
