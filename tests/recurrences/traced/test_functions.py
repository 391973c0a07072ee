"""Every function that traced arrays know, against complex step of the same code."""

from __future__ import annotations

import numpy as np
import pytest
from support.numpy_expressions import MASK, OF_TWO, OF_X, function_of
from support.plain_code import assert_derivative, drawn

import bptt_check.recurrences.numpy_code as module
from bptt_check.errors import SpecError
from bptt_check.recurrences.numpy_code import NumPyCode
from bptt_check.recurrences.traced.functions import FUNCTIONS

ARRAYS = drawn(x=(3, 4), y=(3, 4), v=(4,), m=(4, 4), A=(2, 3, 4), B=(2, 4, 5))


@pytest.mark.parametrize("expression", OF_X)
def test_functions_of_one_array(expression):
    assert_derivative(function_of(expression, "x"), {"x": ARRAYS["x"]})


@pytest.mark.parametrize("expression", OF_TWO)
def test_functions_of_two_arrays(expression):
    arrays = {name: ARRAYS[name] for name in ("x", "v")}
    assert_derivative(function_of(expression, "x", "v"), arrays)


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
        for expression in OF_X:
            test_functions_of_one_array(expression)
        for expression in OF_TWO:
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
