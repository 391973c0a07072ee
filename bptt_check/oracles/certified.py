"""A proof: reverse accumulation in Arb balls, an interval that holds the true derivative.

The shared forward pass runs over NumPy object arrays of balls (Johansson 2017), a tape records it
and is swept backwards; every operation encloses its exact result. The inputs are the case's binary
numbers, which are exact. Precision is doubled until an enclosure is far narrower than float64 can
tell apart. At a kink of relu the slope is the ball [0, 1]: the enclosure then holds what every
choice of a subgradient gives, and is as wide as the choice matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import arb, ctx

from ..cases.case import Case
from ..cases.result import Result
from ..cases.types import Array
from ..equations.arithmetics.arithmetic import Exact
from ..equations.exact import leaves, record, sampled_states, sweep
from ..equations.namespaces.taped import Taped, also_of_numbers
from ..equations.network import Problem, problem_of, run_layers
from ..equations.ordering import Ordering
from ..equations.tape import Node
from ..equations.truncation import cuts_of, windows_entered_by

PRECISIONS = (128, 256, 512, 1024, 2048, 4096)
"""Bits. A saturated gate loses its digits twice: in 1 - s and in the next product."""
NARROW = 2.0**-64
"""Radius over midpoint of an enclosure that decides: 2,000 times finer than float64."""
BELOW_ALL = arb(2) ** -1100
"""Radius below which a float64 cannot tell a number from another, whatever its size."""
SMALL = 30_000
"""Multiplications of balls that a case may need to be proven by default: about 10 ms."""


class Balls(Taped):
    """The namespace over nodes of balls. Slopes come from `z`, where they are narrowest."""

    @also_of_numbers
    def tanh(self, z: Node) -> Node:
        return _unary(z, np.tanh(z.value), _each(lambda a: 1 / a.cosh() ** 2, z.value))

    @also_of_numbers
    def sigmoid(self, z: Node) -> Node:
        s = _each(_sigmoid, z.value)
        return _unary(z, s, s * _each(_sigmoid, -z.value))

    @also_of_numbers
    def relu(self, z: Node) -> Node:
        return _unary(z, _each(_relu, z.value), _each(_step, z.value))

    @also_of_numbers
    def exp(self, z: Node) -> Node:
        value = np.exp(z.value)
        return _unary(z, value, value)

    def choice(self, condition: Any, a: Any, b: Any) -> Array:
        """Both, where a condition cannot be decided."""
        if not isinstance(condition, Ordering):
            return super().choice(condition, a, b)
        return np.asarray(np.frompyfunc(_either, 3, 1)(condition.slope, a, b))

    @also_of_numbers
    def softplus(self, z: Node) -> Node:
        return _unary(z, _each(_softplus, z.value), _each(_sigmoid, z.value))

    def log_softmax(self, z: Node) -> Node:
        """Cotangent `bar - softmax(z) * sum(bar)`."""
        largest = np.max(_each(lambda a: float(a.mid()), z.value), axis=-1, keepdims=True)
        shifted = z.value - largest
        powers = np.exp(shifted)
        total = powers.sum(-1, keepdims=True)
        softmax = powers / total
        return z.derived(
            shifted - np.log(total), (z, lambda bar: bar - softmax * bar.sum(-1, keepdims=True))
        )


def _unary(z: Node, value: Array, slope: Array) -> Node:
    return z.derived(value, (z, lambda bar: bar * slope))


def _each(function: Any, values: Array) -> Array:
    """A function of a ball, applied to every entry."""
    return np.frompyfunc(lambda a: function(arb(a)), 1, 1)(values)


def _sigmoid(a: arb) -> arb:
    return 1 / (1 + (-a).exp())


def _softplus(a: arb) -> arb:
    """`log(1 + e^a)`, whose digits survive on both sides."""
    return a.exp().log1p() if float(a.mid()) < 0 else a + (-a).exp().log1p()


def _relu(a: arb) -> arb:
    """max(a, 0); where the sign cannot be decided, both."""
    return a if a > 0 else arb(0) if a < 0 else a.nonnegative_part()


def _step(a: arb) -> arb:
    """The slope of relu; where the sign cannot be decided, every subgradient."""
    return arb(1) if a > 0 else arb(0) if a < 0 else arb(0.5, 0.5)


def _either(share: Any, a: Any, b: Any) -> arb:
    """What is chosen, given its share in the derivative."""
    return arb(a) if share == 1 else arb(b) if share == 0 else arb(a).union(arb(b))


ENCLOSING = Exact(lambda z: _each(_step, z))
"""No rounding; at a kink every slope."""


def differentiate(case: Case) -> Result:
    """Loss and gradients with proven bounds.

    `bounds` holds the distance of each gradient, rounded to float64, to the farthest number that
    the derivative may be; `rest` what rounding left off.
    """
    enclosures: list[Enclosure] = []
    for bits in PRECISIONS:
        with ctx.workprec(bits):
            enclosures.append(_enclose(case))
            if enclosures[-1].decides(enclosures[-2] if len(enclosures) > 1 else None):
                break
    with ctx.workprec(2 * PRECISIONS[0]):
        return enclosures[-1].result()


def too_large(case: Case) -> str:
    """Why a case is not proven unless asked for; empty if it is."""
    cost = multiplications(case)
    if cost <= SMALL:
        return ""
    return f"too large to prove unless asked for: {cost:,} multiplications, {SMALL:,} by default"


def multiplications(case: Case) -> int:
    """Products of balls in one forward and one backward pass, about."""
    steps = sum(cut.span.end - cut.span.start for cut in cuts_of(case))
    weights = sum(a.size for a in case.params.values() if a.ndim == 2)
    return 3 * steps * case.sizes.B * weights


@dataclass(frozen=True, eq=False)
class Enclosure:
    """Balls for the loss and every gradient entry, at one precision."""

    loss: arb
    grads: Mapping[str, Array]

    @property
    def radii(self) -> list[arb]:
        """The radius of every entry."""
        return [a.rad() for g in self.grads.values() for a in g.flat]

    def decides(self, before: Enclosure | None) -> bool:
        """Whether each entry is narrow, or as wide as it was at half the precision: a kink."""
        entries = (a for g in self.grads.values() for a in g.flat)
        wide_before = before.radii if before else [None] * len(self.radii)
        return all(
            _is_narrow(a) or (old is not None and not a.rad() * 2 < old)
            for a, old in zip(entries, wide_before, strict=True)
        )

    def result(self) -> Result:
        """The midpoints as float64, what is left of them, and the bounds, which are proven."""
        grads = {n: _floats(g) for n, g in self.grads.items()}
        left = {n: g - _balls(grads[n]) for n, g in self.grads.items()}
        return Result(
            float(self.loss.mid()),
            grads,
            bounds={n: _floats(_each(_outer, a)) for n, a in left.items()},
            rest={n: _floats(a) for n, a in left.items()},
            proven=True,
        )


def _is_narrow(a: arb) -> bool:
    radius = a.rad()
    return bool(radius <= abs(a.mid()) * NARROW or radius < BELOW_ALL)


def _outer(a: arb) -> arb:
    """A number no smaller than anything in the ball, and than its own float64 neighbour."""
    return a.abs_upper() * (1 + 2.0**-50) if a.is_finite() else arb.pos_inf()


def _floats(balls: Array) -> Array:
    """Midpoints as an array of float64."""
    return np.array([float(a.mid()) for a in balls.flat]).reshape(balls.shape)


def _balls(values: Array) -> Array:
    return _each(lambda a: a, values)


def _enclose(case: Case) -> Enclosure:
    total = {n: _balls(np.zeros(a.shape)) for n, a in case.inputs.items()}
    loss = arb(0)
    for window in windows_entered_by(case, _states_after):
        loss, grads = _gradients(window.problem)
        window.add_to(total, grads)
    if case.truncation is not None:  # the loss is the whole one, not the windows'
        loss = record(_in_balls(problem_of(case)), Balls(), ENCLOSING)[1].value.sum()
    return Enclosure(arb(loss), total)


def _gradients(problem: Problem) -> tuple[Any, dict[str, Array]]:
    swept = sweep(_in_balls(problem), Balls(), ENCLOSING)
    return swept.losses.sum(), {n: bar[0] for n, bar in swept.bars.items()}


def _in_balls(problem: Problem) -> Problem:
    """The problem on balls: inputs and weights that hold their exact values."""
    share = arb(1) / problem.divisor  # the weights are this, rounded
    weights = np.array([share if w else 0 for w in problem.weights.flat], dtype=object)
    inputs = {n: _balls(a) for n, a in problem.inputs.items()}
    return replace(problem, inputs=inputs, weights=weights.reshape(problem.weights.shape))


def _states_after(problem: Problem) -> dict[str, Array]:
    """States after each step, (T, layers, B, H): those that enter a window are enclosed too."""
    inputs = leaves(_in_balls(problem), ENCLOSING)
    states = sampled_states(problem, run_layers(Balls(), problem, inputs))
    return {name: values[:, 0] for name, values in states.items()}
