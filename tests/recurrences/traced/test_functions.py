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
MASK = np.arange(12).reshape(3, 4) % 3 == 0

OF_X = {
    "neg": lambda x: -x * 2.0,
    "pos": lambda x: +x,
    "abs": lambda x: np.abs(x) + abs(x) * x,
    "fabs": lambda x: np.absolute(x),
    "exp": lambda x: np.exp(x),
    "exp2": lambda x: np.exp2(x),
    "expm1": lambda x: np.expm1(x),
    "log": lambda x: np.log(x * x + 0.1),
    "log2": lambda x: np.log2(x * x + 0.1),
    "log10": lambda x: np.log10(x * x + 0.1),
    "log1p": lambda x: np.log1p(x * x),
    "sqrt": lambda x: np.sqrt(x * x + 0.1),
    "square": lambda x: np.square(x),
    "reciprocal": lambda x: np.reciprocal(x * x + 0.1) + 1 / (x * x + 1),
    "powers": lambda x: x**2 + x**3 + (x * x + 0.1) ** 0.5 + 2.0**x + x**0,
    "tanh": lambda x: np.tanh(x),
    "sinh": lambda x: np.sinh(x),
    "cosh": lambda x: np.cosh(x),
    "sin": lambda x: np.sin(x),
    "cos": lambda x: np.cos(x),
    "arctan": lambda x: np.arctan(x),
    "sign": lambda x: np.sign(x) * x + np.floor(x) * x + np.rint(x) * x,
    "ceil": lambda x: np.ceil(x) * x + np.trunc(x) * x,
    "conjugate": lambda x: np.conj(x) * np.real(x) * x.real,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(0.0, x),
    "softmax": lambda x: np.exp(x - x.max(-1, keepdims=True)) / np.exp(x - x.max(-1)[:, None]).sum(-1, keepdims=True),
    "log_softmax": lambda x: x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True)),
    "rms": lambda x: x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-6),
    "layer norm": lambda x: (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5),
    "sum": lambda x: (np.sum(x * x), x.sum(0), x.sum(axis=(0, 1)), np.sum(x, -1, keepdims=True), np.add.reduce(x)),
    "mean": lambda x: (np.mean(x), x.mean(0), x.mean((0, -1), keepdims=True)),
    "var": lambda x: (np.var(x), x.var(1, ddof=1), np.std(x, axis=0)),
    "max": lambda x: (x.max(), np.max(x, axis=0), x.min(-1, keepdims=True), np.amin(x, 0), np.maximum.reduce(x)),
    "prod": lambda x: (np.prod(x, axis=0), x.prod(), np.multiply.reduce(x)),
    "cumsum": lambda x: (np.cumsum(x, axis=0), x.cumsum(-1), np.cumsum(x), np.add.accumulate(x)),
    "cumprod": lambda x: (np.cumprod(x, axis=1), x.cumprod()),
    "norm": lambda x: (np.linalg.norm(x), np.linalg.norm(x, axis=-1, keepdims=True)),
    "sort": lambda x: np.sort(x, axis=0) * np.arange(4.0),
    "clip": lambda x: (np.clip(x, -0.5, 0.5), x.clip(max=0.2), np.clip(x, 0.1, None)),
    "relu": lambda x: (np.maximum(x, 0), np.minimum(0.3, x), np.where(x > 0, x, 0.0), x * (x > 0)),
    "where": lambda x: (np.where(MASK, x, x * x), np.where(MASK, 1.0, x), np.where(MASK[0], x, 2.0)),
    "reshape": lambda x: (x.reshape(4, 3), x.reshape(-1), np.reshape(x, (2, -1)), x.ravel(), x.flatten()),
    "transpose": lambda x: (x.T * 1.0, np.transpose(x), x.mT, x.transpose(1, 0), np.swapaxes(x, 0, 1)),
    "moveaxis": lambda x: np.moveaxis(x[:, None], (0, 2), (1, 0)),
    "squeeze": lambda x: (np.squeeze(x[None, :, None]), x[:, None].squeeze(1), np.expand_dims(x, (0, -1))),
    "atleast": lambda x: (np.atleast_2d(x[0]), np.atleast_1d(x[0, 0])),
    "broadcast": lambda x: (np.broadcast_to(x, (2, 3, 4)), np.broadcast_to(x[:, :1], (3, 4))),
    "flip": lambda x: (np.flip(x), np.flip(x, 0), x[::-1], np.flipud(x), np.fliplr(x)),
    "roll": lambda x: (np.roll(x, 1, axis=0), np.roll(x, -2), np.roll(x, 5, 1)),
    "take": lambda x: (np.take(x, [2, 0, 2], axis=0), x.take(3), np.take(x, np.array([[0, 1]]), -1)),
    "take along": lambda x: np.take_along_axis(x, np.array([[0, 1, 1, 2], [2, 2, 0, 0]]), 0),
    "repeat": lambda x: (np.repeat(x, 2, axis=1), np.repeat(x, [1, 0, 2], 0), x.repeat(2)),
    "tile": lambda x: (np.tile(x, 2), np.tile(x, (2, 1)), np.tile(x, (2, 1, 1))),
    "tril": lambda x: (np.tril(x), np.tril(x, -1), np.triu(x, 1), np.triu(x)),
    "diagonal": lambda x: (np.diagonal(x), np.diag(x, 1), np.diag(x[0], -1), np.trace(x), x.diagonal(-1)),
    "pad": lambda x: (np.pad(x, 1), np.pad(x, ((1, 0), (0, 2)), constant_values=3.0)),
    "split": lambda x: (np.split(x, 2, axis=1), np.array_split(x, 3, axis=1), np.split(x, [1])),
    "diff": lambda x: (np.diff(x, axis=0), np.diff(x, 2)),
    "index": lambda x: (x[0], x[-1, 2], x[..., 1], x[1:, None, ::2], x[MASK], x[[0, 0, 2]]),
    "arrays as index": lambda x: (x[[0, 1], [2, 2]], x[:, None][[0, 1], :, [[1], [2]]], x[:, [1, 1]]),
    "copy": lambda x: (x.copy(), np.copy(x), x.astype(float), x.astype(np.float64)),
    "creation": lambda x: (np.zeros_like(x) + x, np.ones_like(x) * x, np.full_like(x, 2.0) * x),
    "iteration": lambda x: [row * i for i, row in enumerate(x)] + [len(x) * x],
    "unpacking": lambda x: (lambda a, b, c: a * b - c)(*x),
    "list": lambda x: (np.stack([x, x * x], 1), np.concatenate([x, x]), np.vstack([x[0], x]), np.hstack([x[0], x[1]])),
    "joins": lambda x: (np.concatenate([x, np.ones((1, 4))]), np.concatenate([x, x], None), np.stack([x[0], np.ones(4)], axis=-1)),
    "nested list": lambda x: np.array([[x[0, 0], x[0, 1]], [x[1, 1], 1.0]]),
    "asarray": lambda x: np.asarray(x) * np.asarray([1.0, 2.0, 3.0, 4.0]),
    "decision": lambda x: x * 2.0 if x[0, 0] > 0 else x * x,
    "out": lambda x: np.multiply(x, 2.0, out=np.empty((3, 4))),
    "permute": lambda x: np.permute_dims(x[None], (2, 0, 1)),
}

