"""A vector-Jacobian product is linear in the cotangent: what that says of a `linear` loss.

`targets`, `cotangent_h_n` and `cotangent_c_n` of such a case are the cotangents. Times a power of
two they must give that multiple of the gradient, nothing must give exactly nothing, and two parts
of them must add up. No oracle is needed for any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..cases.case import Case
from ..cases.contract import Accepted, Breach
from ..cases.precision import PRECISIONS
from ..cases.probes import KINDS, MARGIN, SCALE, probes
from ..cases.result import Result
from ..cases.types import Array

Budget = Callable[[Case, str], Array]
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


def not_linear(
    case: Case, first: Result, answers: Mapping[str, Accepted], budget: Budget
) -> list[Breach]:
    """A finding for each way in which gradients, or the loss, are not linear in the cotangent.

    Args:
        case: with a linear loss.
        first: the answer to it.
        answers: those to its `probes`; empty if it has none.
        budget: of a case's gradients, asked for only where something differs.
    """
    asked = probes(case) if answers else {}
    found: dict[str, list[tuple[str, str]]] = {}
    for a in _by_name(first, answers) if answers else ():
        said = (
            _at_zero(case, a, budget)
            or _scaled(case, a, budget)
            or _in_parts(case, asked, a, budget)
        )
        if said is not None:
            what, example = said
            found.setdefault(what, []).append((a.name, example))
    return [
        Breach(told[0][0], f"{_listed([n for n, _ in told])} {what}: {told[0][1]}")
        for what, told in found.items()
    ]


CONSTANT = "does not depend on the cotangents"
AFFINE = "has a constant term, into which no cotangent goes"
NOT_ZERO = "is not zero where every cotangent is zero"
NOT_LINEAR = "is not linear in the cotangents"
INDEPENDENT = (CONSTANT, AFFINE, NOT_ZERO)
"""Parts of the sentences that say what the mistake is, also where the gradient itself is wrong."""


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


def _at_zero(case: Case, a: _Answers, budget: Budget) -> tuple[str, str] | None:
    """Nothing comes of nothing, to the last bit."""
    if a.zero is None:
        return NOT_ZERO, "no finite array came back"
    if not np.any(a.zero):
        return None
    if a.scaled is not None and np.array_equal(a.scaled, a.whole):
        return CONSTANT, f"times {SCALE:g} they give the very same"
    index = _largest(np.abs(a.zero))
    example = f"without any {_entry(a.name, index)} is {a.zero[index]:.17g}"
    return (AFFINE if _is_affine(case, a, budget) else NOT_ZERO), example


def _is_affine(case: Case, a: _Answers, budget: Budget) -> bool:
    """Whether all but the value at zero is a multiple, within the budget."""
    if a.zero is None or a.scaled is None:
        return False
    error = np.abs((a.scaled - a.zero) - SCALE * (a.whole - a.zero))
    rounding = 2.0 * PRECISIONS[case.dtype].unit * np.abs(a.zero)
    return bool(np.all(error <= abs(SCALE) * (budget(case, a.name) + rounding)))


def _scaled(case: Case, a: _Answers, budget: Budget) -> tuple[str, str] | None:
    """A power of two changes no digit; where sums are taken in another order, within the budget."""
    want = SCALE * a.whole
    if np.abs(want).max() > PRECISIONS[case.dtype].largest / MARGIN:
        return None
    if a.scaled is None:
        return NOT_LINEAR, f"times {SCALE:g} they give no finite array"
    if np.array_equal(a.scaled, want):
        return None
    excess = np.abs(a.scaled - want) - abs(SCALE) * budget(case, a.name)
    if not np.any(excess > 0):
        return None
    index = _largest(excess)
    example = f"times {SCALE:g} they give {_entry(a.name, index)} = {a.scaled[index]:.17g}"
    return NOT_LINEAR, f"{example}, not {want[index]:.17g}{_clipping(case, a.scaled, want)}"


def _clipping(case: Case, got: Array, want: Array) -> str:
    """The words for what is left of an array by clipping, by value or by norm; "" if it is not."""
    limit = float(np.abs(got).max())
    if got.size > 1 and np.array_equal(got, np.clip(want, -limit, limit)):
        return f"; these are clipped to values within {limit:.5g}"
    ratio = float(np.linalg.norm(got) / np.linalg.norm(want))
    off = np.abs(got - ratio * want)
    if (
        got.size > 1
        and ratio < 1.0
        and np.all(off <= 16.0 * PRECISIONS[case.dtype].unit * np.abs(got))
    ):
        return f"; all are {ratio:.3g} times what they should be, as clipping by norm leaves them"
    return "; is it clipped?" if ratio < 1.0 else ""


def _in_parts(
    case: Case, asked: Mapping[str, Case], a: _Answers, budget: Budget
) -> tuple[str, str] | None:
    """The gradients of two parts of the cotangents add up to that of the whole."""
    if a.one is None or a.rest is None:
        return NOT_LINEAR, "a part of them gives no finite array"
    error, allowed = np.abs(a.one + a.rest - a.whole), budget(case, a.name)
    if not np.any(error > allowed):
        return None
    # the parts may cancel, and then each rounds more than the whole does
    allowed = allowed + budget(asked["one"], a.name) + budget(asked["rest"], a.name)
    if not np.any(error > allowed):
        return None
    index = _largest(error - allowed)
    apart = f"{a.one[index]:.17g} and {a.rest[index]:.17g}"
    return NOT_LINEAR, f"two parts of them give {_entry(a.name, index)} = {apart}, " + (
        f"together {a.whole[index]:.17g}"
    )


def _largest(values: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(values)), values.shape))


def _entry(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _listed(names: list[str]) -> str:
    """`the loss and the gradient of x, h0`."""
    grads = ", ".join(n for n in names if n != "loss")
    parts = ["the loss"] * ("loss" in names) + [f"the gradient of {grads}"] * bool(grads)
    return " and ".join(parts)
