"""Products of matrices and tensors, and inverses."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from ...cases.types import Array
from ...equations.arithmetics.arithmetic import Arithmetic
from ...errors import SpecError
from .applying import axis_of, of_two
from .trace import Pull


def _matrices(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    """The product of matrices [samples, ..., n, m] and [samples, ..., m, k]."""
    return _product(r, a, b), lambda bar: _product(r, bar, b.mT), lambda bar: _product(r, a.mT, bar)


def _product(r: Arithmetic, a: Array, b: Array) -> Array:
    if a.shape[-1] == 1:  # each sum has one term
        return r.relative(a * b)
    return r.product(a @ b, a, b)


_of_matrices = of_two(_matrices)


def _matmul(a: Any, b: Any) -> Any:
    """`a @ b`, of vectors as well."""
    rows, columns = np.ndim(a) == 1, np.ndim(b) == 1
    if not (np.ndim(a) and np.ndim(b)):
        raise ValueError("np.matmul: a number has no matrix product")
    product = _of_matrices(a[None] if rows else a, b[:, None] if columns else b)
    if rows and columns:
        return product[..., 0, 0]
    return product[..., 0, :] if rows else product[..., 0] if columns else product


def _dot(a: Any, b: Any) -> Any:
    if not (np.ndim(a) and np.ndim(b)):
        return a * b
    return np.tensordot(a, b, (-1, -2 if np.ndim(b) > 1 else -1))


def _outer(a: Any, b: Any) -> Any:
    return np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1))


def _inner(a: Any, b: Any) -> Any:
    return np.tensordot(a, b, (-1, -1)) if np.ndim(a) and np.ndim(b) else a * b


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    if isinstance(axes, int):
        axes = (tuple(range(-axes, 0)), tuple(range(axes)))
    of_a, of_b = (
        [axis_of(i, np.ndim(m)) for i in (own if isinstance(own, (tuple, list)) else (own,))]
        for m, own in zip((a, b), axes, strict=True)
    )
    left = [f"a{i}" for i in range(np.ndim(a))]
    right = [f"b{i}" for i in range(np.ndim(b))]
    for i, j in zip(of_a, of_b, strict=True):
        right[j] = left[i]
    kept = [n for n in left + right if (n in left) != (n in right)]
    return _pair(a, left, b, right, kept)


def _einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    """Products of two operands at a time, from the left, each summed as soon as can be."""
    if not isinstance(subscripts, str):
        raise SpecError("np.einsum: give the subscripts as text, as in 'bk,bkv->bv'.")
    named, output = _axes_of_operands(subscripts.replace(" ", ""), operands)
    result, names = operands[0], named[0]
    for i, operand in enumerate(operands[1:], 1):
        later = {n for other in named[i + 1 :] for n in other} | set(output)
        kept = [n for n in dict.fromkeys(names + named[i]) if n in later]
        result = _pair(result, names, operand, named[i], kept)
        names = kept
    return _ordered(result, names, output)


def _axes_of_operands(
    subscripts: str, operands: tuple[Any, ...]
) -> tuple[list[list[str]], list[str]]:
    """Names of the axes of each operand, and of the output."""
    inputs, arrow, output = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise ValueError(f"np.einsum: {subscripts!r} has not as many terms as there are operands")
    further = [
        np.ndim(operand) - len(term.replace("...", ""))
        for term, operand in zip(terms, operands, strict=True)
        if "..." in term
    ]
    dots = [f".{i}" for i in range(max(further, default=0))]
    named: list[list[str]] = []
    for term, operand in zip(terms, operands, strict=True):
        before, has_dots, after = term.partition("...")
        own = dots[len(dots) - (np.ndim(operand) - len(before + after)) :] if has_dots else []
        named.append([*before, *own, *after])
        if max(Counter(named[-1]).values(), default=1) > 1:
            raise SpecError(f"np.einsum: {term!r} names an axis twice. Take np.diagonal first.")
    if arrow:
        before, has_dots, after = output.partition("...")
        return named, [*before, *(dots if has_dots else []), *after]
    times = Counter(n for names in named for n in names if not n.startswith("."))
    return named, [*dots, *sorted(n for n in times if times[n] == 1)]


def _ordered(a: Any, names: list[str], output: list[str]) -> Any:
    """An operand summed over the axes that the output has not, the others in its order."""
    gone = tuple(i for i, n in enumerate(names) if n not in output)
    if gone:
        a = a.sum(gone)
        names = [n for n in names if n in output]
    order = [names.index(n) for n in output]
    return a if order == list(range(len(order))) else np.transpose(a, order)


def _pair(a: Any, left: list[str], b: Any, right: list[str], kept: list[str]) -> Any:
    """The product of two operands with these axes, summed over those that are not kept."""
    alone_a = [n for n in left if n in kept or n in right]
    alone_b = [n for n in right if n in kept or n in left]
    a, b = _ordered(a, left, alone_a), _ordered(b, right, alone_b)
    both = [n for n in kept if n in alone_a and n in alone_b]
    summed = [n for n in alone_a if n in alone_b and n not in kept]
    rows = [n for n in alone_a if n not in alone_b]
    columns = [n for n in alone_b if n not in alone_a]
    sizes = dict(zip(alone_a, np.shape(a), strict=True))
    for name, size in zip(alone_b, np.shape(b), strict=True):
        sizes[name] = size if sizes.get(name, 1) == 1 else sizes[name]
    if not summed:
        a = _spread(_ordered(a, alone_a, both + rows), len(columns))
        b = _between(_ordered(b, alone_b, both + columns), len(both), len(rows))
        return _ordered(a * b, both + rows + columns, kept)

    a = _as_matrices(_ordered(a, alone_a, both + rows + summed), both, rows, summed, sizes)
    b = _as_matrices(_ordered(b, alone_b, both + summed + columns), both, summed, columns, sizes)
    product = np.reshape(np.matmul(a, b), [sizes[n] for n in both + rows + columns])
    return _ordered(product, both + rows + columns, kept)


def _as_matrices(
    a: Any, lead: list[str], rows: list[str], columns: list[str], sizes: dict[str, int]
) -> Any:
    """An operand with its axes in this order as a stack of matrices."""
    a = np.broadcast_to(a, [sizes[n] for n in lead + rows + columns])
    shape = (math.prod(sizes[n] for n in names) for names in (rows, columns))
    return np.reshape(a, (*(sizes[n] for n in lead), *shape))


def _spread(a: Any, behind: int) -> Any:
    """An operand with so many axes of length 1 behind."""
    return a[(..., *(None,) * behind)] if behind else a


def _between(b: Any, at: int, axes: int) -> Any:
    """An operand with so many axes of length 1 behind the first ones."""
    return b[(*(slice(None),) * at, *(None,) * axes)] if axes else b


def _inverse(a: Any) -> Any:
    """The inverse, as right as that of a matrix whose entries were rounded."""
    r = a.trace.arithmetic
    value = r.relative(np.linalg.inv(r.relative(a.entries)))

    def pull(bar: Array) -> Array:
        return -_product(r, _product(r, value.mT, bar), value.mT)

    return a.derived(value, pull)


def _solve(a: Any, b: Any) -> Any:
    """The solution of `a x = b`, as right as that of a matrix whose entries were rounded."""
    if np.ndim(b) == 1:
        return _solve(a, b[:, None])[..., 0]
    return _solved(a, b)


def _solution(r: Arithmetic, a: Any, b: Any) -> tuple[Array, Pull, Pull]:
    value = r.relative(np.linalg.solve(r.relative(a), b))

    def to_right(bar: Array) -> Array:
        return r.relative(np.linalg.solve(r.relative(a.mT), bar))

    def to_matrix(bar: Array) -> Array:
        return -_product(r, to_right(bar), value.mT)

    return value, to_matrix, to_right


_solved = of_two(_solution)

PRODUCTS: dict[Any, Any] = {
    np.matmul: _matmul,
    np.dot: _dot,
    np.vdot: lambda a, b: _dot(np.reshape(a, -1), np.reshape(b, -1)),
    np.outer: _outer,
    np.inner: _inner,
    np.tensordot: _tensordot,
    np.einsum: _einsum,
    np.linalg.inv: _inverse,
    np.linalg.solve: _solve,
    (np.multiply, "outer"): lambda a, b: _spread(a, np.ndim(b)) * b,
}
"""Functions of NumPy with what they do where an operand is traced."""
