"""The Taylor test: is the order of the remainder two? A second opinion that hangs on no step size.

Along a direction v the remainder `R(s) = |L(p + s v) - L(p) - s <g, v>|` of a smooth loss shrinks
like s^2 where g is its gradient, and like s where it is not. Rounding ends that at small steps,
curvature at large ones; both ends are measured here, and where nothing is left between them the
answer is that there is none. Both signs of v are taken, so that a kink (even in s) is told from a
wrong gradient (odd in s).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..cases.model import positive
from ..cases.types import Array
from ..errors import Undecidable
from ..verdicts.verdict import Verdict

Inputs = Mapping[str, Array]
Loss = Callable[[dict[str, Array]], float]

EVERYTHING = "all inputs"
"""What a curve along all inputs at once is called."""
SAFETY = 8.0
"""Typical rounding errors that a remainder must exceed to be more than rounding."""
FITTED = 5
"""Steps that the order is fitted to: the smallest that rounding leaves."""
FEWEST = 3
"""Steps below which no order is claimed."""
SMALLEST = 2.0**-48
RESOLVED, COARSEST = 6, 2.0**-10
"""Values of nine that must differ for their differences to show rounding, and where to give up."""
RIGHT, WRONG = 1.75, 1.25
"""A right gradient has order 2 (or more), a wrong one order 1; what lies between is not clear."""


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
        measured = measured_noise(partial(line.value_at, v), _tiny(inputs))
        noisy = replace(line, noise=max(noise, measured))
        curves.append(noisy.curve(EVERYTHING, v))
        curves += [noisy.curve(n, {n: v[n]}) for n in v if each and len(v) > 1]
    return TaylorTest(tuple(sorted(curves, key=lambda c: c.parameter != EVERYTHING)))


def random_signs(inputs: Inputs, names: Iterable[str], seed: tuple[int, int]) -> Inputs:
    """A direction: random signs, up to as large as an array's largest entry (1 if that is 0).

    The sizes differ by up to a factor of 2, so that no two entries cancel for being equal.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for name in names:
        a = np.asarray(inputs[name], dtype=np.float64)
        size = float(np.abs(a).max(initial=0.0)) or 1.0
        found[name] = size * rng.choice([-1.0, 1.0], size=a.shape) * rng.uniform(0.5, 1.0, a.shape)
    return found


def measured_noise(value: Callable[[float], float], step: float) -> float:
    """Rounding error of a function of one variable, from high differences of close values.

    A smooth function's differences of order k shrink like step^k, those of its rounding grow with
    k; the scaled ones of high orders are the noise (Hamming 1971; More & Wild 2011). It is at least
    that of a result which is rounded once. Where a step is too small to change the result at all
    (single precision inside), a larger one is taken.
    """
    values = np.array([value(k * step) for k in range(9)])
    while len(set(values.tolist())) < RESOLVED and step < COARSEST:
        step *= 16.0
        values = np.array([value(k * step) for k in range(9)])
    levels = [float(np.finfo(np.float64).eps * np.abs(values).max())]
    for k in (5, 6):
        scale = math.factorial(k) ** 2 / math.factorial(2 * k)
        levels.append(math.sqrt(scale * float(np.mean(np.square(np.diff(values, k))))))
    return max(levels)


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
        found = float(self.loss(inputs))
        if not math.isfinite(found):
            raise Undecidable(f"the loss is {found} near the point")
        return found

    def curve(self, parameter: str, v: Inputs) -> TaylorCurve:
        """The remainders along one direction, and what they say."""
        start = self._value(dict(self.inputs))
        points: list[_Point] = []
        s = 0.5
        while s >= SMALLEST and sum(p.is_rounding and p.smooth for p in points[-3:]) < 3:
            points.append(self._point(v, s, start))
            s /= 2.0
        verdict, reason, order, first, last = judged(points)
        return TaylorCurve(
            *self.label, parameter, verdict, reason, order,
            tuple(p.step for p in points), tuple(p.remainder for p in points),
            tuple(p.rounding for p in points), first, last,
        )  # fmt: skip

    def _point(self, v: Inputs, s: float, start: float) -> _Point:
        """Both signs of one step."""
        up, down = self.moved(v, s), self.moved(v, -s)
        forward, slope = self._remainder(v, up, start)
        backward, _ = self._remainder(v, down, start)
        squares = sum(float(np.square(self.rounding.get(n, 0.0) * s * v[n]).sum()) for n in v)
        noise = SAFETY * math.sqrt(2.0 * self.noise**2 + squares)
        if not math.isfinite(noise):
            raise Undecidable("rounding has no bound here")
        smooth = self.smooth is None or (self.smooth(up) and self.smooth(down))
        return _Point(s, forward, backward, noise, abs(slope), smooth)

    def _remainder(self, v: Inputs, side: dict[str, Array], start: float) -> tuple[float, float]:
        """What the gradient leaves of the change of the loss, and what it takes."""
        # what the inputs really moved by, which rounding makes another thing than s v
        by = {n: side[n].astype(np.float64) - self.inputs[n] for n in v}
        slope = sum(float((self.grads[n] * by[n]).sum()) for n in v)
        return self._value(side) - start - slope, slope


