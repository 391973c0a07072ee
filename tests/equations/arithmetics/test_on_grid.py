"""Plain arithmetic of a format: its results are its numbers, its errors have their direction."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.cases.precision import PRECISIONS
from bptt_check.equations.arithmetics.on_grid import OnGrid, off_functions

VALUES = np.random.default_rng(0).normal(size=(1, 5, 7)) * 10.0 ** np.arange(-3, 4)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_to_nearest_is_what_the_format_rounds_to(dtype: str) -> None:
    """Every hook gives numbers of the format, the nearest ones."""
    precision = PRECISIONS[dtype]
    arithmetic = OnGrid(precision)
    want = precision.rounded(VALUES).astype(np.float64)

    for found in (
        arithmetic.relative(VALUES),
        arithmetic.absolute(VALUES, np.ones_like(VALUES)),
        arithmetic.in_turn(VALUES, 3),
        arithmetic.function(VALUES, bounded=True),
    ):
        np.testing.assert_array_equal(found, want)
    assert np.any(want != VALUES)


def test_towards_zero_is_never_larger() -> None:
    """What does not fit is cut off; to the nearest, half of the results are larger."""
    precision = PRECISIONS["bfloat16"]
    cut = OnGrid(precision, np.trunc).relative(VALUES)
    nearest = OnGrid(precision).relative(VALUES)

    assert np.all(np.abs(cut) <= np.abs(VALUES))
    assert np.any(np.abs(nearest) > np.abs(VALUES))
    np.testing.assert_array_equal(precision.rounded(cut), cut)


def test_sums_in_turn_stagnate() -> None:
    """A small term that is added to a large sum alone is lost; together they are not."""
    precision = PRECISIONS["bfloat16"]
    terms = np.ones((1, 1000, 2))
    in_turn = OnGrid(precision, sums_in_turn=True)

    np.testing.assert_array_equal(in_turn.total(terms, 1), np.full((1, 2), 256.0))
    np.testing.assert_array_equal(OnGrid(precision).total(terms, 1), np.full((1, 2), 1000.0))
    assert in_turn.total(terms, 1, keepdims=True).shape == (1, 1, 2)
    np.testing.assert_array_equal(in_turn.total(terms, (1, 2)), [256.0])


def test_product_in_turn_is_the_loop() -> None:
    """Every term and every partial sum is a number of the format."""
    precision, generator = PRECISIONS["float16"], np.random.default_rng(1)
    a, b = generator.normal(size=(2, 3, 5)), generator.normal(size=(2, 5, 4))
    found = OnGrid(precision, sums_in_turn=True).product(a @ b, a, b)

    total = np.zeros((2, 3, 4))
    for k in range(5):
        term = precision.rounded(a[:, :, k, None] * b[:, None, k, :]).astype(np.float64)
        total = precision.rounded(total + term).astype(np.float64)
    np.testing.assert_array_equal(found, total)
    assert np.any(found != OnGrid(precision).product(a @ b, a, b))


def test_off_functions_leave_all_else() -> None:
    """Only the values of functions change, all by the same share."""
    off = off_functions(0.01)

    np.testing.assert_allclose(off.function(VALUES), 1.01 * VALUES)
    for found in (off.relative(VALUES), off.absolute(VALUES, VALUES), off.in_turn(VALUES, 2)):
        np.testing.assert_array_equal(found, VALUES)
    np.testing.assert_array_equal(off.total(VALUES, 1), VALUES.sum(1))