OF_TWO = {
    "arithmetic": lambda x, v: (x + v, v - x, x * v, x / (v * v + 1), (x * x + 1) ** v),
    "column": lambda x, v: x * x[:, :1] + v[:3, None] * x,
    "numbers": lambda x, v: (3 - x, 2 * v, x - 1, 1 / (v * v + 1), np.float64(2) * x, np.int64(3) * v),
    "constants": lambda x, v: (np.arange(4) * x, x - np.arange(3)[:, None], MASK * x, MASK + v),
    "maximum": lambda x, v: (np.maximum(x, v), np.minimum(v, x), np.logaddexp(x, v)),
    "matmul": lambda x, v: (x @ v, v @ x.T, v @ v, x @ x.T, x.T @ x, np.matmul(x, v)),
    "constant factor": lambda x, v: (np.ones((2, 3)) @ x, x @ np.ones(4), np.ones(3) @ x),
    "dot": lambda x, v: (np.dot(x, v), x.dot(v), np.dot(v, v), np.inner(x, v), np.vdot(v, v)),
    "outer": lambda x, v: (np.outer(v, x[0]), np.multiply.outer(v, v), np.outer(v, np.ones(2))),
    "tensordot": lambda x, v: (np.tensordot(x, v, 1), np.tensordot(x, x, ([0, 1], [0, 1])), np.tensordot(x, v, 0)),
    "einsum": lambda x, v: (
        np.einsum("ij,j->i", x, v), np.einsum("ij,j->ji", x, v), np.einsum("ij,kj", x, x),
        np.einsum("ij->j", x), np.einsum("i,j,kj->ik", v, v, x), np.einsum("ij,ij,j->", x, x, v),
        np.einsum("...j,j->...", x, v), np.einsum("i,...->...i", v, x), np.einsum("ij,k->kj", x, v),
    ),
    "plain factor": lambda x, v: (np.einsum("ij,j->i", np.ones((2, 4)), v), np.tensordot(np.eye(3), x, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_X)
def test_functions_of_one_array(name):
    assert_derivative(OF_X[name], {"x": ARRAYS["x"]})


@pytest.mark.parametrize("name", OF_TWO)
def test_functions_of_two_arrays(name):
    assert_derivative(OF_TWO[name], {n: ARRAYS[n] for n in ("x", "v")})


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


def test_arctan2():
    """Of which there is no complex step: at every quadrant by central differences."""
    x = np.array([1.0, -2.0, 3.0, -0.5])
    code = NumPyCode(lambda x, y: np.arctan2(y, x))
    arrays = {"x": x, "y": x[::-1].copy()}
    found = code.gradients(arrays, {"output": np.ones(4)}, ["x", "y"]).grads

    for name in arrays:
        h = 1e-5  # errors of h**2 and of 2**-53 / h, with factors of derivatives below 20
        up = code.outputs({**arrays, name: arrays[name] + h})["output"]
        down = code.outputs({**arrays, name: arrays[name] - h})["output"]
        np.testing.assert_allclose(found[name], (up - down) / (2 * h), atol=1e-8)


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
        for name in OF_X:
            test_functions_of_one_array(name)
        for name in OF_TWO:
            test_functions_of_two_arrays(name)
        test_inverses()
        test_arctan2()
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
