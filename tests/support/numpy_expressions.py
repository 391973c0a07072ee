"""Expressions of NumPy that plain code is made of: what reads them evaluates them here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

OUTSIDE = {"empty_like": np.empty_like}
"""NumPy's own, where no stand-in is found."""
MASK = np.arange(12).reshape(3, 4) % 3 == 0

_OF_X = """
-x * 2.0
+x
np.abs(x) + abs(x) * x
np.fabs(x)
np.exp(x)
np.exp2(x)
np.expm1(x)
np.log(x * x + 0.1)
np.log2(x * x + 0.1)
np.log10(x * x + 0.1)
np.log1p(x * x)
np.sqrt(x * x + 0.1)
np.square(x)
np.reciprocal(x * x + 0.1) + 1 / (x * x + 1)
x ** 2 + x ** 3 + (x * x + 0.1) ** 0.5 + 2.0 ** x + x ** 0 + np.float_power(x * x, 2.5)
np.tanh(x)
np.sinh(x)
np.cosh(x)
np.sin(x)
np.cos(x)
np.arctan(x)
np.sign(x) * x + np.floor(x) * x + np.rint(x) * x
np.ceil(x) * x + np.trunc(x) * x
np.conj(x) * np.real(x) * x.real
1 / (1 + np.exp(-x))
np.logaddexp(0.0, x)
np.exp(x - x.max(-1, keepdims=True)) / np.exp(x - x.max(-1)[:, None]).sum(-1, keepdims=True)
x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True))
x / np.sqrt(np.mean(x ** 2, axis=-1, keepdims=True) + 1e-06)
(x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-05)
np.sum(x * x)
x.sum(0)
x.sum(axis=(0, 1))
np.sum(x, -1, keepdims=True)
np.add.reduce(x)
np.mean(x)
x.mean(0)
x.mean((0, -1), keepdims=True)
np.var(x)
x.var(1, ddof=1)
np.std(x, axis=0)
x.max()
np.max(x, axis=0)
x.min(-1, keepdims=True)
np.amin(x, 0)
np.amax(x)
np.maximum.reduce(x)
np.minimum.reduce(x)
np.prod(x, axis=0)
x.prod()
np.multiply.reduce(x)
np.cumsum(x, axis=0)
x.cumsum(-1)
np.cumsum(x)
np.add.accumulate(x)
np.cumprod(x, axis=1)
x.cumprod()
np.multiply.accumulate(x)
np.linalg.norm(x)
np.linalg.norm(x, axis=-1, keepdims=True)
np.sort(x, axis=0) * np.arange(4.0)
np.clip(x, -0.5, 0.5)
x.clip(max=0.2)
np.clip(x, 0.1, None)
np.maximum(x, 0)
np.minimum(0.3, x)
np.where(x > 0, x, 0.0)
x * (x > 0)
np.where(MASK, x, x * x)
np.where(MASK, 1.0, x)
np.where(MASK[0], x, 2.0)
x.reshape(4, 3)
x.reshape(-1)
np.reshape(x, (2, -1))
np.ravel(x)
x.ravel()
x.flatten()
x.T * 1.0
np.transpose(x)
x.mT
x.transpose(1, 0)
np.swapaxes(x, 0, 1)
np.moveaxis(x[:, None], (0, 2), (1, 0))
np.squeeze(x[None, :, None])
x[:, None].squeeze(1)
np.expand_dims(x, (0, -1))
np.atleast_2d(x[0])
np.atleast_1d(x[0, 0])
np.broadcast_to(x, (2, 3, 4))
np.broadcast_to(x[:, :1], (3, 4))
np.broadcast_arrays(x, x[0])[1]
np.flip(x)
np.flip(x, 0)
x[::-1]
np.flipud(x)
np.fliplr(x)
np.roll(x, 1, axis=0)
np.roll(x, -2)
np.roll(x, 5, 1)
np.take(x, [2, 0, 2], axis=0)
x.take(3)
np.take(x, np.array([[0, 1]]), -1)
np.take_along_axis(x, np.array([[0, 1, 1, 2], [2, 2, 0, 0]]), 0)
np.repeat(x, 2, axis=1)
np.repeat(x, [1, 0, 2], 0)
x.repeat(2)
np.tile(x, 2)
np.tile(x, (2, 1))
np.tile(x, (2, 1, 1))
np.tril(x)
np.tril(x, -1)
np.triu(x, 1)
np.triu(x)
np.diagonal(x)
np.diag(x, 1)
np.diag(x[0], -1)
np.trace(x)
x.diagonal(-1)
np.pad(x, 1)
np.pad(x, ((1, 0), (0, 2)), constant_values=3.0)
np.split(x, 2, axis=1)
np.array_split(x, 3, axis=1)
np.split(x, [1])
np.diff(x, axis=0)
np.diff(x, 2)
x[0]
x[-1, 2]
x[..., 1]
x[1:, None, ::2]
x[MASK]
x[[0, 0, 2]]
x[[0, 1], [2, 2]]
x[:, None][[0, 1], :, [[1], [2]]]
x[:, [1, 1]]
x.copy()
np.copy(x)
x.astype(float)
x.astype(np.float64)
np.zeros_like(x) + x
np.ones_like(x) * x
np.full_like(x, 2.0) * x
[row * i for i, row in enumerate(x)] + [len(x) * x]
(lambda a, b, c: a * b - c)(*x)
np.stack([x, x * x], 1)
np.concatenate([x, x])
np.vstack([x[0], x])
np.hstack([x[0], x[1]])
np.concatenate([x, np.ones((1, 4))])
np.concatenate([x, x], None)
np.stack([x[0], np.ones(4)], axis=-1)
np.array([[x[0, 0], x[0, 1]], [x[1, 1], 1.0]])
np.asarray(x) * np.asarray([1.0, 2.0, 3.0, 4.0])
x * 2.0 if x[0, 0] > 0 else x * x
np.add(np.empty_like(x) * 0.0, x)
OUTSIDE['empty_like'](x) * 0.0 + x
np.multiply(x, 2.0, out=np.empty((3, 4)))
np.permute_dims(x[None], (2, 0, 1))
"""
OF_X = _OF_X.strip().splitlines()
"""Expressions in an array [3, 4]."""

