"""Code sees a stand-in for numpy, whichever way it came by it."""

from __future__ import annotations

import functools
import importlib

import numpy
import numpy as np
import pytest
from numpy import zeros
from support.plain_code import assert_derivative, drawn

from bptt_check.recurrences.numpy_code import NumPyCode

ARRAYS = drawn(x=(4, 2))


def _helper(x):
    out = numpy.empty((4, 2))
    out[:] = x * x
    return out


def _recursive(x, depth):
    out = np.zeros_like(x)
    out[0] = x[0]
    return out if depth == 0 else out + _recursive(x, depth - 1)


def by_name(x):
    out = zeros((4, 2))
    out[1] = x[1]
    return out


def by_helper(x):
    return _helper(x) + _recursive(x, 2)


def by_own_import(x):
    import numpy as another

    out = another.zeros((4, 2))
    out[1] = x[1]
    return out


def by_inner_function(x):
    out = np.full((4, 2), 3.0)

    def fill(t):
        out[t] = x[t] * 2.0

    for t in range(3):
        fill(t)
    return out


def _made_by_a_factory(scale):
    def function(x):
        out = np.ones(2)
        out += scale * x[0]
        return _helper(x) * out

    return function


def _decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **options):
        return function(*args, **options)

    return wrapper


@_decorated
def by_decorator(x, *, n=2):
    out = np.zeros(n)
    out[0] = x[0, 0]
    return out


class Model:
    def __init__(self) -> None:
        self.scale = 2.0

    def forward(self, x):
        out = np.zeros((4, 2))
        out[2] = x[2] * self.scale
        return out


@pytest.mark.parametrize(
    "function",
    [
        by_name,
        by_helper,
        by_own_import,
        by_inner_function,
        by_decorator,
        _made_by_a_factory(3.0),
        Model().forward,
        functools.partial(by_decorator, n=3),
        lambda x: _helper(x),
    ],
)
def test_arrays_that_code_makes_can_be_written_into(function):
    assert_derivative(function, ARRAYS)


def test_modules_of_the_same_folder_see_it_as_well(tmp_path, monkeypatch):
    """Those of other folders are libraries, and stay what they are."""
    (tmp_path / "own_steps_of_a_test.py").write_text(
        "import numpy as np\n\n"
        "def step(x):\n    out = np.zeros((4, 2))\n    out[0] = x[0]\n    return out\n"
    )
    (tmp_path / "own_model_of_a_test.py").write_text(
        "import own_steps_of_a_test as steps\nfrom own_steps_of_a_test import step\n\n"
        "def model(x):\n    return steps.step(x) * step(x)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    model = importlib.import_module("own_model_of_a_test").model

    assert_derivative(model, ARRAYS)

    elsewhere = {"model": model}
    exec("def outer(x):\n    return model(x)", elsewhere)
    with pytest.raises(TypeError, match=r"np\.stack"):
        NumPyCode(elsewhere["outer"]).gradients(ARRAYS, {}, ["x"])


def test_the_function_itself_is_left_alone():
    """The next caller of it gets NumPy's own arrays."""
    NumPyCode(by_helper).gradients(ARRAYS, {}, ["x"])

    assert type(by_helper(ARRAYS["x"])) is np.ndarray
    assert by_helper.__globals__["np"] is np
    assert np.zeros(2).__class__ is np.ndarray


def test_integers_and_masks_stay_plain():
    seen = []

    def function(x):
        seen.extend([np.zeros(3, int), np.ones((2, 2), bool), np.arange(3), np.array([1, 2])])
        mask = np.tril(np.ones((4, 4), bool))
        return np.where(mask[:, :2], x, 0.0) * np.tril(np.ones((4, 2)))

    assert_derivative(function, ARRAYS)

    assert all(type(a) is np.ndarray for a in seen)
