"""The forward pass and the loss of a case, written once for any array namespace.

`problem_of(case)` turns a case into float64 inputs and constants; `losses` is the loss of each
sequence.
Readout, reduction and lengths are data here, not control flow: every (step, sequence) pair has a
weight, zero where it carries no loss. So one program serves all of them, and a padded problem is a
problem with lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..cases.case import Case, lengths_of
from ..cases.model import Model, final_cotangents
from ..cases.types import Array
from .cells import State, Step, affine, step_function
from .namespaces.numpy import Namespace


@dataclass(frozen=True, eq=False)
class Problem:
    """A case as the oracles see it: float64 inputs, and the constants of its loss.

    Args:
        inputs: every differentiable array by name.
        targets: (T, B, width): one-hot labels, values or cotangents; anything where the weight is
            0.
        weights: (T, B): the factor of each pair's loss.
        mask: (T, B) booleans, False at padded steps; None without lengths.
        reverse: (T, B) step that the reverse direction reads at its step t; None in one direction.
        final_cotangents: state name to its (layers*N, B, H) cotangent; empty unless the loss is
            linear.
        differentiated: names of the inputs whose gradient is asked for; the others are constants.
        first_step: the number of its first step, which is not 0 in a window.
        divisor: what the loss is divided by; a weight is 0 or `1 / divisor`, rounded.
    """

    model: Model
    inputs: Mapping[str, Array]
    targets: Array
    weights: Array
    mask: Array | None
    reverse: Array | None
    final_cotangents: Mapping[str, Array]
    differentiated: tuple[str, ...]
    divisor: int = 1
    first_step: Any = 0

    @property
    def of_one_sample(self) -> Problem:
        """The problem with the first sample of states that come as several."""
        inputs = {n: a[:1] if a.ndim == 4 else a for n, a in self.inputs.items()}
        return replace(self, inputs=inputs)


@dataclass(frozen=True, eq=False)
class LayerRun:
    """What one layer gives over T steps; a sequence is what the namespace uses for one.

    Args:
        outputs: the states h of all directions, a sequence of [..., B, H*N].
        final_states: of each of the N directions the last state, `(h,)` or `(h, c)` of [..., B, H].
        states: of the last direction the state after each step in its own order, a sequence of
            `(h,)` or `(h, c)`; with arrays over time, the pair of these.
    """

    outputs: Any
    final_states: list[State]
    states: Any


def problem_of(case: Case) -> Problem:
    """The problem of a case, on exactly the values of its arrays."""
    mask = None if case.lengths is None else np.arange(case.sizes.T)[:, None] < case.lengths
    finals = zip(case.model.layout.states, final_cotangents(case.model), strict=False)
    inputs = {name: array.astype(np.float64) for name, array in case.inputs.items()}
    divisor = pair_count(case) if case.model.reduction == "mean" else 1
    return Problem(
        model=case.model,
        inputs=inputs,
        targets=_dense_targets(case),
        weights=_carries_loss(case) / divisor,
        mask=mask,
        reverse=_reverse(case) if case.model.bidirectional else None,
        final_cotangents={s: case.data[n].astype(np.float64) for s, n in finals},
        differentiated=tuple(inputs),
        divisor=divisor,
    )


def losses(xp: Namespace, problem: Problem, inputs: Mapping[str, Any]) -> Any:
    """Loss of each sequence, [..., B]; their sum is the loss of the case."""
    return losses_of(xp, problem, inputs, list(run_layers(xp, problem, inputs)))


def losses_of(
    xp: Namespace, problem: Problem, inputs: Mapping[str, Any], layers: Sequence[LayerRun]
) -> Any:
    """The same, given what the layers came to."""
    hidden, finals = _top_and_finals(problem, layers)
    of_pair = pair_loss(xp, problem.model, inputs)
    total = xp.sum_pairs(
        lambda h_t, target_t, weight_t: weight_t * of_pair(h_t, target_t),
        hidden,
        xp.constant(problem.targets),
        xp.constant(problem.weights),
    )
    for name, cotangent in problem.final_cotangents.items():
        total = total + final_loss(finals[name], xp.constant(cotangent))
    return total


def logits(xp: Namespace, h_t: Any, inputs: Mapping[str, Any]) -> Any:
    """`y_t = W_hy h_t + b_y`, [..., O]; without a head the states themselves."""
    if "W_hy" not in inputs:
        return h_t
    return affine(h_t, inputs["W_hy"], inputs.get("b_y"))


def unroll(
    xp: Namespace, problem: Problem, inputs: Mapping[str, Any]
) -> tuple[Any, dict[str, list[Any]]]:
    """Top layer's sequence of [..., B, H*N]; by state name, its final states [..., B, H]."""
    return _top_and_finals(problem, list(run_layers(xp, problem, inputs)))


