"""Rules that may tell the cases that fail from those that pass, the simplest first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..cases.case import Spec
from ..cases.types import Array
from .mistakes import textbook


@dataclass(frozen=True)
class Rule:
    """A test of specs, in words."""

    text: str
    test: Callable[[Spec], bool]


def simplest_rule(failing: Sequence[Spec], passing: Sequence[Spec]) -> Rule | None:
    """The simplest rule that all failing specs and no passing ones follow: one test, or two."""
    rules = [r for r in _rules(failing, passing) if all(map(r.test, failing))]
    for rule in rules:
        if not any(map(rule.test, passing)):
            return rule
    for one, other in itertools.combinations(rules, 2):
        if not any(one.test(s) and other.test(s) for s in passing):
            return Rule(
                f"{one.text} and {other.text}",
                lambda s, a=one.test, b=other.test: a(s) and b(s),
            )
    return None


def _rules(failing: Sequence[Spec], passing: Sequence[Spec]) -> Iterator[Rule]:
    """Everything that may be a condition, the simplest first."""
    for name in ("T", "B", "D", "H", "O"):
        yield from _number_rules(name, lambda s, n=name: getattr(s.sizes, n), failing, passing)
    yield from _word_rules(failing)
    for one, other in itertools.combinations(("T", "B", "D", "H", "O"), 2):
        yield from _pair_rules(one, other)
    if failing[0].truncation is not None:
        yield from _truncation_rules(failing, passing)
    yield from _array_rules(failing, passing)


def _number_rules(
    name: str,
    value: Callable[[Spec], float],
    failing: Sequence[Spec],
    passing: Sequence[Spec],
    digits: int = 0,
) -> Iterator[Rule]:
    """A number is one value, above or below something, even or odd."""
    bad, good = ([value(s) for s in specs] for specs in (failing, passing))
    if len(set(bad)) == 1 and not digits:
        yield Rule(f"{name} = {bad[0]:g}", lambda s, v=bad[0]: value(s) == v)
    above, below = [g for g in good if g < min(bad)], [g for g in good if g > max(bad)]
    if above:
        limit = _between(max(above), min(bad), digits)
        yield Rule(f"{name} > {limit:g}", lambda s, v=limit: value(s) > v)
    if below:
        limit = _between(max(bad), min(below), digits) if digits else min(below)
        yield Rule(f"{name} < {limit:g}", lambda s, v=limit: value(s) < v)
    if not digits:
        yield Rule(f"{name} is odd", lambda s: value(s) % 2 == 1)
        yield Rule(f"{name} is even", lambda s: value(s) % 2 == 0)


def _between(low: float, high: float, digits: int) -> float:
    """The lower one of two whole numbers; of others a round number between them."""
    if not digits:
        return low
    for places in range(1, 16):
        middle = float(f"{(low + high) / 2:.{places}g}")
        if low < middle < high:
            return middle
    return low


def _word_rules(failing: Sequence[Spec]) -> Iterator[Rule]:
    """The regime, the precision, lengths."""
    for regime in dict.fromkeys(s.regime for s in failing):
        yield Rule(REGIMES.get(regime, f"regime={regime}"), lambda s, v=regime: s.regime == v)
    for dtype in dict.fromkeys(s.dtype for s in failing):
        yield Rule(f"the precision is {dtype}", lambda s, v=dtype: s.dtype == v)
    yield Rule("every sequence has its own length", lambda s: bool(s.lengths))
    yield Rule("no sequence has a length of its own", lambda s: not s.lengths)


REGIMES = {
    "saturated": "gates saturate",
    "sparse": "inputs and states hold zeros",
    "exploding": "the gradient explodes",
    "vanishing": "the gradient vanishes",
}
"""Regime to what it means."""


def _pair_rules(one: str, other: str) -> Iterator[Rule]:
    """How two sizes compare."""

    def sizes(s: Spec) -> tuple[int, int]:
        return getattr(s.sizes, one), getattr(s.sizes, other)

    yield Rule(f"{one} = {other}", lambda s: sizes(s)[0] == sizes(s)[1])
    yield Rule(f"{one} and {other} differ", lambda s: sizes(s)[0] != sizes(s)[1])
    yield Rule(f"{one} > {other}", lambda s: sizes(s)[0] > sizes(s)[1])
    yield Rule(f"{one} < {other}", lambda s: sizes(s)[0] < sizes(s)[1])


def _truncation_rules(failing: Sequence[Spec], passing: Sequence[Spec]) -> Iterator[Rule]:
    """How the steps, k1 and k2 compare."""

    def ks(s: Spec) -> tuple[int, int, int]:
        assert s.truncation is not None
        return s.sizes.T, s.truncation.k1, s.truncation.k2

    yield Rule("T is not a multiple of k1", lambda s: ks(s)[0] % ks(s)[1] != 0)
    yield Rule("T is a multiple of k1", lambda s: ks(s)[0] % ks(s)[1] == 0)
    for a, b, i, j in (("T", "k1", 0, 1), ("T", "k2", 0, 2), ("k1", "k2", 1, 2)):
        yield Rule(f"{a} > {b}", lambda s, i=i, j=j: ks(s)[i] > ks(s)[j])
        yield Rule(f"{a} < {b}", lambda s, i=i, j=j: ks(s)[i] < ks(s)[j])
        yield Rule(f"{a} = {b}", lambda s, i=i, j=j: ks(s)[i] == ks(s)[j])
    for n, name in ((1, "k1"), (2, "k2")):
        yield from _number_rules(name, lambda s, n=n: ks(s)[n], failing, passing)


def _array_rules(failing: Sequence[Spec], passing: Sequence[Spec]) -> Iterator[Rule]:
    """What the arrays hold: numbers that are computed once for each spec."""
    known: dict[Spec, dict[str, float]] = {}

    def value(s: Spec, name: str) -> float:
        if s not in known:
            known[s] = features_of(s)
        return known[s][name]

    for array in ("x", "h0"):
        yield Rule(f"{array} holds a zero", lambda s, n=f"zeros in {array}": value(s, n) > 0)
        yield Rule(f"{array} holds no zero", lambda s, n=f"zeros in {array}": value(s, n) == 0)
    yield Rule("a sequence is shorter than the batch", lambda s: value(s, "shorter") > 0)
    for name in NUMBERS:
        yield from _number_rules(name, lambda s, n=name: value(s, n), failing, passing, digits=1)


NUMBERS = ("the largest pre-activation", "the largest logit", "the norm of the gradient")
"""Features that are real numbers."""


def features_of(spec: Spec) -> dict[str, float]:
    """Numbers that a case's arrays have, some of which a mistake may depend on."""
    case = spec.build()
    numbers = {
        "zeros in x": float(np.sum(case.x == 0)),
        "zeros in h0": float(np.sum(case.h0 == 0)),
        "shorter": 0.0 if case.lengths is None else float(np.sum(case.lengths < case.sizes.T)),
    }
    if not textbook.knows(case.model):
        return numbers | dict.fromkeys(NUMBERS, 0.0)
    runs = textbook.run_forward(case)
    grads = textbook.edited_gradients(case, runs)
    sizes = [_pre_activation(runs), _logit(case.params, runs), _norm(grads[n] for n in case.params)]
    return numbers | dict(zip(NUMBERS, sizes, strict=True))


def _pre_activation(runs: Sequence[textbook.ForwardRun]) -> float:
    """The largest absolute value of `W_xh x_t + W_hh h_{t-1}`, without biases."""
    steps = ((d.params, s) for one in runs for ds in one.layers for d in ds for s in d.steps)
    return max(float(np.abs(s.x_t @ p["W_xh"].T + s.h_prev @ p["W_hh"].T).max()) for p, s in steps)


def _logit(params: Mapping[str, Array], runs: Sequence[textbook.ForwardRun]) -> float:
    if "W_hy" not in params:
        return 0.0
    return max(float(np.abs(one.h @ params["W_hy"].T).max()) for one in runs)


def _norm(grads: Iterable[Array]) -> float:
    return float(np.sqrt(sum(float(np.square(g).sum()) for g in grads)))
