"""Code that is wrong under one condition only is caught within the default number of cases.

A table over the whole harness: what checkers miss is seldom the size of an error, nearly always the
case that would have shown it.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.api import load_oracles
from bptt_check.cases.design.design import Design
from bptt_check.cases.targets import parse_targets
from bptt_check.runs.check import Setup, check_case
from bptt_check.verdicts.verdict import Verdict

CASES = 100
"""The default number of cases of a verification."""
Condition = Callable[[bc.Case], bool]


@dataclass(frozen=True)
class WrongWhen:
    """The reference, with one gradient half as large again where a case meets a condition."""

    condition: Condition
    gradient: str
    name: str = "wrong_when"

    def __call__(self, case: bc.Case) -> tuple[Any, dict[str, Any]]:
        loss, grads = loss_and_grads(case)
        if self.condition(case):
            grads = {**grads, self.gradient: grads[self.gradient] * case.x.dtype.type(1.5)}
        return loss, grads


def sizes(test: Callable[..., bool]) -> Condition:
    """A condition on T, B, D, H and O."""
    names = [n for n in inspect.signature(test).parameters if n in "TBDHO"]
    return lambda case: test(*(getattr(case.sizes, n) for n in names))


def cut(test: Callable[[int, int, int], bool]) -> Condition:
    """A condition on k1, k2 and T."""

    def holds(case: bc.Case) -> bool:
        assert case.truncation is not None
        return test(case.truncation.k1, case.truncation.k2, case.sizes.T)

    return holds


def lengths(test: Callable[[np.ndarray, int], bool]) -> Condition:
    """A condition on the lengths and T."""

    def holds(case: bc.Case) -> bool:
        assert case.lengths is not None
        return test(case.lengths, case.sizes.T)

    return holds


def regime(name: str) -> Condition:
    """The case was drawn in this regime."""
    return lambda case: case.spec is not None and case.spec.regime == name


def owner(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory of another."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


Row = tuple[str, str, Condition, str]
STEPS: list[Row] = [
    (f"T {words}", "rnn-tanh", sizes(test), "W_xh_l0")
    for words, test in {
        "= 1": lambda T: T == 1,
        "= 2": lambda T: T == 2,
        "= 3": lambda T: T == 3,
        "> 16": lambda T: T > 16,
        "> 64": lambda T: T > 64,
        "> 100": lambda T: T > 100,
        "a multiple of 10 or more steps": lambda T: T >= 10 and T % 10 == 0,
    }.items()
]
TILES: list[Row] = [
    (
        f"T mod {tile} = {left % tile}, T > 8",
        "lstm",
        sizes(lambda T, n=tile, k=left: T > 8 and (T - k) % n == 0),
        "W_hh_l0",
    )
    for tile, left in itertools.product((8, 16, 32, 64), (0, 1, -1))
]
EQUAL: list[Row] = [
    (
        f"{a} = {b} > 1",
        "gru+mse",
        lambda case, a=a, b=b: getattr(case.sizes, a) == getattr(case.sizes, b) > 1,
        "W_xh_l0",
    )
    for a, b in itertools.combinations("TBDHO", 2)
]
WIDTHS: list[Row] = [
    (f"{name} {words}", "lstm+mse", lambda case, n=name, t=test: t(getattr(case.sizes, n)), "b_y")
    for name, words, test in [
        ("B", "= 1", lambda n: n == 1),
        ("B", "> 32", lambda n: n > 32),
        ("B", "a multiple of 16", lambda n: n % 16 == 0),
        ("D", "= 1", lambda n: n == 1),
        ("D", "> 64", lambda n: n > 64),
        ("H", "= 1", lambda n: n == 1),
        ("H", "> 32", lambda n: n > 32),
        ("H", "one more than a multiple of 8", lambda n: n > 1 and n % 8 == 1),
        ("H", "a power of two of 8 or more", lambda n: n >= 8 and n & (n - 1) == 0),
        ("O", "= 1", lambda n: n == 1),
        ("O", "> 32", lambda n: n > 32),
        ("O", "one less than a multiple of 16", lambda n: n % 16 == 15),
    ]
]
CUTS: list[Row] = [
    (f"{words}", "rnn-tanh+truncated", cut(test), "W_hh_l0")
    for words, test in {
        "1 < k1 < T and k1 divides T": lambda k1, k2, T: 1 < k1 < T and T % k1 == 0,
        "last block short": lambda k1, k2, T: k1 < T and T % k1 != 0,
        "last block of one step": lambda k1, k2, T: 1 < k1 < T and T % k1 == 1,
        "k1 = 1 < k2": lambda k1, k2, T: k1 == 1 < k2 and T > 1,
        "k2 < k1": lambda k1, k2, T: k2 < min(k1, T),
        "k1 = k2 < T": lambda k1, k2, T: k1 == k2 < T,
        "k1 < k2 < T": lambda k1, k2, T: k1 < k2 < T,
        "k2 >= T > k1": lambda k1, k2, T: k2 >= T > k1,
        "k1 > T": lambda k1, k2, T: k1 > T > 1,
        "k2 = 1": lambda k1, k2, T: k2 == 1 < T,
    }.items()
]
LENGTHS: list[Row] = [
    (words, "rnn-tanh+linear+truncated+lengths", lengths(test), "W_xh_l0")
    for words, test in {
        "every length is T": lambda n, T: (n == T).all() and T > 1,
        "a length is 1": lambda n, T: (n == 1).any() and T > 1 and len(n) > 1,
        "equal lengths below T": lambda n, T: len(set(n)) == 1 and n[0] < T and len(n) > 1,
        "lengths differ": lambda n, T: len(set(n)) > 1,
    }.items()
]
VALUES: list[Row] = [
    ("T = B = H > 1", "lstm+mse", sizes(lambda T, B, H: T == B == H > 1), "W_xh_l0"),
    ("h0 zero", "rnn-tanh", lambda case: not case.h0.any(), "W_xh_l0"),
    ("h0 and c0 zero", "lstm", lambda c: not c.h0.any() and not np.any(c.c0), "W_xh_l0"),
    ("c0 zero, h0 not", "lstm", lambda c: bool(c.h0.any() and not np.any(c.c0)), "W_xh_l0"),
    ("h0 zero, c0 not", "lstm", lambda c: bool(np.any(c.c0) and not c.h0.any()), "W_xh_l0"),
    ("x zero", "rnn-tanh", lambda case: not case.x.any(), "b_h_l0"),
    (
        "a negative zero in x",
        "gru+mse",
        lambda case: bool(np.any(np.signbit(case.x) & (case.x == 0))),
        "b_y",
    ),
    ("|x| > 1", "gru+mse", lambda case: bool(np.any(np.abs(case.x) > 1)), "W_hy"),
    (
        "a subnormal x",
        "gru+mse",
        lambda case: bool(np.any((case.x != 0) & (np.abs(case.x) < 2.0**-1022))),
        "W_hy",
    ),
    (
        "all steps and sequences alike",
        "rnn-tanh+mse",
        lambda case: case.x[:, :, 0].size > 1 and bool(np.all(case.x == case.x[:1, :1])),
        "W_hy",
    ),
    (
        "one cotangent for all",
        "rnn-tanh+linear",
        lambda case: case.targets.size > 1 and bool(np.all(case.targets == case.targets.flat[0])),
        "W_xh_l0",
    ),
    ("three layers", "lstm+3layers", lambda case: True, "W_hh_l2"),
]
REGIMES: list[Row] = [
    (f"regime {name}", "rnn-tanh+mse", regime(name), "b_y")
    for name in ("normal", "saturated", "tiny", "vanishing", "exploding", "sparse")
]
LAYOUTS: list[Row] = [
    (
        "x in Fortran order",
        "rnn-tanh",
        lambda c: c.x.flags.f_contiguous and not c.x.flags.c_contiguous,
        "W_xh_l0",
    ),
    (
        "x with gaps",
        "rnn-tanh",
        lambda c: c.x.size > 1 and not (c.x.flags.f_contiguous or c.x.flags.c_contiguous),
        "W_xh_l0",
    ),
    (
        "x in the middle of a buffer",
        "rnn-tanh",
        lambda c: c.x.flags.c_contiguous and owner(c.x).nbytes > c.x.nbytes,
        "W_xh_l0",
    ),
    (
        "x with stride 0",
        "rnn-tanh",
        lambda c: c.x.size > 1 and any(s == 0 for s in c.x.strides),
        "W_xh_l0",
    ),
]
TABLE = [*STEPS, *TILES, *EQUAL, *WIDTHS, *CUTS, *LENGTHS, *VALUES, *REGIMES, *LAYOUTS]


@functools.cache
def setup() -> Setup:
    """Complex step alone: any oracle sees an error of one half."""
    return Setup(load_oracles(["complex_step"]))


@functools.cache
def specs_of(target: str, seed: int) -> list[bc.Spec]:
    """The specs of a verification with the default number of cases."""
    return list(Design(parse_targets(target)[0], seed=seed).specs(CASES))


def caught(subject: WrongWhen, target: str, seed: int) -> Iterator[bc.Spec]:
    """The specs on which a subject is found wrong, the cheapest first."""
    for spec in sorted(specs_of(target, seed), key=lambda s: s.sizes.T * s.sizes.B * s.sizes.H):
        case = spec.build()
        may_meet = case.layout != "contiguous" or subject.condition(case)
        if may_meet and check_case(subject, case, setup(), ()).verdict is Verdict.FAIL:
            yield spec


def test_table_has_enough_conditions() -> None:
    """Sixty kinds of cases, each under its own name."""
    assert len({row[0] for row in TABLE}) == len(TABLE) >= 60


@pytest.mark.parametrize(
    ("name", "target", "condition", "gradient"), TABLE, ids=[r[0] for r in TABLE]
)
def test_wrong_under_one_condition_is_caught(
    name: str, target: str, condition: Condition, gradient: str
) -> None:
    """With the default number of cases, for every seed."""
    subject = WrongWhen(condition, gradient)
    missed = [seed for seed in range(10) if next(caught(subject, target, seed), None) is None]

    assert missed == []


@pytest.mark.parametrize("target", sorted({row[1] for row in TABLE}))
def test_right_sibling_is_silent(target: str) -> None:
    """The same subject without a condition, on every fifth of the same cases."""
    right = WrongWhen(lambda case: False, "")
    reports = [check_case(right, s.build(), setup(), ()) for s in specs_of(target, 0)[::5]]

    assert [str(r.message) for r in reports if r.verdict.failing] == []
    assert sum(r.verdict is Verdict.PASS for r in reports) > len(reports) / 2
