"""The forward pass and the loss of a case, written once for any array namespace.

`problem(case)` turns a case into float64 inputs and constants; `losses` is the loss of each
sequence.
Readout, reduction and lengths are data here, not control flow: every (step, sequence) pair has a
weight, zero where it carries no loss. So one program serves all of them, and a padded problem is a
problem with lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cases.case import Case, lengths_of
from ..cases.model import Model
from ..cases.types import Array
from .cells import Step, affine, step_of
from .namespaces.numpy import Namespace


@dataclass(frozen=True, eq=False)
class Problem:
    """A case as the oracles see it: float64 inputs, and the constants of its loss.

    Args:
        inputs: every differentiable array by name.
        targets: (T, B, width): one-hot labels, values or cotangents; anything where the weight is
            0.
        weights: (T, B): the factor of each pair's loss.
        alive: (T, B) booleans, False at padded steps; None without lengths.
        reverse: (T, B) step that the reverse direction reads at its step t; None in one direction.
        final: state name to its (layers*N, B, H) cotangent; empty unless the loss is linear.
        wanted: names of the inputs whose gradient is asked for; the others are constants.
        divisor: what the loss is divided by; a weight is 0 or `1 / divisor`, rounded.
    """

    model: Model
    inputs: Mapping[str, Array]
    targets: Array
    weights: Array
    alive: Array | None
    reverse: Array | None
    final: Mapping[str, Array]
    wanted: tuple[str, ...]
    divisor: int = 1


def problem(case: Case) -> Problem:
    """The problem of a case, on exactly the values of its arrays."""
    alive = None if case.lengths is None else np.arange(case.sizes.T)[:, None] < case.lengths
    final = {"h": case.cotangent_h_n, "c": case.cotangent_c_n}
    inputs = {name: array.astype(np.float64) for name, array in case.inputs.items()}
    divisor = pair_count(case) if case.model.reduction == "mean" else 1
    return Problem(
        model=case.model,
        inputs=inputs,
        targets=_dense_targets(case),
        weights=_carries_loss(case) / divisor,
        alive=alive,
        reverse=_reverse(case) if case.model.bidirectional else None,
        final={s: a.astype(np.float64) for s, a in final.items() if a is not None},
        wanted=tuple(inputs),
        divisor=divisor,
    )


def losses(xp: Namespace, given: Problem, inputs: Mapping[str, Any]) -> Any:
    """Loss of each sequence, [..., B]; their sum is the loss of the case."""
    hidden, finals = unroll(xp, given, inputs)
    of_pair = pair_loss(xp, given.model, inputs)
    weighted = xp.map_steps(
        lambda h_t, target_t, weight_t: weight_t * of_pair(h_t, target_t),
        hidden,
        xp.constant(given.targets),
        xp.constant(given.weights),
    )
    total = xp.sum_steps(weighted)
    for name, cotangent in given.final.items():
        total = total + final_loss(finals[name], xp.constant(cotangent))
    return total


def logits(xp: Namespace, h_t: Any, inputs: Mapping[str, Any]) -> Any:
    """`y_t = W_hy h_t + b_y` [..., B, O]."""
    return affine(h_t, inputs["W_hy"], inputs.get("b_y"))


def unroll(
    xp: Namespace, given: Problem, inputs: Mapping[str, Any]
) -> tuple[Any, dict[str, list[Any]]]:
    """Top layer's sequence of [..., B, H*N]; by state name, its final states [..., B, H]."""
    layers = list(run_layers(xp, given, inputs))
    finals: dict[str, list[Any]] = {}
    for _, last_states, _ in layers:
        for name, state in zip(
            given.model.layout.states, zip(*last_states, strict=True), strict=True
        ):
            finals.setdefault(name, []).extend(state)
    return layers[-1][0], finals


