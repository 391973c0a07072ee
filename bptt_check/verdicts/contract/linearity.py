"""A vector-Jacobian product is linear in the cotangent: what that says of a `linear` loss.

`targets`, `cotangent_h_n` and `cotangent_c_n` of such a case are the cotangents. Times a power of
two they must give that multiple of the gradient, nothing must give exactly nothing, and two parts
of them must add up. No oracle is needed for any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np

from ...cases.any_case import AnyCase
from ...cases.contract import Accepted
from ...cases.precision import PRECISIONS
from ...cases.probes import KINDS, MARGIN, SCALE, probes
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import Result
from ...cases.types import Array
from ..budget import Tolerance

Budget = Callable[[AnyCase, str], Array]
"""Case and name of a gradient to the budget of each of its entries; of the loss for `"loss"`."""


@dataclass(frozen=True, eq=False)
class _Answers:
    """One gradient, or the loss, at the cotangents and at each probe; None where it is no finite
    array.
    """

    name: str
    whole: Array
    zero: Array | None
    scaled: Array | None
    one: Array | None
    rest: Array | None


class Linearity(Enum):
    """How a gradient, or the loss, fails to be linear in the cotangents.

    The first three also say what the mistake is where the gradient itself is wrong.
    """

    CONSTANT = auto()
    AFFINE = auto()
    NOT_ZERO = auto()
    NOT_LINEAR = auto()

    @property
    def explains_wrong_gradient(self) -> bool:
        """Whether it names the mistake of a wrong gradient too."""
        return self is not Linearity.NOT_LINEAR


class Probe(Enum):
    """Which other cotangents show it: none, a multiple, or two parts."""

    ZERO = auto()
    SCALED = auto()
    PARTS = auto()


@dataclass(frozen=True)
class Clipping:
    """What is left of a multiple: values within `limit`, or all times `factor`; with neither, it is
    smaller than it should be.
    """

    limit: float | None = None
    factor: float | None = None


@dataclass(frozen=True)
class Nonlinearity:
    """One way in which gradients, or the loss, are not linear, with an example.

    Args:
        names: of the gradients, or `loss`; the example is the first one's.
        index: of the entry in the example.
        values: what the probe gave there; empty where no finite array came back.
        want: what belongs there.
        clipping: what a multiple looks like, if that is known.
    """

    kind: Linearity
    names: tuple[str, ...]
    probe: Probe
    index: tuple[int, ...] = ()
    values: tuple[float, ...] = ()
    want: float = 0.0
    clipping: Clipping | None = None


def not_linear(
    case: AnyCase, first: Result, answers: Mapping[str, Accepted], budget: Budget
) -> list[Nonlinearity]:
    """Each way in which gradients, or the loss, are not linear in the cotangent.

    Args:
        case: with a linear loss.
        first: the answer to it.
        answers: those to its `probes`; empty if it has none.
        budget: of a case's gradients, asked for only where something differs.
    """
    asked = probes(case) if answers else {}
    by_kind: dict[Linearity, Nonlinearity] = {}
    for a in _by_name(first, answers) if answers else ():
        one = (
            _at_zero(case, a, budget)
            or _scaled(case, a, budget)
            or _in_parts(case, asked, a, budget)
        )
        if one is not None:
            before = by_kind.get(one.kind)
            by_kind[one.kind] = replace(before, names=(*before.names, a.name)) if before else one
    return list(by_kind.values())


def _by_name(first: Result, answers: Mapping[str, Accepted]) -> Iterator[_Answers]:
    """The answers gradient by gradient, the loss first."""
    for name, whole in {"loss": np.array(first.loss), **first.grads}.items():
        if np.all(np.isfinite(whole)):
            yield _Answers(name, whole, *(_value(answers[kind], name) for kind in KINDS))


def _value(answer: Accepted, name: str) -> Array | None:
    """One gradient, or the loss, of an answer; None if it is missing or not finite."""
    if answer.result is None:
        return None
    grads = {**answer.result.grads, "loss": np.array(answer.result.loss)}
    return grads[name] if name in grads and np.all(np.isfinite(grads[name])) else None


def _at_zero(case: AnyCase, a: _Answers, budget: Budget) -> Nonlinearity | None:
    """Something where every cotangent is zero: it must be exactly zero there."""
    if a.zero is None:
        return Nonlinearity(Linearity.NOT_ZERO, (a.name,), Probe.ZERO)
    if not np.any(a.zero):
        return None
    if a.scaled is not None and np.array_equal(a.scaled, a.whole):
        return Nonlinearity(Linearity.CONSTANT, (a.name,), Probe.SCALED)
    index = _largest(np.abs(a.zero))
    kind = Linearity.AFFINE if _is_affine(case, a, budget) else Linearity.NOT_ZERO
    return Nonlinearity(kind, (a.name,), Probe.ZERO, index, (float(a.zero[index]),))


def _is_affine(case: AnyCase, a: _Answers, budget: Budget) -> bool:
    """Whether all but the value at zero is a multiple, within the budget."""
    if a.zero is None or a.scaled is None:
        return False
    error = np.abs((a.scaled - a.zero) - SCALE * (a.whole - a.zero))
    rounding = 2.0 * PRECISIONS[case.dtype].unit * np.abs(a.zero)
    return bool(np.all(error <= abs(SCALE) * (budget(case, a.name) + rounding)))


def _scaled(case: AnyCase, a: _Answers, budget: Budget) -> Nonlinearity | None:
    """A multiple that is not one: a power of two changes no digit; where sums are taken in another
    order, it must be one within the budget.
    """
    want = SCALE * a.whole
    if np.abs(want).max() > PRECISIONS[case.dtype].largest / MARGIN:
        return None
    if a.scaled is None:
        return Nonlinearity(Linearity.NOT_LINEAR, (a.name,), Probe.SCALED)
    if np.array_equal(a.scaled, want):
        return None
    excess = np.abs(a.scaled - want) - abs(SCALE) * budget(case, a.name)
    if not np.any(excess > 0):
        return None
    index = _largest(excess)
    return Nonlinearity(
        kind=Linearity.NOT_LINEAR,
        names=(a.name,),
        probe=Probe.SCALED,
        index=index,
        values=(float(a.scaled[index]),),
        want=float(want[index]),
        clipping=_clipping(case, a.scaled, want),
    )


def _clipping(case: AnyCase, got: Array, want: Array) -> Clipping | None:
    """What is left of an array by clipping, by value or by norm; None if it is not smaller."""
    limit = float(np.abs(got).max())
    if got.size > 1 and np.array_equal(got, np.clip(want, -limit, limit)):
        return Clipping(limit=limit)
    ratio = float(np.linalg.norm(got) / np.linalg.norm(want))
    off = np.abs(got - ratio * want)
    if (
        got.size > 1
        and ratio < 1.0
        and np.all(off <= 16.0 * PRECISIONS[case.dtype].unit * np.abs(got))
    ):
        return Clipping(factor=ratio)
    return Clipping() if ratio < 1.0 else None


def _in_parts(
    case: AnyCase, asked: Mapping[str, AnyCase], a: _Answers, budget: Budget
) -> Nonlinearity | None:
    """Gradients of two parts of the cotangents that do not add up to that of the whole."""
    if a.one is None or a.rest is None:
        return Nonlinearity(Linearity.NOT_LINEAR, (a.name,), Probe.PARTS)
    error, allowed = np.abs(a.one + a.rest - a.whole), budget(case, a.name)
    if not np.any(error > allowed):
        return None
    # the parts may cancel, and then each rounds more than the whole does
    allowed = allowed + budget(asked["one"], a.name) + budget(asked["rest"], a.name)
    allowed = allowed + _lost_in_sums(case, a)
    if not np.any(error > allowed):
        return None
    index = _largest(error - allowed)
    return Nonlinearity(
        kind=Linearity.NOT_LINEAR,
        names=(a.name,),
        probe=Probe.PARTS,
        index=index,
        values=(float(a.one[index]), float(a.rest[index])),
        want=float(a.whole[index]),
    )


def _lost_in_sums(case: AnyCase, a: _Answers) -> float:
    """What a kernel of a user's own may lose besides where its entries are differences of larger
    ones, as in cumulative sums: its errors are judged as lost digits, which are no breach.
    """
    if not isinstance(case, RecurrenceCase) or a.name == "loss":
        return 0.0
    largest = max(
        float(np.abs(part).max(initial=0.0))
        for part in (a.whole, a.one, a.rest)
        if part is not None
    )
    return Tolerance().units * PRECISIONS[case.dtype].unit * largest


def _largest(values: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(values)), values.shape))