@dataclass(frozen=True)
class _Point:
    """The remainders of one step, forwards and backwards, and what rounding makes of them."""

    step: float
    forward: float
    backward: float
    rounding: float
    slope: float
    smooth: bool

    @property
    def remainder(self) -> float:
        """The larger one of both signs."""
        return max(abs(self.forward), abs(self.backward))

    @property
    def odd(self) -> float:
        """The part that changes sign with the step: none of second order is in it."""
        return abs(self.forward - self.backward) / 2.0

    @property
    def is_rounding(self) -> bool:
        """Whether rounding explains it."""
        return self.remainder <= self.rounding

    @property
    def is_even(self) -> bool:
        """Whether both signs agree as they do at a kink, and never where a gradient is wrong.

        With slopes D- and D+ on the two sides and a gradient between them the even part,
        (D+ - D-) / 2, is at least as large as the odd one; a wrong gradient has an odd part only.
        """
        return 2.0 * abs(self.forward + self.backward) > abs(self.forward - self.backward)


def usable(points: Sequence[_Point], values: Sequence[float]) -> tuple[int, int]:
    """The range [first, last) of steps to fit: the smallest above rounding, all smooth."""
    good = [p.smooth and v > p.rounding for p, v in zip(points, values, strict=True)]
    first = next((i for i, fine in enumerate(good) if fine), len(good))
    last = next((i for i in range(first, len(good)) if not good[i]), len(good))
    return max(first, last - FITTED), last


def fitted_order(points: Sequence[_Point], values: Sequence[float]) -> float | None:
    """The slope of log value over log step; None with fewer than `FEWEST` points."""
    if len(points) < FEWEST:
        return None
    return float(np.polyfit(np.log2([p.step for p in points]), np.log2(values), 1)[0])


def judged(points: Sequence[_Point]) -> tuple[Verdict, str, float | None, int, int]:
    """Verdict, reason, order and the range that it is fitted to.

    The odd part has order 1 where a gradient is wrong and 3 where it is right, and so shows errors
    that curvature hides from the remainder itself.
    """
    remainders, odd = [p.remainder for p in points], [p.odd for p in points]
    first, last = usable(points, remainders)
    order = fitted_order(points[first:last], remainders[first:last])
    verdict, reason = _read(points, points[first:last], order)
    if order is not None and verdict != Verdict.FAIL and not _kinked(points[first:last], order):
        i, j = usable(points, odd)
        hidden = fitted_order(points[i:j], odd[i:j])
        if _is_one(hidden):
            why = "the part of it that changes sign shrinks like the step"
            return Verdict.FAIL, why, hidden, i, j
    return verdict, reason, order, first, last


def _read(
    points: Sequence[_Point], used: Sequence[_Point], order: float | None
) -> tuple[Verdict, str]:
    """Verdict and reason of the remainder itself."""
    smooth = [p for p in points if p.smooth]
    if not smooth:
        return Verdict.INCONCLUSIVE, "a kink, or a bend, lies within every step"
    if not used:
        if smooth[0].slope > 2.0 * smooth[0].rounding:
            why = "linear along this direction: the remainder is rounding at every step"
            return Verdict.PASS, why
        why = "flat: nothing changes by more than rounding along this direction"
        return Verdict.INCONCLUSIVE, why
    if order is None:
        return Verdict.INCONCLUSIVE, f"rounding leaves {len(used)} of {FEWEST} steps"
    if order >= RIGHT:
        return Verdict.PASS, ""
    if _kinked(used, order):
        return Verdict.INCONCLUSIVE, "a kink lies at the point itself: its two slopes differ"
    if not _is_one(order):
        return Verdict.INCONCLUSIVE, f"no clear order: {order:.2f}"
    return Verdict.FAIL, "the remainder shrinks like the step, not like its square"


def _kinked(used: Sequence[_Point], order: float) -> bool:
    """Whether what has no order 2 is what a kink leaves."""
    return order < RIGHT and all(p.is_even for p in used)


def _is_one(order: float | None) -> bool:
    return order is not None and 2.0 - WRONG <= order <= WRONG


def _tiny(inputs: Inputs) -> float:
    """A step so small that only rounding is left in high differences."""
    eps = max(float(np.finfo(a.dtype).eps) for a in inputs.values())
    return 2.0 ** round(math.log2(eps) * 0.55)


@dataclass(frozen=True)
class TaylorCurve:
    """The remainder of one direction by step, as `remainder.taylor` measured it.

    Args:
        model, spec: where.
        parameter: the input along which, or `all inputs`.
        verdict, reason: `pass`, `fail` or `inconclusive`, and why.
        order: fitted slope of log R over log s, None where none can be fitted.
        steps, remainders: the curve, the largest step first.
        rounding: what rounding explains of each remainder.
        first, last: the order is fitted to the steps [first, last).
    """

    model: str
    spec: str
    parameter: str
    verdict: Verdict
    reason: str
    order: float | None
    steps: tuple[float, ...]
    remainders: tuple[float, ...]
    rounding: tuple[float, ...]
    first: int
    last: int
