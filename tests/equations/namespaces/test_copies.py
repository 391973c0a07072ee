"""Copies that share what is alike, against the same arithmetic with plain copies."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from support.copied import ROWS, imaginary, moved, same

RANGES = {
    "alike": ((1, 4), (1, 4)),
    "inside": ((0, 8), (2, 5)),
    "around": ((3, 4), (0, 8)),
    "overlapping": ((0, 4), (2, 7)),
    "overlapping before": ((2, 7), (0, 4)),
    "adjacent": ((0, 3), (3, 5)),
    "apart": ((5, 6), (1, 3)),
}
OPERATORS = [operator.add, operator.sub, operator.mul, operator.matmul]


@pytest.mark.parametrize("make", [moved, imaginary])
@pytest.mark.parametrize("function", OPERATORS)
@pytest.mark.parametrize("ranges", RANGES.values(), ids=list(RANGES))
def test_operators_are_those_of_plain_copies(make, function, ranges):
    """Whatever rows the two have of their own; and neither is changed by it."""
    rng = np.random.default_rng(0)
    (a, plain_a), (b, plain_b) = make(rng, ranges[0]), make(rng, ranges[1])

    assert same(function(a, b), function(plain_a, plain_b))
    assert same(a, plain_a)
    assert same(b, plain_b)


@pytest.mark.parametrize("make", [moved, imaginary])
@pytest.mark.parametrize("function", OPERATORS)
def test_an_array_without_copies_may_stand_on_either_side(make, function):
    """NumPy leaves the operator to the copies."""
    rng = np.random.default_rng(1)
    (a, plain), array = make(rng, (2, 6)), rng.normal(size=(3, 3))

    assert same(function(a, array), function(plain, array))
    assert same(function(array, a), function(array, plain))
    assert same(1.0 - a, 1.0 - plain)
    assert same(-a, -plain)


@pytest.mark.parametrize("make", [moved, imaginary])
def test_a_vector_meets_every_sequence(make):
    """A bias has an axis of its own for the sequences."""
    rng = np.random.default_rng(2)
    (h, plain_h), (b, plain_b) = make(rng, (1, 4)), make(rng, (2, 8), shape=(1, 3))
    array = rng.normal(size=(3, 3))

    assert same(h + b, plain_h + plain_b)
    assert same(array + b, array + plain_b)
    assert (array + b).reshape(9).rows.shape == (6, 9)


@pytest.mark.parametrize("make", [moved, imaginary])
def test_indices_shapes_and_sums_are_those_of_each_copy(make):
    """With `...` in front, and axes counted from the last one."""
    a, plain = make(np.random.default_rng(3), (2, 6), shape=(2, 3, 4))

    assert a.shape == (2, 3, 4)
    assert same(a.mT, plain.mT)
    assert same(a[..., 1, :, :], plain[..., 1, :, :])
    assert same(a[..., 1:3], plain[..., 1:3])
    assert same(a.reshape(6, 4), plain.reshape(ROWS, 6, 4))
    assert same(a.sum(-1), plain.sum(-1))
    assert same(a.sum(-2), plain.sum(-2))