def outputs(xp: Namespace, given: Problem, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Forward values by the names under which a subject may offer them, each a sequence over time.

    `h_l{k}` of [..., B, H*N] for every layer, and `y` of [..., B, O] where the model has a readout.
    """
    layers = [hidden for hidden, *_ in run_layers(xp, given, inputs)]
    named: dict[str, Any] = {f"h_l{k}": hidden for k, hidden in enumerate(layers)}
    if "W_hy" in inputs:
        named["y"] = xp.map_steps(lambda h_t: logits(xp, h_t, inputs), layers[-1])
    return named


def run_layers(xp: Namespace, given: Problem, inputs: Mapping[str, Any]) -> Iterator[Any]:
    """Of each layer, from the bottom: outputs, final state of each direction, last direction's
    states.
    """
    model, step = given.model, step_of(given.model)
    hidden = xp.steps(inputs["x"])
    for k in range(model.layers):
        outputs, finals, states = [], [], None
        for n, suffix in enumerate(model.directions):
            index = None if not suffix else given.reverse
            below = hidden if index is None else xp.reorder(hidden, index)
            row = k * len(model.directions) + n
            state = tuple(inputs[f"{s}0"][..., row, :, :] for s in model.layout.states)
            last, states = _run(
                xp, step, layer_params(model, inputs, k, suffix), state, below, given.alive
            )
            out = xp.map_steps(lambda state: state[0], states)
            outputs.append(out if index is None else xp.reorder(out, index))
            finals.append(last)
        hidden = outputs[0]
        if len(outputs) > 1:
            hidden = xp.map_steps(lambda *h: xp.concat(h), *outputs)
        yield hidden, finals, states


def _run(xp: Namespace, step: Step, params: Any, state: Any, below: Any, alive: Any) -> Any:
    """One direction of one layer over all steps; a finished sequence keeps its state."""
    if alive is None:
        return xp.scan(lambda state, x_t: step(xp, params, x_t, state), state, below)

    def hold(state: Any, x_t: Any, alive_t: Any) -> Any:
        moved = step(xp, params, x_t, state)
        return tuple(xp.where(alive_t, new, old) for new, old in zip(moved, state, strict=True))

    return xp.scan(hold, state, below, xp.constant(alive[:, :, None]))


def layer_params(model: Model, inputs: Mapping[str, Any], k: int, suffix: str) -> dict[str, Any]:
    """The arrays of one direction of layer k by their plain names."""
    names = ("W_xh", "W_hh", *model.layout.biases)
    full = {name: f"{name}_l{k}{suffix}" for name in names}
    return {name: inputs[key] for name, key in full.items() if key in inputs}


def pair_loss(xp: Namespace, model: Model, inputs: Mapping[str, Any]) -> Any:
    """The loss of one step as a function of `h_t` [..., B, H*N] and its target: [..., B]."""
    by_name = {
        "cross_entropy": lambda y_t, target: -(xp.log_softmax(y_t) * target).sum(-1),
        "bce": lambda y_t, target: (xp.softplus(y_t) - y_t * target).sum(-1),
        "mse": lambda y_t, target: ((y_t - target) * (y_t - target)).sum(-1),
    }
    if model.loss == "linear":
        return lambda h_t, target: (h_t * target).sum(-1)
    of_logits = by_name[model.loss]
    return lambda h_t, target: of_logits(logits(xp, h_t, inputs), target)


def final_loss(states: list[Any], cotangent: Any) -> Any:
    """`sum(cotangent * final state)` of each sequence."""
    parts = [(state * cotangent[row]).sum(-1) for row, state in enumerate(states)]
    return sum(parts[1:], start=parts[0])


def _dense_targets(case: Case) -> Array:
    """Targets as (T, B, width) values; for readout 'last' the same ones at every step."""
    targets = case.targets
    if case.model.loss == "cross_entropy":
        targets = np.eye(case.sizes.O)[targets]
    targets = targets.astype(np.float64)
    return (
        targets if targets.ndim == 3 else np.broadcast_to(targets, (case.sizes.T, *targets.shape))
    )


def _carries_loss(case: Case) -> Array:
    """Which (step, sequence) pairs carry a loss, (T, B) booleans."""
    length, step = lengths_of(case), np.arange(case.sizes.T)[:, None]
    return step == length - 1 if case.model.readout == "last" else step < length


def pair_count(case: Case) -> int:
    """What a mean divides by: (step, sequence) pairs with a loss, for bce and mse times O."""
    pairs = int(_carries_loss(case).sum())
    return pairs * (1 if case.model.loss == "cross_entropy" else case.sizes.O)


def _reverse(case: Case) -> Array:
    """Step t of the reverse direction reads step length-1-t; padded steps read themselves."""
    length, step = lengths_of(case), np.arange(case.sizes.T)[:, None]
    return np.where(step < length, length - 1 - step, step)