_OF_TWO = """
np.arctan2(x, v)
np.arctan2(v - 1.0, x)
np.arctan2(x, 2.0)
x + v
v - x
x * v
x / (v * v + 1)
(x * x + 1) ** v
x * x[:, :1] + v[:3, None] * x
3 - x
2 * v
x - 1
1 / (v * v + 1)
np.float64(2) * x
np.int64(3) * v
np.arange(4) * x
x - np.arange(3)[:, None]
MASK * x
MASK + v
np.maximum(x, v)
np.minimum(v, x)
np.logaddexp(x, v)
x @ v
v @ x.T
v @ v
x @ x.T
x.T @ x
np.matmul(x, v)
np.ones((2, 3)) @ x
x @ np.ones(4)
np.ones(3) @ x
np.dot(x, v)
x.dot(v)
np.dot(v, v)
np.inner(x, v)
np.vdot(v, v)
np.outer(v, x[0])
np.multiply.outer(v, v)
np.outer(v, np.ones(2))
np.tensordot(x, v, 1)
np.tensordot(x, x, ([0, 1], [0, 1]))
np.tensordot(x, v, 0)
np.einsum('ij,j->i', x, v)
np.einsum('ij,j->ji', x, v)
np.einsum('ij,kj', x, x)
np.einsum('ij->j', x)
np.einsum('i,j,kj->ik', v, v, x)
np.einsum('ij,ij,j->', x, x, v)
np.einsum('...j,j->...', x, v)
np.einsum('i,...->...i', v, x)
np.einsum('ij,k->kj', x, v)
np.einsum('ij,j->i', np.ones((2, 4)), v)
np.tensordot(np.eye(3), x, 1)
"""
OF_TWO = _OF_TWO.strip().splitlines()
"""Expressions in arrays [3, 4] and [4]."""


def function_of(expression: str, *names: str) -> Callable[..., Any]:
    """The function of arrays of these names that returns the expression."""
    return eval(f"lambda {', '.join(names)}: {expression}", globals())
