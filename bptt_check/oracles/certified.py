"""A proof: reverse accumulation in Arb balls, an interval that holds the true derivative.

The shared forward pass runs over NumPy object arrays of balls (Johansson 2017), a tape records it
and is swept backwards; every operation encloses its exact result. The inputs are the case's binary
numbers, which are exact. Precision is raised until an enclosure is far narrower than float64 can
tell apart. At a kink of relu the slope is the ball [0, 1]: the enclosure then holds what every
choice of a subgradient gives, and is as wide as the choice matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from flint import arb, ctx

from ..cases.case import Case
from ..cases.result import Result
from ..cases.types import Array
from ..equations.exact import leaves, sampled_states, sweep
from ..equations.namespaces.balls import BALLS, ENCLOSING, BallMatrix, as_balls
from ..equations.network import Problem, losses_of, problem_of, run_layers
from ..equations.truncation import Window, cuts_of, windows_entered_by

FIRST, LAST = 128, 4096
"""Bits. A saturated gate loses its digits twice: in 1 - s and in the next product."""
NARROW = 64
"""Bits of accuracy of an enclosure that decides: 2,000 times finer than float64."""
BELOW_ALL = arb(2) ** -1100
"""Radius below which a float64 cannot tell a number from another, whatever its size."""
LARGEST = 300_000
"""Operations that a case may need to be proven by default: 60 to 120 ms."""
PER_CASE = 4_000
"""Operations for each of the cases that are checked together: one to two ms."""


def differentiate(case: Case) -> Result:
    """Loss and gradients with proven bounds.

    `bounds` holds the distance of each gradient, rounded to float64, to the farthest number that
    the derivative may be; `rest` what rounding left off.
    """
    return narrowed(lambda: _enclose(case))


def narrowed(enclose: Callable[[], Enclosure]) -> Result:
    """What is enclosed, at the first precision at which each enclosure is narrow."""
    before, bits = None, FIRST
    while True:
        with ctx.workprec(bits):
            enclosure = enclose()
        missing = enclosure.missing_bits(before)
        if not missing or bits == LAST:
            break
        before, bits = enclosure, min(LAST, max(2 * bits, bits + missing))
    with ctx.workprec(2 * FIRST):
        return enclosure.result()


def reasons_to_leave(cases: Sequence[Case]) -> list[str]:
    """Why each of the cases that are checked together is not proven by default; empty if it is.

    They share a budget of `PER_CASE` operations each, which the cheapest get first. The very
    cheapest is proven even if it takes more, and so is a case that is asked about alone; but none
    that takes more than `LARGEST`.
    """
    costs = [operations(case) for case in cases]
    left, reasons = PER_CASE * len(cases), [""] * len(cases)
    for place, n in enumerate(sorted(range(len(cases)), key=costs.__getitem__)):
        left -= costs[n]
        if costs[n] > LARGEST:
            reasons[n] = (
                f"too large to prove unless asked for: {costs[n]:,} operations, "
                f"{LARGEST:,} by default"
            )
        elif place > 0 > left:
            reasons[n] = (
                f"not proven unless asked for: {costs[n]:,} operations, and of {len(cases)} cases "
                f"only the cheapest are, with {PER_CASE * len(cases):,} by default"
            )
    return reasons


def operations(case: Case) -> int:
    """About how many operations on balls one proof takes, by what they cost in Python.

    A value of a gate takes 20: a function, its slope, and some products and sums, there and back.
    What a step costs however small it is makes 250 for each gate. In a product of matrices 16
    multiplications cost what an operation alone does.
    """
    sizes, model, cuts = case.sizes, case.model, cuts_of(case)
    gates = sum(a.shape[0] for n, a in case.params.items() if n.startswith("W_hh_"))
    weights = sum(a.size for n, a in case.params.items() if a.ndim == 2 and n != "W_hy")
    lengths = [cut.span.end - cut.span.start for cut in cuts]
    steps, rows = sum(lengths), sum(n * len(c.columns) for n, c in zip(lengths, cuts, strict=True))
    pairs = sizes.B * (1 if model.readout == "last" else sizes.T)
    if case.truncation is not None:  # the states that enter windows, and the loss of the whole
        steps, rows, pairs = steps + sizes.T // 2, rows + sizes.T * sizes.B // 2, 2 * pairs
    entries = sum(a.size for a in case.inputs.values()) + pairs * sizes.O
    of_values = 20 * rows * gates + 250 * steps * gates // sizes.H + 5 * entries
    return 1_000 + of_values + 3 * rows * weights // 16


@dataclass(frozen=True, eq=False)
class Enclosure:
    """Balls for the loss and every gradient entry, at a precision of so many bits."""

    bits: int
    loss: arb
    grads: Mapping[str, Array]

    def entries(self) -> list[arb]:
        """The enclosures of all gradient entries."""
        return [a for g in self.grads.values() for a in g.flat]

    def missing_bits(self, before: Enclosure | None) -> int:
        """By how much to raise the precision until each entry is narrow; 0 if each is.

        One that is as wide as it was before, at a lower precision, is a kink.
        """
        entries = self.entries()
        wide_before = before.entries() if before else [None] * len(entries)
        undecided = (
            a
            for a, old in zip(entries, wide_before, strict=True)
            if not _is_narrow(a) and (old is None or a.rad() * 2 < old.rad())
        )
        missing = max((NARROW - a.rel_accuracy_bits() for a in undecided), default=0)
        return min(missing, 3 * self.bits)  # a ball of infinite radius misses any number of them

    def result(self) -> Result:
        """The midpoints as float64, what is left of them, and the bounds, which are proven."""
        grads = {n: g.astype(np.float64) for n, g in self.grads.items()}
        left = {n: np.asarray(g - grads[n], object) for n, g in self.grads.items()}
        return Result(
            float(self.loss),
            grads,
            bounds={n: np.asarray(_outer(a), np.float64) for n, a in left.items()},
            rest={n: a.astype(np.float64) for n, a in left.items()},
            proven=True,
        )


def _is_narrow(a: arb) -> bool:
    return a.rel_accuracy_bits() >= NARROW or bool(a.rad() < BELOW_ALL)


def _outer_of(a: arb) -> arb:
    """A number no smaller than anything in the ball, and than its own float64 neighbour."""
    return a.abs_upper() * UPWARDS if a.is_finite() else arb.pos_inf()


UPWARDS = arb(1 + 2.0**-50)
_outer: Callable[[Array], Array] = np.frompyfunc(_outer_of, 1, 1)


def _enclose(case: Case) -> Enclosure:
    whole = _in_balls(problem_of(case))
    if case.truncation is None:
        swept = sweep(whole, BALLS, ENCLOSING)
        grads = {n: as_balls(bar[0]) for n, bar in swept.bars.items()}
        return Enclosure(ctx.prec, _sum(swept.losses), grads)
    loss, states = _loss_and_states(whole)
    total = {n: np.zeros(a.shape, dtype=object) for n, a in case.inputs.items()}
    for window in windows_entered_by(case, lambda _: states):
        if _carries_loss(window.problem):
            window.add_to(total, _gradients(window, whole))
    return Enclosure(ctx.prec, loss, {n: as_balls(g) for n, g in total.items()})


def _loss_and_states(whole: Problem) -> tuple[arb, dict[str, Array]]:
    """The loss of a whole case, and the states after each step, (T, layers, B, H): those that
    enter a window are enclosed too.
    """
    inputs = leaves(whole, ENCLOSING)
    layers = list(run_layers(BALLS, whole, inputs))
    states = sampled_states(whole, layers)
    loss = losses_of(BALLS, whole, inputs, layers).value
    return _sum(loss), {name: values[:, 0] for name, values in states.items()}


def _gradients(window: Window, whole: Problem) -> dict[str, Array]:
    """The gradients of one window, whose weights are those of the whole case."""
    problem = replace(
        window.problem,
        inputs=window.inputs_of(whole.inputs),
        weights=_exact_weights(window.problem),
    )
    return {n: bar[0] for n, bar in sweep(problem, BALLS, ENCLOSING).bars.items()}


def _carries_loss(problem: Problem) -> bool:
    """Whether anything flows back in a problem at all."""
    return bool(problem.final_cotangents) or bool(problem.weights.any())


def _sum(losses: Array) -> arb:
    return arb(losses.sum())


def _in_balls(problem: Problem) -> Problem:
    """The problem on balls: inputs and weights that hold their exact values."""
    inputs = {n: as_balls(a) for n, a in problem.inputs.items()}
    factors = {n: BallMatrix.of(a) for n, a in inputs.items() if a.ndim == 2 or n == "x"}
    return replace(problem, inputs={**inputs, **factors}, weights=_exact_weights(problem))


def _exact_weights(problem: Problem) -> Array:
    """The weights of the pairs: `1 / divisor`, which they are, rounded."""
    weights = np.zeros(problem.weights.shape, dtype=object)
    weights[problem.weights != 0] = arb(1) / problem.divisor
    return weights
