"""The one door to the tape, and with it the exact gradient and loss of a case in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ..cases.any_case import AnyCase
from ..cases.case import Case
from ..cases.directions import is_per_sequence
from ..cases.model import HEAD
from ..cases.recurrences.recurrence import RecurrenceCase
from ..cases.types import Array
from .arithmetics.arithmetic import Arithmetic, Exact
from .namespaces.numpy import NumPy
from .namespaces.taped import Taped
from .network import LayerRun, Problem, losses, problem_of, run_layers
from .recurrences.truth import evaluation_of, linear_loss
from .tape import Node, Tape
from .truncation import windows_entered_by, windows_of

TAPED = Taped()
EXACT = Exact()


@dataclass(frozen=True, eq=False)
class Sweep:
    """A forward and a backward pass over one problem, in S samples of its arithmetic.

    Args:
        losses: of each sequence, [S, B].
        bars: name of every input that is differentiated to its cotangent, [S, *shape]; S is 1
            where nothing was rounded, or nothing flowed and all is zero.
        tape: the record of the forward pass.
    """

    losses: Array
    bars: Mapping[str, Array]
    tape: Tape


def sweep(problem: Problem, xp: Taped = TAPED, arithmetic: Arithmetic = EXACT) -> Sweep:
    """Run a problem forwards on a tape and sweep it backwards.

    Args:
        problem: of arrays of any dtype that the namespace takes.
        xp: the namespace; it may do the backward pass differently.
        arithmetic: how results are rounded.
    """
    return swept_back(problem, *record(problem, xp, arithmetic))


def swept_back(problem: Problem, inputs: Mapping[str, Node], loss: Node) -> Sweep:
    """The sweep of a problem whose forward pass was recorded."""
    loss.tape.backward(loss)
    bars = {n: inputs[n].cotangent for n in problem.differentiated}
    shapes = {n: a.shape for n, a in problem.inputs.items() if a.ndim == 1}
    bars |= {n: bars[n].reshape(-1, *shapes[n]) for n in bars if n in shapes}
    return Sweep(loss.value, bars, loss.tape)


def record(
    problem: Problem, xp: Taped = TAPED, arithmetic: Arithmetic = EXACT
) -> tuple[dict[str, Node], Node]:
    """The forward pass alone: the inputs as leaves of a tape, and the losses [S, B] on it."""
    inputs = leaves(problem, arithmetic)
    return inputs, losses(xp, problem, inputs)


def leaves(
    problem: Problem, arithmetic: Arithmetic = EXACT, make: Callable[..., Tape] = Tape
) -> dict[str, Node]:
    """The inputs of a problem as leaves of a tape of its own, `make(arithmetic, sequences)`.

    States that entered a window [S, layers*N, B, H] come as samples, with their rounding.
    """
    sequences = problem.weights.shape[1]
    tape = make(arithmetic, sequences)
    pairs = problem.weights.size  # at once, as the head is applied to them
    return {
        name: tape.samples(arithmetic.entering(a if a.ndim == 4 else a[None]))
        if is_per_sequence(name)
        else tape.input(_with_batch(problem, name, a), pairs if name in HEAD else sequences)
        for name, a in problem.inputs.items()
    }


def _with_batch(problem: Problem, name: str, array: Array) -> Array:
    """A parameter; a vector of a user's cell with an axis of the sequences, as it may be changed
    before it meets an array that has them.
    """
    further = problem.model.layout.further
    return array[None] if array.ndim == 1 and name.partition("_l")[0] in further else array


def sampled_states(problem: Problem, layers: Iterable[LayerRun]) -> dict[str, Array]:
    """State name to its values after each step, (T, S, layers, B, H), of a run in S samples."""
    states = [layer.states for layer in layers]
    return {
        name: np.stack([np.stack([s[n].value for s in of_layer]) for of_layer in states], axis=2)
        for n, name in enumerate(problem.model.layout.states)
    }


def exact_gradients(case: AnyCase, xp: Taped = TAPED) -> dict[str, Array]:
    """The gradient of a case by the NumPy tape, float64; `xp` may do the backward pass
    differently. Of a recurrence it is that of its reference.
    """
    if isinstance(case, RecurrenceCase):
        return evaluation_of(case).grads
    total = {n: np.zeros(a.shape) for n, a in case.inputs.items()}
    for window in windows_of(case):
        bars = sweep(window.problem, xp).bars
        window.add_to(total, {n: bar[0] for n, bar in bars.items()})
    return total


def gradients_in(case: Case, arithmetic: Arithmetic) -> dict[str, Array]:
    """The gradient of a case in an arithmetic of one sample, float64."""

    def states(problem: Problem) -> dict[str, Array]:
        return sampled_states(problem, run_layers(TAPED, problem, leaves(problem, arithmetic)))

    total = {n: np.zeros(a.shape) for n, a in case.inputs.items()}
    for window in windows_entered_by(case, states):
        bars = sweep(window.problem, arithmetic=arithmetic).bars
        window.add_to(total, {n: bar[0] for n, bar in bars.items()})
    return total


def exact_loss(case: AnyCase) -> float:
    """The loss of a case, float64."""
    if isinstance(case, RecurrenceCase):
        return linear_loss(case, evaluation_of(case).outputs)
    problem = problem_of(case)
    return float(losses(NumPy(), problem, problem.inputs).sum())
