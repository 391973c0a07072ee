"""Findings that closed formulas explain: one common factor, clipping.

A gradient that is the right one times 1/B, or clipped, is a convention that somebody forgot to say,
and is told apart from a wrong formula. A match is a match to rounding, on all of the cases given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cases.case import Case, Differentiator
from ..conventions import Convention
from ..conventions.expression import declared_by, expression
from ..conventions.scale_factors import FACTORS
from ..equations.namespaces.numpy import NumPy
from ..equations.network import Problem, losses, parts, problem
from ..equations.tape import Tape, Taped
from ..subjects.calling import ask

Array = NDArray[Any]
Grads = Mapping[str, Array]

TOLERANCE = {"float64": 1e-9, "float32": 1e-3, "bfloat16": 5e-2, "float16": 5e-2}
"""Relative distance, in norm, of what counts as the same vector: far above rounding in all regimes
drawn, far below the distance of any two conventions."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Loss and gradients of a case, as they came and as they should be."""

    case: Case
    got_loss: float
    want_loss: float
    got: Grads
    want: Grads


def signature(subject: Differentiator, cases: Sequence[Case]) -> str:
    """The sentence that explains a wrong gradient or loss on all cases; "" if there is none."""
    pairs = pairs_of(subject, cases)
    if not pairs:
        return ""
    own = declared_by(subject)
    return _loss_factor(pairs, own) or _gradient_factor(pairs, own) or _clipped(pairs)


def pairs_of(subject: Differentiator, cases: Sequence[Case]) -> list[Pair]:
    """What came and what should have come; empty if a case got no answer at all."""
    found = [pair for case in cases for pair in _pair(subject, case)]
    return found if len(found) == len(cases) else []


def is_right(pair: Pair) -> bool:
    """Whether there is nothing to explain."""
    return close(pair.got_loss, pair.want_loss, pair) and same(pair, pair.want)


def exact_gradients(case: Case, xp: Taped | None = None) -> dict[str, Array]:
    """The gradient of a case by the NumPy tape, float64; `xp` may do the backward pass
    differently.
    """
    total = {n: np.zeros(a.shape) for n, a in case.inputs.items()}
    for part in parts(case):
        part.add_to(total, _gradients(part.problem, xp or Taped()))
    return total


def exact_loss(case: Case) -> float:
    """The loss of a case, float64."""
    given = problem(case)
    return float(losses(NumPy(), given, given.inputs).sum())


def _gradients(given: Problem, xp: Taped) -> dict[str, Array]:
    tape = Tape()
    inputs = {n: tape.input(a) for n, a in given.inputs.items()}
    tape.backward(losses(xp, given, inputs))
    bars = {n: inputs[n].bar for n in given.wanted}
    return {n: np.zeros(given.inputs[n].shape) if b is None else b[0] for n, b in bars.items()}


def _pair(subject: Differentiator, case: Case) -> list[Pair]:
    answer = ask(subject, case)
    if answer.result is None or not answer.result.grads:
        return []
    want = exact_gradients(case)
    offered = {n: want[n] for n in answer.result.grads}
    return [Pair(case, answer.result.loss, exact_loss(case), answer.result.grads, offered)]


def _loss_factor(pairs: Sequence[Pair], own: Convention) -> str:
    """A factor that the loss, and perhaps the gradients, have."""
    fits = [
        (name, all(_is_multiple(p, factor(p.case)) for p in pairs))
        for name, factor in _telling(pairs)
        if all(close(p.got_loss, factor(p.case) * p.want_loss, p) for p in pairs)
    ]
    if not fits:
        return ""
    names, both = [name for name, _ in fits], fits[0][1]
    subject = "your loss and your gradient are" if both else "your loss is"
    option = _option(own, "loss_factor", names[0]) if both else ""
    return f"{subject} {' or '.join(names)} times the right one{option}"


def _option(own: Convention, name: str, factor: str) -> str:
    """How to declare a factor; what has one declared already says nothing simple."""
    return "" if getattr(own, name) else f" ({expression(own, {name: factor})})"


def _gradient_factor(pairs: Sequence[Pair], own: Convention) -> str:
    """A factor that all gradients have in common while the loss is right."""
    fits = [
        name
        for name, factor in _telling(pairs)
        if all(_is_multiple(p, factor(p.case)) for p in pairs)
    ]
    if not fits:
        return ""
    option = _option(own, "gradient_factor", fits[0])
    return f"every gradient is {' or '.join(fits)} times the right one{option}"


def _telling(pairs: Sequence[Pair]) -> list[tuple[str, Callable[[Case], float]]]:
    """Factors that are 1 on none of the cases: only those can explain all of them."""
    return [(name, f) for name, f in FACTORS.items() if all(f(pair.case) != 1.0 for pair in pairs)]


def _clipped(pairs: Sequence[Pair]) -> str:
    """Clipping by the global norm (of the parameters, or of everything offered) or by value.

    One case proves no limit: whatever its norm is, it would be the limit.
    """
    if len(pairs) < 2:
        return ""
    for names, what in ((_parameters, "the parameters"), (_all, "all gradients")):
        norms = {_round(_norm(p.got, names(p))) for p in pairs}
        shrunk = all(_norm(p.got, names(p)) < _norm(p.want, names(p)) for p in pairs)
        scaled = all(_is_multiple(p, _ratio(p, names(p)), names(p)) for p in pairs)
        if len(norms) == 1 and shrunk and scaled:
            return f"this is the gradient clipped to norm {norms.pop():g} over {what}"
    limits = {_round(max(float(np.abs(g).max()) for g in p.got.values())) for p in pairs}
    if len(limits) == 1:
        limit = limits.pop()
        if all(same(p, {n: np.clip(w, -limit, limit) for n, w in p.want.items()}) for p in pairs):
            return f"this is the gradient clipped to values within {limit:g}"
    return ""


def _parameters(pair: Pair) -> list[str]:
    return [n for n in pair.got if n in pair.case.params]


def _all(pair: Pair) -> list[str]:
    return list(pair.got)


def _norm(grads: Grads, names: Sequence[str]) -> float:
    return math.sqrt(sum(float(np.square(grads[n]).sum()) for n in names))


def _ratio(pair: Pair, names: Sequence[str]) -> float:
    whole = _norm(pair.want, names)
    return _norm(pair.got, names) / whole if whole else 1.0


def _round(value: float) -> float:
    """Five digits: a limit of clipping is a number that somebody typed."""
    return float(f"{value:.5g}")


def _is_multiple(pair: Pair, factor: float, names: Sequence[str] | None = None) -> bool:
    return same(pair, {n: factor * pair.want[n] for n in (names or pair.got)})


def same(pair: Pair, want: Grads) -> bool:
    """Whether the gradients are those wanted, each within the tolerance of its own norm."""
    allowed = TOLERANCE[pair.case.dtype]
    return all(
        float(np.linalg.norm(pair.got[n] - w)) <= allowed * float(np.linalg.norm(w))
        for n, w in want.items()
    )


def close(got: float, want: float, pair: Pair) -> bool:
    """Whether two losses are the same within the tolerance."""
    return abs(got - want) <= TOLERANCE[pair.case.dtype] * abs(want)
