"""Conditions that a case meets or not, for code that is wrong under one of them only."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from bptt_reference import loss_and_grads

from bptt_check.cases.case import Case
from bptt_check.cases.model import Sizes, input_shapes, parameter_shapes
from bptt_check.cases.targets import parse_targets

Condition = Callable[[Case], bool]
Conditions = Mapping[str, Condition]
"""Conditions by what they ask for, in words."""


@dataclass(frozen=True)
class Mistake:
    """A gradient that is wrong where a case meets a condition.

    Args:
        condition: in words.
        target: on whose cases it is looked for.
        met: whether a case meets it.
        gradient: the name of the gradient.
        factor: what it is multiplied by.
    """

    condition: str
    target: str
    met: Condition
    gradient: str
    factor: float = 1.5


@dataclass(frozen=True)
class WrongWhen:
    """The reference with some mistakes; without any it is right."""

    mistakes: tuple[Mistake, ...] = ()
    name: str = "wrong_when"

    def __call__(self, case: Case) -> tuple[Any, dict[str, Any]]:
        loss, grads = loss_and_grads(case)
        for one in self.mistakes:
            if one.met(case):
                wrong = grads[one.gradient] * case.x.dtype.type(one.factor)
                grads = {**grads, one.gradient: wrong}
        return loss, grads


# --- what is asked of a case --------------------------------------------------------------------


def sizes(test: Callable[..., bool]) -> Condition:
    """A condition on those of T, B, D, H and O that a function takes."""
    names = [n for n in inspect.signature(test).parameters if n in "TBDHO"]
    return lambda case: test(*(getattr(case.sizes, n) for n in names))


def size(name: str, test: Callable[[int], bool]) -> Condition:
    """A condition on one of the sizes."""
    return lambda case: test(getattr(case.sizes, name))


def equal(one: str, other: str) -> Condition:
    """Two sizes are equal, and not 1."""
    return lambda case: getattr(case.sizes, one) == getattr(case.sizes, other) > 1


def cut(test: Callable[[int, int, int], bool]) -> Condition:
    """A condition on k1, k2 and T."""

    def met(case: Case) -> bool:
        assert case.truncation is not None
        return test(case.truncation.k1, case.truncation.k2, case.sizes.T)

    return met


def lengths(test: Callable[[np.ndarray, int], bool]) -> Condition:
    """A condition on the lengths and T."""

    def met(case: Case) -> bool:
        assert case.lengths is not None
        return test(case.lengths, case.sizes.T)

    return met


def regime(name: str) -> Condition:
    """The case was drawn in this regime."""
    return lambda case: case.spec is not None and case.spec.regime == name


def states(h0: bool, c0: bool) -> Condition:
    """Whether some of h0 and of c0 is not zero."""
    return lambda case: (bool(np.any(case.h0)), bool(np.any(case.c0))) == (h0, c0)


def alike(array: Callable[[Case], np.ndarray]) -> Condition:
    """Several numbers, all of them the same."""
    return lambda case: array(case).size > 1 and len(np.unique(array(case))) == 1


def memory(test: Callable[[np.ndarray], bool]) -> Condition:
    """A condition on how x lies in memory, of which there must be more than one number."""
    return lambda case: case.x.size > 1 and test(case.x)


def in_order(array: np.ndarray) -> tuple[bool, bool]:
    """Whether an array lies in memory without gaps in C order and in Fortran order."""
    return array.flags.c_contiguous, array.flags.f_contiguous


def owner(array: Any) -> Any:
    """What owns the memory of an array."""
    while getattr(array, "base", None) is not None:
        array = array.base
    return array


# --- the table ----------------------------------------------------------------------------------

STEPS: Conditions = {
    "T > 100": sizes(lambda T: T > 100),
    "T > 64": sizes(lambda T: T > 64),
    "T > 16": sizes(lambda T: T > 16),
    "T = 3": sizes(lambda T: T == 3),
    "T = 2": sizes(lambda T: T == 2),
    "T = 1": sizes(lambda T: T == 1),
}
TILES: Conditions = {
    f"T > 8, T mod {tile} = {left % tile}": sizes(
        lambda T, tile=tile, left=left: T > 8 and (T - left) % tile == 0
    )
    for tile, left in itertools.product((64, 32, 16, 8), (0, 1, -1))
}
EQUAL: Conditions = {
    f"{one} = {other} > 1": equal(one, other) for one, other in itertools.combinations("TBDHO", 2)
}
WIDTHS: Conditions = {
    "B = 1": size("B", lambda n: n == 1),
    "B > 32": size("B", lambda n: n > 32),
    "B a multiple of 16": size("B", lambda n: n % 16 == 0),
    "D = 1": size("D", lambda n: n == 1),
    "D > 64": size("D", lambda n: n > 64),
    "H = 1": size("H", lambda n: n == 1),
    "H > 32": size("H", lambda n: n > 32),
    "H one more than a multiple of 8": size("H", lambda n: n > 1 and n % 8 == 1),
    "H a power of two of 8 or more": size("H", lambda n: n >= 8 and n & (n - 1) == 0),
    "O = 1": size("O", lambda n: n == 1),
    "O > 32": size("O", lambda n: n > 32),
    "O one less than a multiple of 16": size("O", lambda n: n % 16 == 15),
    "T = B = H > 1": sizes(lambda T, B, H: T == B == H > 1),
}
CUTS: Conditions = {
    "1 < k1 < T, k1 divides T": cut(lambda k1, k2, T: 1 < k1 < T and T % k1 == 0),
    "last block short": cut(lambda k1, k2, T: k1 < T and T % k1 != 0),
    "last block of one step": cut(lambda k1, k2, T: 1 < k1 < T and T % k1 == 1),
    "k1 = 1 < k2": cut(lambda k1, k2, T: k1 == 1 < k2 and T > 1),
    "k2 < k1": cut(lambda k1, k2, T: k2 < min(k1, T)),
    "k1 = k2 < T": cut(lambda k1, k2, T: k1 == k2 < T),
    "k1 < k2 < T": cut(lambda k1, k2, T: k1 < k2 < T),
    "k1 < T <= k2": cut(lambda k1, k2, T: k1 < T <= k2),
    "k1 > T > 1": cut(lambda k1, k2, T: k1 > T > 1),
    "k2 = 1 < T": cut(lambda k1, k2, T: k2 == 1 < T),
}
LENGTHS: Conditions = {
    "every length is T": lengths(lambda n, T: (n == T).all() and T > 1),
    "a length is 1": lengths(lambda n, T: (n == 1).any() and T > 1 and len(n) > 1),
    "equal lengths below T": lengths(lambda n, T: len({*n}) == 1 and n[0] < T and len(n) > 1),
    "lengths differ": lengths(lambda n, T: len({*n}) > 1),
}
STATES: Conditions = {
    "h0 and c0 zero": states(False, False),
    "c0 zero, h0 not": states(True, False),
    "h0 zero, c0 not": states(False, True),
}
REGIMES: Conditions = {
    f"regime {name}": regime(name)
    for name in ("normal", "saturated", "tiny", "vanishing", "exploding", "sparse")
}
MEMORY: Conditions = {
    "x in Fortran order": memory(lambda x: in_order(x) == (False, True)),
    "x with gaps": memory(lambda x: in_order(x) == (False, False) and 0 not in x.strides),
    "x in the middle of a buffer": memory(lambda x: in_order(x)[0] and owner(x).nbytes > x.nbytes),
    "x with stride 0": memory(lambda x: 0 in x.strides),
}
NUMBERS: Conditions = {
    "a negative zero in x": lambda case: bool(np.any(np.signbit(case.x) & (case.x == 0))),
    "|x| > 1": lambda case: bool(np.any(np.abs(case.x) > 1)),
    "a subnormal x": lambda case: bool(np.any((case.x != 0) & (np.abs(case.x) < 2.0**-1022))),
}
TARGETS: tuple[tuple[str, Conditions, str], ...] = (
    ("rnn-tanh", STEPS, ""),
    ("rnn-tanh", MEMORY, ""),
    ("rnn-tanh", {"h0 zero": lambda case: not case.h0.any()}, ""),
    ("rnn-tanh", {"x zero": lambda case: not case.x.any()}, "b_h_l0"),  # it has no slope by W_xh
    ("rnn-tanh+mse", TILES, ""),
    ("rnn-tanh+mse", REGIMES, ""),
    ("rnn-tanh+mse", {"steps and sequences alike": alike(lambda case: case.x[:, :, 0])}, ""),
    ("gru+mse", EQUAL, ""),
    ("gru+mse", NUMBERS, ""),
    ("lstm+mse", WIDTHS, ""),
    ("lstm+mse", STATES, ""),
    ("rnn-tanh+truncated", CUTS, ""),
    ("rnn-tanh+linear+lengths", LENGTHS, ""),
    ("rnn-tanh+linear+lengths", {"one cotangent": alike(lambda case: case.targets)}, ""),
    ("rnn-tanh+3layers", {"three layers": lambda case: case.model.layers == 3}, "W_hh_l2"),
)
"""Targets, conditions on their cases and the gradient that is wrong; "" is each one in turn."""


def gradients_of(target: str) -> tuple[str, ...]:
    """The names of all gradients of a target."""
    model = parse_targets(target)[0].model
    return (*parameter_shapes(model, Sizes()), *input_shapes(model, Sizes()))


def _mistakes() -> Iterator[Mistake]:
    turns = {target: itertools.cycle(gradients_of(target)) for target, _, _ in TARGETS}
    for target, conditions, gradient in TARGETS:
        for words, met in conditions.items():
            yield Mistake(words, target, met, gradient or next(turns[target]))


TABLE = tuple(_mistakes())


def groups_of(target: str) -> list[tuple[Mistake, ...]]:
    """The mistakes of a target, in as few groups as have every gradient once at most."""
    groups: list[dict[str, Mistake]] = []
    for one in (m for m in TABLE if m.target == target):
        group = next((g for g in groups if one.gradient not in g), None)
        if group is None:
            groups.append(group := {})
        group[one.gradient] = one
    return [tuple(group.values()) for group in groups]
