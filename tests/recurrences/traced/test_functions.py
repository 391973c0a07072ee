"""Every function that traced arrays know, against complex step of the same code."""

from __future__ import annotations

import numpy as np
import pytest
from support.plain_code import assert_derivative, drawn

import bptt_check.recurrences.numpy_code as module
from bptt_check.errors import SpecError
from bptt_check.recurrences.numpy_code import NumPyCode
from bptt_check.recurrences.traced.functions import FUNCTIONS

ARRAYS = drawn(x=(3, 4), y=(3, 4), v=(4,), m=(4, 4), A=(2, 3, 4), B=(2, 4, 5))
OUTSIDE = {"empty_like": np.empty_like}
"""NumPy's own, where no stand-in is found."""
MASK = np.arange(12).reshape(3, 4) % 3 == 0

OF_X = """
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
"""Expressions in an array [3, 4]."""

OF_TWO = """
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
"""Expressions in arrays [3, 4] and [4]."""


@pytest.mark.parametrize("expression", OF_X.strip().splitlines())
def test_functions_of_one_array(expression):
    assert_derivative(eval(f"lambda x: {expression}", globals()), {"x": ARRAYS["x"]})


@pytest.mark.parametrize("expression", OF_TWO.strip().splitlines())
def test_functions_of_two_arrays(expression):
    arrays = {name: ARRAYS[name] for name in ("x", "v")}
    assert_derivative(eval(f"lambda x, v: {expression}", globals()), arrays)


def test_stacks_of_matrices():
    """Also where one operand has further axes, or axes of length 1."""

    def function(A, B, m):
        return (
            A @ B, m @ B, A @ m, np.matmul(A[:1], B), (A[:, None] @ B), A[0] @ B,
            np.einsum("bij,bjk->bik", A, B), np.einsum("bij,bjk->ki", A, B),
            np.einsum("bij,jk,bkl->il", A, m, B), A.mT[:, :, :2] @ A[:, :2],
            np.einsum("...ij,...jk->...ik", A, m), np.einsum("bij,cj->cb", A, m),
        )  # fmt: skip

    assert_derivative(function, {n: ARRAYS[n] for n in ("A", "B", "m")})


def test_inverses():
    def function(m, v, B):
        M = m @ m.T + np.eye(4)
        return np.linalg.inv(M), np.linalg.solve(M, v), np.linalg.solve(M, B)

    assert_derivative(function, {n: ARRAYS[n] for n in ("m", "v", "B")})


def test_equal_numbers_share_what_flows_back():
    """Half each of a maximum, a part each of the largest ones; |x| is flat at zero."""
    code = NumPyCode(lambda x: (np.maximum(x, 1.0), np.max(x), np.abs(x - 1.0)))
    bars = {f"output[{i}]": np.ones(s) for i, s in enumerate([(3,), (), (3,)])}

    def grad(i: int):
        name = f"output[{i}]"
        found = code.gradients({"x": np.array([1.0, 1.0, 0.0])}, {name: bars[name]}, ["x"])
        return found.grads["x"].tolist()

    assert grad(0) == [0.5, 0.5, 0.0]
    assert grad(1) == [0.5, 0.5, 0.0]
    assert grad(2) == [0.0, 0.0, -1.0]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: np.fft.fft(x), r"np\.fft\.fft, which is not differentiated here"),
        (lambda x: np.arcsinh(x), "np.arcsinh, which is not"),
        (lambda x: np.logaddexp.reduce(x), r"np\.logaddexp\.reduce, which is not"),
        (lambda x: np.linalg.svd(x), r"np\.linalg\.svd, which is not"),
        (lambda x: np.sum(x, where=MASK), r"np\.sum: .*'where'"),
        (lambda x: x.astype(np.float32), "asks for float32"),
        (lambda x: np.zeros(3, np.float32) + x[:, 0], "asks for float32"),
        (lambda x: x * 1j, "uses complex numbers"),
        (lambda x: x + np.zeros(4, complex), "uses complex numbers"),
        (lambda x: x.sum(dtype=np.float32), "asks for float32"),
        (lambda x: np.mean(x, dtype=int), "adds up in int64"),
        (lambda x: np.cumsum(x, dtype=np.float32), r"np\.cumsum: .*'dtype'"),
        (lambda x: np.linalg.norm(x, 1), "ord=1"),
        (lambda x: np.pad(x, 1, mode="edge"), "np.concatenate"),
        (lambda x: np.einsum("ii->i", x[:, :3]), "names an axis twice"),
        (lambda x: x * "a", "is no array of numbers"),
        (lambda x: x.reshape(4, 3, order="F"), "unexpected|order"),
    ],
)
def test_what_is_not_known_is_told(function, words):
    """With what to do instead; never with a wrong gradient."""
    with pytest.raises((SpecError, TypeError), match=words):
        NumPyCode(function).gradients({"x": ARRAYS["x"]}, {}, ["x"])


def test_every_known_function_is_called_in_this_file():
    """So that none is without a test: each entry was reached by the code above."""
    reached: set[object] = set()

    class Watching(dict):
        def get(self, key, default=None):
            reached.add(key)
            return super().get(key, default)

        def __getitem__(self, key):
            reached.add(key)
            return super().__getitem__(key)

    before, module.FUNCTIONS = module.FUNCTIONS, Watching(FUNCTIONS)
    try:
        for expression in OF_X.strip().splitlines():
            test_functions_of_one_array(expression)
        for expression in OF_TWO.strip().splitlines():
            test_functions_of_two_arrays(expression)
        test_inverses()
    finally:
        module.FUNCTIONS = before
    plain = {f for f in FUNCTIONS if f not in reached}
    assert plain <= QUESTIONS


QUESTIONS = {
    *(np.isfinite, np.isnan, np.isinf, np.signbit, np.logical_not, np.equal, np.not_equal),
    *(np.logical_and, np.logical_or, np.logical_xor, np.less, np.less_equal, np.greater_equal),
    *(np.argmax, np.argmin, np.nonzero, np.argwhere, np.size, np.any, np.all, np.allclose),
    *(np.isclose, np.count_nonzero, np.iscomplexobj, np.argsort, np.shape, np.ndim),
}
"""What gives no numbers that move: see the test below."""


def test_questions_get_plain_answers():
    """True and false, and integers, as of NumPy's own arrays."""
    x = ARRAYS["x"]
    asked = []

    def function(x):
        asked.append(
            [
                *(np.isfinite(x), np.isnan(x), np.isinf(x), np.signbit(x), np.logical_not(x)),
                *(x == x[0], x != 0, x < 0.1, x <= x[:, :1], x >= 0, np.logical_and(x, x > 0)),
                *(np.logical_or(x, 0), np.logical_xor(x, 1), np.argmax(x, 0), x.argmin()),
                *(np.nonzero(x), np.argwhere(x), np.size(x), np.any(x), np.all(x), x.argsort()),
                *(np.allclose(x, x), np.isclose(x, 0), np.count_nonzero(x), np.shape(x)),
                *(np.ndim(x), bool(x[0, 0]), x.shape, x.ndim, x.size, x.dtype),
            ]
        )
        return x * 1.0

    code = NumPyCode(function)
    code.outputs({"x": x})
    code.gradients({"x": x}, {}, ["x"])

    plain, traced = asked
    for one, other in zip(plain, traced, strict=True):
        assert type(one) is type(other)
        np.testing.assert_array_equal(one, other)
