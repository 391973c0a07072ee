"""Copies of random numbers that share what is alike, each with the same as plain copies."""

from __future__ import annotations

import numpy as np

from bptt_check.cases.types import Array
from bptt_check.equations.namespaces.copies import ComplexCopies, Copies, MovedCopies

ROWS, STEP = 8, 1e-60


def moved(
    rng: np.random.Generator, held: tuple[int, int], shape: tuple[int, ...] = (3, 3)
) -> tuple[MovedCopies, Array]:
    """Moved copies of random numbers, and the same as plain ones."""
    first, end = held
    base, rows = rng.normal(size=shape), rng.normal(size=(end - first, *shape))
    plain = np.repeat(base[None], ROWS, axis=0)
    plain[first:end] = rows
    return MovedCopies(base, rows, first), plain


def imaginary(
    rng: np.random.Generator, held: tuple[int, int], shape: tuple[int, ...] = (3, 3)
) -> tuple[ComplexCopies, Array]:
    """Complex copies of random numbers, and the same as plain ones."""
    first, end = held
    base, rows = rng.normal(size=shape), rng.normal(size=(end - first, *shape))
    plain = np.repeat(base[None], ROWS, axis=0).astype(complex)
    plain[first:end] += 1j * STEP * rows
    return ComplexCopies(base, rows, first), plain


def same(copies: Copies, plain: Array) -> bool:
    """Whether the copies are those plain ones."""
    rows = copies.within(0, ROWS)
    if isinstance(copies, ComplexCopies):
        if not np.allclose(rows, plain.imag / STEP, rtol=1e-13, atol=1e-14):
            return False
        rows = np.repeat(copies.base[None], ROWS, axis=0)
    return np.allclose(rows, plain.real, rtol=1e-13, atol=1e-14)