def _top_and_finals(
    problem: Problem, layers: Sequence[LayerRun]
) -> tuple[Any, dict[str, list[Any]]]:
    finals: dict[str, list[Any]] = {}
    for layer in layers:
        for n, name in enumerate(problem.model.layout.states):
            finals.setdefault(name, []).extend(state[n] for state in layer.final_states)
    return layers[-1].outputs, finals


def outputs(xp: Namespace, problem: Problem, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Forward values by the names under which a subject may offer them, each a sequence over time.

    `h_l{k}` of [..., B, H*N] for every layer, and `y` of [..., B, O] where the model has a readout.
    """
    layers = [layer.outputs for layer in run_layers(xp, problem, inputs)]
    named: dict[str, Any] = {f"h_l{k}": hidden for k, hidden in enumerate(layers)}
    if "W_hy" in inputs:
        named["y"] = xp.map_steps(lambda h_t: logits(xp, h_t, inputs), layers[-1])
    return named


def run_layers(xp: Namespace, problem: Problem, inputs: Mapping[str, Any]) -> Iterator[LayerRun]:
    """Run the layers over all steps, one after the other from the bottom."""
    model, step = problem.model, step_function(problem.model)
    hidden = xp.steps(inputs["x"])
    for k in range(model.layers):
        hidden_of, finals, states = [], [], None
        for n, suffix in enumerate(model.directions):
            index = None if not suffix else problem.reverse
            below = hidden if index is None else xp.reorder(hidden, index)
            row = k * len(model.directions) + n
            state = tuple(inputs[f"{s}0"][..., row, :, :] for s in model.layout.states)
            last, states = _run(
                xp, step, layer_params(model, inputs, k, suffix), state, below, problem
            )
            out = xp.map_steps(lambda state: state[0], states)
            hidden_of.append(out if index is None else xp.reorder(out, index))
            finals.append(last)
        hidden = hidden_of[0]
        if len(hidden_of) > 1:
            hidden = xp.map_steps(lambda *h: xp.concat(h), *hidden_of)
        yield LayerRun(hidden, finals, states)


def _run(xp: Namespace, step: Step, params: Any, state: Any, below: Any, problem: Problem) -> Any:
    """One direction of one layer over all steps; a finished sequence keeps its state."""
    mask, numbers = problem.mask, step_numbers(xp, problem)
    if mask is None:
        return xp.scan(lambda state, x_t, t: step(xp, params, x_t, state, t), state, below, numbers)

    def hold(state: Any, x_t: Any, t: Any, mask_t: Any) -> Any:
        moved = step(xp, params, x_t, state, t)
        return tuple(xp.where(mask_t, new, old) for new, old in zip(moved, state, strict=True))

    of_steps = np.moveaxis(mask, -2, 0)[..., None]
    return xp.scan(hold, state, below, numbers, xp.constant(of_steps))


def step_numbers(xp: Namespace, problem: Problem) -> Any:
    """The number of each step of a problem, (T,), as the steps of each direction are counted."""
    return xp.constant(np.arange(problem.weights.shape[-2], dtype=np.float64)) + problem.first_step


def layer_params(model: Model, inputs: Mapping[str, Any], k: int, suffix: str) -> dict[str, Any]:
    """The arrays of one direction of layer k by their plain names."""
    names = ("W_xh", "W_hh", *model.layout.further, *model.layout.biases)
    full = {name: f"{name}_l{k}{suffix}" for name in names}
    return {name: inputs[key] for name, key in full.items() if key in inputs}


def pair_loss(xp: Namespace, model: Model, inputs: Mapping[str, Any]) -> Any:
    """The loss of (step, sequence) pairs as a function of rows `h_t` [..., H*N] and their targets
    [..., width]: one number each, [...].
    """
    by_name: dict[str, Any] = {
        "cross_entropy": lambda y_t, target: -(xp.log_softmax(y_t) * target).sum(-1),
        "bce": lambda y_t, target: (xp.softplus(y_t) - y_t * target).sum(-1),
        "mse": lambda y_t, target: ((y_t - target) * (y_t - target)).sum(-1),
        "sigmoid_mse": lambda y_t, target: by_name["mse"](xp.sigmoid(y_t), target),
    }
    if model.loss == "linear":
        return lambda h_t, target: (h_t * target).sum(-1)
    of_logits = by_name[model.loss]
    return lambda h_t, target: of_logits(logits(xp, h_t, inputs), target)


def final_loss(states: list[Any], cotangent: Any) -> Any:
    """`sum(cotangent * final state)` of each sequence."""
    parts = [(state * cotangent[..., row, :, :]).sum(-1) for row, state in enumerate(states)]
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
    """What a mean divides by: (step, sequence) pairs with a loss, for losses of values times O."""
    pairs = int(_carries_loss(case).sum())
    return pairs * (1 if case.model.loss == "cross_entropy" else case.sizes.O)


def _reverse(case: Case) -> Array:
    """Step t of the reverse direction reads step length-1-t; padded steps read themselves."""
    length, step = lengths_of(case), np.arange(case.sizes.T)[:, None]
    return np.where(step < length, length - 1 - step, step)
