"""Products of matrices and tensors, and inverses."""

from __future__ import annotations

import functools
import math
from collections import Counter
from typing import Any

import numpy as np

from ...cases.types import Array
from ...equations.arithmetics.arithmetic import Arithmetic, Exact
from ...errors import SpecError
from .applying import axis_of, entries_of, joined, of_two, trace_of
from .array import TracedArray
from .trace import Pull


def _ndim(a: Any) -> int:
    return a.ndim if isinstance(a, (TracedArray, np.ndarray)) else np.ndim(a)


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
    of_a, of_b = _ndim(a), _ndim(b)
    if not (of_a and of_b):
        raise ValueError("np.matmul: a number has no matrix product")
    rows, columns = of_a == 1, of_b == 1
    product = _of_matrices(a[None] if rows else a, b[:, None] if columns else b)
    if rows and columns:
        return product[..., 0, 0]
    return product[..., 0, :] if rows else product[..., 0] if columns else product


def _dot(a: Any, b: Any) -> Any:
    if not (_ndim(a) and _ndim(b)):
        return a * b
    return _tensordot(a, b, (-1, -2 if _ndim(b) > 1 else -1))


def _outer(a: Any, b: Any) -> Any:
    return np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1))


def _inner(a: Any, b: Any) -> Any:
    return _tensordot(a, b, (-1, -1)) if _ndim(a) and _ndim(b) else a * b


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    if isinstance(axes, int):
        axes = (tuple(range(-axes, 0)), tuple(range(axes)))
    of_a, of_b = (
        [axis_of(i, _ndim(m)) for i in (own if isinstance(own, (tuple, list)) else (own,))]
        for m, own in zip((a, b), axes, strict=True)
    )
    left = [f"a{i}" for i in range(_ndim(a))]
    right = [f"b{i}" for i in range(_ndim(b))]
    for i, j in zip(of_a, of_b, strict=True):
        right[j] = left[i]
    kept = [n for n in left + right if (n in left) != (n in right)]
    return _pair(a, left, b, right, kept)


def _einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    """Products of two operands at a time, from the left, each summed as soon as can be."""
    if not isinstance(subscripts, str):
        raise SpecError("np.einsum: give the subscripts as text, as in 'bk,bkv->bv'.")
    named, output = _axes_of_operands(subscripts, tuple(_ndim(o) for o in operands))
    result, names = operands[0], named[0]
    for i, operand in enumerate(operands[1:], 1):
        later = {n for other in named[i + 1 :] for n in other} | set(output)
        kept = [n for n in dict.fromkeys(names + named[i]) if n in later]
        if i == len(operands) - 1 and len(kept) == len(output):
            kept = output
        result = _pair(result, names, operand, named[i], kept)
        names = kept
    return _ordered(result, names, output)


@functools.lru_cache(maxsize=1024)
def _axes_of_operands(subscripts: str, ndims: tuple[int, ...]) -> tuple[list[list[str]], list[str]]:
    """Names of the axes of operands with so many axes, and of the output."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ndims):
        raise ValueError(f"np.einsum: {subscripts!r} has not as many terms as there are operands")
    further = [
        ndim - len(term.replace("...", ""))
        for term, ndim in zip(terms, ndims, strict=True)
        if "..." in term
    ]
    dots = [f".{i}" for i in range(max(further, default=0))]
    named: list[list[str]] = []
    for term, ndim in zip(terms, ndims, strict=True):
        before, has_dots, after = term.partition("...")
        own = dots[len(dots) - (ndim - len(before + after)) :] if has_dots else []
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
    return a if names == output else a.transpose([names.index(n) for n in output])


def _pair(a: Any, left: list[str], b: Any, right: list[str], kept: list[str]) -> Any:
    """The product of two operands with these axes, summed over those that are not kept."""
    of_a = [n for n in left if n in kept or n in right]
    of_b = [n for n in right if n in kept or n in left]
    a, b = _ordered(a, left, of_a), _ordered(b, right, of_b)
    if not isinstance(a, TracedArray) and not isinstance(b, TracedArray):
        return _contraction(Exact(), np.asarray(a)[None], of_a, np.asarray(b)[None], of_b, kept)[0]
    trace = trace_of(a, b)
    r, x, y = trace.arithmetic, entries_of(trace, a), entries_of(trace, b)
    parts = [
        (a, lambda bar: _contraction(r, bar, kept, y, of_b, of_a)),
        (b, lambda bar: _contraction(r, bar, kept, x, of_a, of_b)),
    ]
    return joined(trace, _contraction(r, x, of_a, y, of_b, kept), parts)


def _contraction(
    r: Arithmetic, a: Array, left: list[str], b: Array, right: list[str], output: list[str]
) -> Array:
    """The product of values with these axes behind the samples', summed over those that only both
    have. Where one has an axis of length 1 and the other a longer one, that of the sum is longer.
    """
    both = [n for n in output if n in left and n in right]
    summed = [n for n in left if n in right and n not in output]
    rows = [n for n in left if n not in right]
    columns = [n for n in right if n not in left]
    a = a.transpose(0, *(1 + left.index(n) for n in both + rows + summed))
    b = b.transpose(0, *(1 + right.index(n) for n in both + summed + columns))
    lead = 1 + len(both)
    of_rows = a.shape[lead : lead + len(rows)]
    of_columns = b.shape[lead + len(summed) :]
    if summed:
        terms = np.broadcast_shapes(a.shape[lead + len(rows) :], b.shape[lead : lead + len(summed)])
        count = math.prod(terms)
        a = np.broadcast_to(a, (*a.shape[: lead + len(rows)], *terms))
        b = np.broadcast_to(b, (*b.shape[:lead], *terms, *of_columns))
        a = a.reshape(*a.shape[:lead], math.prod(of_rows), count)
        b = b.reshape(*b.shape[:lead], count, math.prod(of_columns))
        value = _product(r, a, b)
        value = value.reshape(*value.shape[:lead], *of_rows, *of_columns)
    else:
        a = a.reshape(*a.shape, *(1,) * len(columns))
        b = b.reshape(*b.shape[:lead], *(1,) * len(rows), *of_columns)
        value = r.relative(a * b)
    order = both + rows + columns
    if order == output:
        return value
    return value.transpose(0, *(1 + order.index(n) for n in output))


def _inverse(a: Any) -> Any:
    """The inverse, as right as that of a matrix whose entries were rounded."""
    r = a.trace.arithmetic
    value = r.relative(np.linalg.inv(r.relative(a.entries)))

    def pull(bar: Array) -> Array:
        return -_product(r, _product(r, value.mT, bar), value.mT)

    return a.derived(value, pull)


def _solve(a: Any, b: Any) -> Any:
    """The solution of `a x = b`, as right as that of a matrix whose entries were rounded."""
    if _ndim(b) == 1:
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
    (np.multiply, "outer"): lambda a, b: a[(..., *(None,) * _ndim(b))] * b,
}
"""Functions of NumPy with what they do where an operand is traced."""
