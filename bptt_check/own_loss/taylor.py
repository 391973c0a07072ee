"""The Taylor test: is the order of the remainder two? A second opinion that hangs on no step size.

Along a direction v the remainder `R(s) = |L(p + s v) - L(p) - s <g, v>|` of a smooth loss shrinks
like s^2 where g is its gradient, and like s where it is not. Rounding ends that at small steps,
curvature at large ones; both ends are measured here, and where nothing is left between them the
answer is that there is none. Both signs of v are taken, so that a kink (even in s) is told from a
wrong gradient (odd in s).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..cases.model import positive
from ..cases.types import Array
from ..errors import Undecidable
from ..verdicts.verdict import Verdict
from .differencing.noise import noise_along
from .differencing.taylor_curve import Remainder, TaylorCurve, has_order_one, judge_remainders

Inputs = Mapping[str, Array]
Loss = Callable[[dict[str, Array]], float]

EVERYTHING = "all inputs"
"""What a curve along all inputs at once is called."""
SAFETY = 8.0
"""Typical rounding errors that a remainder must exceed to be more than rounding."""
SMALLEST = 2.0**-48


@dataclass(frozen=True)
class TaylorTest:
    """The curves of one test: along all inputs at once, then along each input alone."""

    curves: tuple[TaylorCurve, ...]
    reason: str = ""
    """Why there is no curve at all."""

    @property
    def verdict(self) -> Verdict:
        """`fail` if a curve has order 1, `pass` if those along all inputs have 2, else
        `inconclusive`.
        """
        if any(c.verdict == Verdict.FAIL for c in self.curves):
            return Verdict.FAIL
        whole = [c.verdict for c in self.curves if c.parameter == EVERYTHING]
        return Verdict.PASS if whole and set(whole) == {Verdict.PASS} else Verdict.INCONCLUSIVE

    @property
    def wrong(self) -> tuple[str, ...]:
        """Names of the inputs along which the order is 1."""
        bad = [c.parameter for c in self.curves if c.verdict == Verdict.FAIL]
        return tuple(dict.fromkeys(n for n in bad if n != EVERYTHING))


def taylor_of(
    loss: Loss,
    grads: Inputs,
    inputs: Inputs,
    *,
    directions: int = 1,
    seed: int = 0,
    noise: float = 0.0,
    rounding: Inputs | None = None,
    smooth: Callable[[dict[str, Array]], bool] | None = None,
    each: bool = True,
    model: str = "",
    spec: str = "",
) -> TaylorTest:
    """The Taylor test of any gradient of any function of a dict of floating-point arrays.

    Args:
        loss: a dict of arrays to a number.
        grads: name to gradient; only these are tested.
        inputs: name to array, whose dtype is kept.
        directions: number of random-sign directions, of all inputs and of each of them.
        seed: of the directions.
        each: also along each input alone, which tells whose gradient is wrong.
        noise: typical rounding error of one loss, if that is known; it is measured as well.
        rounding: typical rounding error of each gradient entry, if that is known.
        smooth: whether no kink and nothing else that bends lies between the inputs and others.
        model, spec: what the curves are labelled with.

    Raises:
        SpecError: `directions` is not positive.
    """
    positive("directions", directions)
    known = {n: np.asarray(g, dtype=np.float64) for n, g in grads.items()}
    line = _Lines(loss, known, inputs, rounding or {}, noise, smooth, (model, spec))
    curves: list[TaylorCurve] = []
    for k in range(directions):
        v = random_signs(inputs, known, (seed, k))
        measured = noise_along(partial(line.value_at, v), _tiny(inputs))
        noisy = replace(line, noise=max(noise, measured))
        curves.append(noisy.curve(EVERYTHING, v))
        curves += [noisy.curve(n, {n: v[n]}) for n in v if each and len(v) > 1]
    return TaylorTest(tuple(sorted(curves, key=lambda c: c.parameter != EVERYTHING)))


def random_signs(inputs: Inputs, names: Iterable[str], seed: tuple[int, int]) -> Inputs:
    """A direction: random signs, up to as large as an array's largest entry (1 if that is 0).

    The sizes differ by up to a factor of 2, so that no two entries cancel for being equal.
    """
    rng = np.random.default_rng(seed)
    direction: dict[str, Array] = {}
    for name in names:
        a = np.asarray(inputs[name], dtype=np.float64)
        size = float(np.abs(a).max(initial=0.0)) or 1.0
        direction[name] = (
            size * rng.choice([-1.0, 1.0], size=a.shape) * rng.uniform(0.5, 1.0, a.shape)
        )
    return direction


@dataclass(frozen=True, eq=False)
class _Lines:
    """A function, its gradient and its rounding, along lines through one point."""

    loss: Loss
    grads: Inputs
    inputs: Inputs
    rounding: Inputs
    noise: float
    smooth: Callable[[dict[str, Array]], bool] | None
    label: tuple[str, str]

    def moved(self, v: Inputs, s: float) -> dict[str, Array]:
        """The inputs a step further, each in its own dtype."""
        return {n: (a + s * v[n]).astype(a.dtype) if n in v else a for n, a in self.inputs.items()}

    def value_at(self, v: Inputs, s: float) -> float:
        """The loss a step further."""
        return self._value(self.moved(v, s))

    def _value(self, inputs: dict[str, Array]) -> float:
        loss = float(self.loss(inputs))
        if not math.isfinite(loss):
            raise Undecidable(f"the loss is {loss} near the point")
        return loss

    def curve(self, parameter: str, v: Inputs) -> TaylorCurve:
        """The remainders along one direction, and what they say; along a single input no more of
        them than that takes.
        """
        start = self._value(dict(self.inputs))
        points: list[Remainder] = []
        s, settles = 0.5, parameter != EVERYTHING
        while s >= SMALLEST and sum(p.is_rounding and p.smooth for p in points[-3:]) < 3:
            points.append(self._remainders(v, s, start))
            s /= 2.0
            if settles and has_order_one(points):
                break
        verdict, reason, order, first, last = judge_remainders(points)
        return TaylorCurve(
            *self.label, parameter, verdict, reason, order,
            tuple(p.step for p in points), tuple(p.remainder for p in points),
            tuple(p.rounding for p in points), first, last,
        )  # fmt: skip

    def _remainders(self, v: Inputs, s: float, start: float) -> Remainder:
        """Both signs of one step."""
        up, down = self.moved(v, s), self.moved(v, -s)
        forward, slope = self._remainder(v, up, start)
        backward, _ = self._remainder(v, down, start)
        squares = sum(float(np.square(self.rounding.get(n, 0.0) * s * v[n]).sum()) for n in v)
        noise = SAFETY * math.sqrt(2.0 * self.noise**2 + squares)
        if not math.isfinite(noise):
            raise Undecidable("rounding has no bound here")
        smooth = self.smooth is None or (self.smooth(up) and self.smooth(down))
        return Remainder(s, forward, backward, noise, abs(slope), smooth)

    def _remainder(self, v: Inputs, side: dict[str, Array], start: float) -> tuple[float, float]:
        """What the gradient leaves of the change of the loss, and what it takes."""
        # what the inputs really moved by, which rounding makes another thing than s v
        by = {n: side[n].astype(np.float64) - self.inputs[n] for n in v}
        slope = sum(float((self.grads[n] * by[n]).sum()) for n in v)
        return self._value(side) - start - slope, slope


def _tiny(inputs: Inputs) -> float:
    """A step so small that only rounding is left in high differences."""
    eps = max(float(np.finfo(a.dtype).eps) for a in inputs.values())
    return 2.0 ** round(math.log2(eps) * 0.55)
