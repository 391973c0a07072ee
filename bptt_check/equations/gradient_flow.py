"""Gradient flow: which path of the gradient carries how much.

The gradient of a weight is a sum over pairs (i, k): the loss of step i, flowing back to step k,
where the weight was used. `gradient_flow` gives every term of that sum, the norm of the gradient
that arrives at each state, and the norms of the products of step Jacobians between any two steps
(Bengio et al. 1994; Pascanu et al. 2013 for vanishing and exploding products).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..cases.case import Case, Truncation
from ..cases.types import Array
from ..errors import SpecError
from .cells import step_function
from .namespaces.taped import Taped
from .network import Problem, final_loss, layer_params, pair_loss, problem_of
from .tape import Node, Tape
from .truncation import by_length, restricted, windows


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """Where the gradient of a case comes from. T is the number of steps; step indices start at 0.

    Args:
        contributions: weight name to `(T, T, *shape)`: `[i, k]` is what the loss of step i
            contributes through the weight's use at step k; zero for k > i and for pairs that
            a truncation cuts. Summed over both it is the gradient. The final cotangents of a linear
            loss belong to each sequence's last step.
        state_norms: state name to (layers, T): norm of dL/dh_t over all sequences and units.
        jacobian_norms: state name to (layers, T, T): `[l, i, k]` is the largest spectral norm
            over the sequences of the derivative of the state after step i by the state after
            step k of the same layer, with the other states held; 1 for i = k, 0 for k > i.
        kept: weight name to (T,): `[k - 1]` is the share of the gradient that a sliding window
            of k steps for every loss keeps, `<g_k, g> / <g, g>`; NaN where the gradient is zero.
    """

    contributions: Mapping[str, Array]
    state_norms: Mapping[str, Array]
    jacobian_norms: Mapping[str, Array]
    kept: Mapping[str, Array]

    @property
    def gradients(self) -> dict[str, Array]:
        """The gradient of every weight: the sum of its contributions."""
        return {name: g.sum(axis=(0, 1)) for name, g in self.contributions.items()}

    def path_norms(self, name: str) -> Array:
        """Norm of the contribution of each pair (i, k) to one weight, (T, T)."""
        g = self.contributions[name]
        return np.sqrt(np.square(g).sum(axis=tuple(range(2, g.ndim))))


def gradient_flow(case: Case) -> GradientFlow:
    """The gradient flow of a case, by reverse accumulation in float64.

    Raises:
        SpecError: the model is bidirectional, where a path has no single direction in time.
    """
    if case.model.bidirectional:
        raise SpecError(
            "gradient_flow needs one direction in time: use bidirectional=False and look at each "
            "direction on its own."
        )
    whole = problem_of(case)
    total = _empty(whole, case.sizes.T)
    for length, columns in by_length(case):
        _add_group(total, _Unrolled(restricted(whole, 0, length, columns)), case.truncation)
    norms = {s: np.sqrt(squares) for s, squares in total.state_norms.items()}
    kept = {n: _kept(g) for n, g in total.contributions.items()}
    return GradientFlow(total.contributions, norms, total.jacobian_norms, kept)


class _Unrolled:
    """A forward pass on a tape on which every step uses weights of its own."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.T = problem, len(problem.weights)
        self.tape = Tape()
        self.inputs = self.tape.inputs(problem.inputs)
        self.uses: dict[str, list[Node]] = {}
        self.states: list[list[tuple[Node, ...]]] = []
        hidden = Taped().steps(self.inputs["x"])
        for k in range(problem.model.layers):
            self.states.append(self._layer(k, hidden))
            hidden = [state[0] for state in self.states[-1]]
        self.losses = self._losses(hidden)

    def _layer(self, k: int, below: list[Node]) -> list[tuple[Node, ...]]:
        model = self.problem.model
        step = step_function(model)
        state = tuple(self.inputs[f"{s}0"][..., k, :, :] for s in model.layout.states)
        states: list[tuple[Node, ...]] = []
        for t, x_t in enumerate(below):
            weights = {n: self._use(n) for n in self.problem.inputs if n.endswith(f"_l{k}")}
            state = step(Taped(), layer_params(model, weights, k, ""), x_t, state, float(t))
            states.append(state)
        return states

    def _use(self, name: str) -> Node:
        """The weight as one step uses it: what flows into this node is that step's share."""
        weight = self.inputs[name]
        use = weight.derived(weight.value, (weight, lambda bar: bar))
        self.uses.setdefault(name, []).append(use)
        return use

    def _losses(self, hidden: list[Node]) -> list[Node]:
        """The weighted loss of every step, [1, B]; the last has the final states' too."""
        of_pair = pair_loss(Taped(), self.problem.model, self.inputs)
        steps = zip(hidden, self.problem.targets, self.problem.weights, strict=True)
        losses = [of_pair(h_t, target) * weight for h_t, target, weight in steps]
        for n, name in enumerate(self.problem.model.layout.states):
            if name in self.problem.final_cotangents:
                last = [states[-1][n] for states in self.states]
                losses[-1] = losses[-1] + final_loss(last, self.problem.final_cotangents[name])
        return losses

    def contributions(self, i: int) -> dict[str, Array]:
        """Of the loss of step i through each step, by weight: (T, *shape)."""
        self.tape.backward(self.losses[i])
        return {n: np.stack([use.cotangent[0] for use in uses]) for n, uses in self.uses.items()}


