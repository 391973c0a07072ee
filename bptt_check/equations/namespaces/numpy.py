"""What an array library must offer to run `cells` and `network`, and NumPy's own answer to it.

sigmoid, softplus and log-softmax are primitives of the namespace, not formulas over `exp`: each
library has versions that neither overflow nor lose digits when saturated, and complex numbers and
balls need careful ones of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np


class Namespace(Protocol):
    """Functions of arrays [..., B, H]; everything else is operators (`@ + - *`, slicing, `.mT`,
    `.sum`).

    A *sequence* is whatever the namespace uses for the T steps of an array [..., T, B, H]: a list
    here, an array with time first where a compiler wants to see the loop.
    """

    def tanh(self, z: Any, /) -> Any: ...
    def sigmoid(self, z: Any, /) -> Any: ...
    def relu(self, z: Any, /) -> Any: ...
    def lerp(self, a: Any, b: Any, weight: Any, /) -> Any: ...
    def exp(self, z: Any, /) -> Any: ...
    def softplus(self, z: Any, /) -> Any: ...
    def log_softmax(self, z: Any, /) -> Any: ...
    def where(self, condition: Any, a: Any, b: Any, /) -> Any: ...
    def maximum(self, a: Any, b: Any, /) -> Any: ...
    def minimum(self, a: Any, b: Any, /) -> Any: ...
    def clip(self, z: Any, low: Any, high: Any, /) -> Any: ...
    def concat(self, arrays: Sequence[Any], /) -> Any: ...
    def constant(self, array: Any, /) -> Any: ...
    def steps(self, x: Any, /) -> Any: ...
    def scan(self, step: Callable[..., Any], state: Any, *sequences: Any) -> tuple[Any, Any]: ...
    def map_steps(self, function: Callable[..., Any], *sequences: Any) -> Any: ...
    def sum_pairs(
        self, function: Callable[..., Any], hidden: Any, targets: Any, weights: Any, /
    ) -> Any: ...
    def reorder(self, sequence: Any, index: Any, /) -> Any: ...


class Choices:
    """Functions that are a choice by `where`: exact, with a kink where the choice changes."""

    where: Callable[..., Any]

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger one; at equal ones any share of both is a right slope."""
        return self.where(a > b, a, b)

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller one."""
        return self.where(a < b, a, b)

    def clip(self, z: Any, low: Any, high: Any) -> Any:
        """`z` within two bounds, whose slope is 1 inside and 0 outside."""
        return self.where(z < low, low, self.where(z > high, high, z))


class PythonLoop(Choices):
    """Sequences as lists of T arrays: for every library whose loops are Python's."""

    stack: Callable[[Sequence[Any]], Any]

    def lerp(self, a: Any, b: Any, weight: Any) -> Any:
        """`(1 - weight) a + weight b`, for a weight that is a sigmoid or one minus it."""
        return (1.0 - weight) * a + weight * b

    def constant(self, array: Any) -> Any:
        return array

    def steps(self, x: Any) -> list[Any]:
        return [x[..., t, :, :] for t in range(x.shape[-3])]

    def scan(self, step: Callable[..., Any], state: Any, *sequences: Any) -> tuple[Any, list[Any]]:
        """`state = step(state, *inputs of the step)` over all steps; the last state and all
        states.
        """
        states: list[Any] = []
        for inputs in zip(*sequences, strict=True):
            state = step(state, *inputs)
            states.append(state)
        return state, states

    def map_steps(self, function: Callable[..., Any], *sequences: Any) -> list[Any]:
        return [function(*inputs) for inputs in zip(*sequences, strict=True)]

    def sum_pairs(
        self, function: Callable[..., Any], hidden: Any, targets: Any, weights: Any, /
    ) -> Any:
        """The sum over all steps [..., B] of a function of each (step, sequence) pair.

        The function is called once, on the rows of all pairs: `hidden` as [..., T*B, H], targets
        (..., T, B, width) and weights (..., T, B) as (..., T*B, width) and (..., T*B).
        """
        steps = self.stack(hidden)
        *lead, T, B, width = steps.shape
        cases = weights.shape[:-2]
        rows = targets.reshape(*cases, T * B, targets.shape[-1]), weights.reshape(*cases, T * B)
        of_pairs = function(steps.reshape(*lead, T * B, width), *rows)
        return of_pairs.reshape(*of_pairs.shape[:-1], T, B).sum(-2)

    def reorder(self, sequence: Sequence[Any], index: Any) -> list[Any]:
        """Step t of sequence b becomes its step `index[..., t, b]`; arrays are [..., B, H]."""
        *cases, _, columns = np.indices(index.shape, sparse=True)
        return self.steps(self.stack(sequence)[(..., *cases, index, columns, slice(None))])


class NumPy(PythonLoop):
    """NumPy, real numbers, whatever precision comes in."""

    def tanh(self, z: Any) -> Any:
        return np.tanh(z)

    def sigmoid(self, z: Any) -> Any:
        """`1/(1 + e^-|z|)` or its complement: `e^-|z|` cannot overflow and no digit cancels."""
        return np.exp(np.minimum(z, 0.0)) / (1.0 + np.exp(-np.abs(z)))

    def relu(self, z: Any) -> Any:
        return np.maximum(z, 0.0)

    def exp(self, z: Any) -> Any:
        return np.exp(z)

    def softplus(self, z: Any) -> Any:
        return np.logaddexp(z, 0.0)

    def log_softmax(self, z: Any) -> Any:
        shifted = z - np.max(z, axis=-1, keepdims=True)
        return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return np.where(condition, a, b)

    def concat(self, arrays: Sequence[Any]) -> Any:
        """Along the last axis; perturbed copies of one array meet unperturbed ones of another."""
        shape = np.broadcast_shapes(*(a.shape[:-1] for a in arrays))
        return np.concatenate([np.broadcast_to(a, (*shape, a.shape[-1])) for a in arrays], axis=-1)

    def stack(self, sequence: Sequence[Any]) -> Any:
        return np.stack(np.broadcast_arrays(*sequence), axis=-3)