def _add_group(total: GradientFlow, run: _Unrolled, truncation: Truncation | None) -> None:
    """Add what sequences of one length contribute."""
    T = run.T
    for i, start in enumerate(_starts(T, truncation)):
        for name, shares in run.contributions(i).items():
            total.contributions[name][i, start:T] += shares[start:] if start <= i else 0.0
    if run.losses:
        run.tape.backward(sum(run.losses[1:], start=run.losses[0]))
    for layer, states in enumerate(run.states):
        for n, name in enumerate(run.problem.model.layout.states):
            squares = [np.square(state[n].cotangent[0]).sum() for state in states]
            total.state_norms[name][layer, :T] += squares
    _add_jacobians(total, run)


def _add_jacobians(total: GradientFlow, run: _Unrolled) -> None:
    """Norms of d state_i / d state_k, the largest over the sequences."""
    for layer, states in enumerate(run.states):
        for n, name in enumerate(run.problem.model.layout.states):
            norms = total.jacobian_norms[name][layer]
            for i in range(run.T):
                run.tape.backward(states[i][n], _units(states[i][n]))
                for k in range(i + 1):
                    # [H, B, H]: row of the Jacobian, sequence, column
                    jacobian = states[k][n].cotangent.transpose(1, 0, 2)
                    largest = float(np.linalg.norm(jacobian, ord=2, axis=(1, 2)).max())
                    norms[i, k] = max(norms[i, k], largest)


def _starts(T: int, truncation: Truncation | None) -> list[int]:
    """First step to which the loss of each step flows back; T if it gives no gradient."""
    if truncation is None:
        return [0] * T
    spans = windows(T, truncation.k1, truncation.k2)
    of_step = (spans[i // truncation.k1] for i in range(T))
    return [span.start if span.counted <= i else T for i, span in enumerate(of_step)]


def _empty(problem: Problem, T: int) -> GradientFlow:
    layers = problem.model.layers
    weights = {n: a for n, a in problem.inputs.items() if "_l" in n}
    states = problem.model.layout.states
    return GradientFlow(
        contributions={n: np.zeros((T, T, *a.shape)) for n, a in weights.items()},
        state_norms={s: np.zeros((layers, T)) for s in states},
        jacobian_norms={s: np.zeros((layers, T, T)) for s in states},
        kept={},
    )


def _kept(contributions: Array) -> Array:
    """Share of the gradient that is left with a window of 1, ..., T steps for every loss."""
    T = len(contributions)
    flat = contributions.reshape(T, T, -1)
    hops = np.arange(T)[:, None] - np.arange(T)
    by_hops = np.stack([flat[hops == d].sum(axis=0) for d in range(T)])
    windows, gradient = np.cumsum(by_hops, axis=0), by_hops.sum(axis=0)
    size = float(gradient @ gradient)
    return windows @ gradient / size if size else np.full(T, np.nan)


def _units(node: Node) -> Array:
    """One seed per unit: [H, B, H]."""
    _, B, H = node.shape
    return np.broadcast_to(np.eye(H)[:, None, :], (H, B, H)).copy()
