"""Which framework a function is of, from what it says: itself, and what it calls."""

from __future__ import annotations

import functools
import importlib.util
import types
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if importlib.util.find_spec("torch") is None or importlib.util.find_spec("jax") is None:
    pytest.skip("torch and jax are not installed", allow_module_level=True)

import jax
import jax.numpy as jnp
import torch

from bptt_check.subjects.kernels.framework import framework_of

if TYPE_CHECKING:
    from collections.abc import Callable


def of_torch(x):
    return torch.sin(x)


def of_jax(x):
    return jax.lax.scan(lambda c, y: (c, y), x, x)


def of_numpy(x):
    return np.sin(x)


def chain(function: Callable[..., Any], calls: int) -> Callable[..., Any]:
    """A function that calls another that calls another."""
    for _ in range(calls):
        function = functools.partial(lambda f, x: f(x), function)
    return function


def first(x):
    return second(x)


def second(x):
    return third(x)


def third(x):
    return fourth(x)


def fourth(x):
    return of_torch(x)


def around(x):
    return around(x - 1) if len(x) else of_jax(x)


def imports_it(x):
    from torch.nn import functional

    return functional.silu(x)


def says_it(x: torch.Tensor):
    return x.cumsum(0).sigmoid()


def as_a_default(x, *, function=jnp.sin):
    return function(x)


def in_one_inside(x):
    def inner(y):
        return torch.sin(y)

    return [inner(y) for y in x]


def decorated(function):
    @functools.wraps(function)
    def wrapper(*arguments, **options):
        return function(*arguments, **options)

    return wrapper


class OwnFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x

    @staticmethod
    def backward(ctx: Any, *bars: Any) -> Any:
        return bars[0]


def applies(x):
    return OwnFunction.apply(x)


class Module(torch.nn.Module):
    def forward(self, x):
        return x.exp()


class WithMethods:
    def __call__(self, x):
        return torch.sin(x)

    def method(self, x):
        return jnp.sin(x)

    @staticmethod
    def static(x):
        return torch.sin(x)

    @classmethod
    def of_class(cls, x):
        return jnp.sin(x)


class Holds:
    def __init__(self, function):
        self.function = function

    def __call__(self, x):
        return self.function(x)


@jax.custom_vjp
def with_own_vjp(x):
    return x


TORCH = [
    of_torch, first, imports_it, says_it, in_one_inside, decorated(of_torch), applies,
    OwnFunction.apply, Module(), Module().forward, torch.nn.Sequential(Module()), WithMethods(),
    WithMethods.static, Holds(of_torch), functools.partial(of_torch), chain(of_torch, 3),
    functools.lru_cache(of_torch), torch.no_grad()(of_numpy), torch.sin, lambda x: of_torch(x),
    torch.jit.ignore(of_torch), decorated(functools.partial(of_torch)),
]  # fmt: skip
JAX = [
    of_jax, around, as_a_default, WithMethods().method, WithMethods.of_class, Holds(of_jax),
    with_own_vjp, jax.jit(of_numpy), jax.jit(functools.partial(of_jax)), jax.vmap(of_numpy),
    jax.checkpoint(of_numpy), jnp.sin, functools.partial(with_own_vjp), lambda x: with_own_vjp(x),
]  # fmt: skip
NUMPY = [
    of_numpy, np.sin, Holds(of_numpy), decorated(of_numpy), functools.partial(of_numpy),
    lambda x: x, chain(of_numpy, 3), np.linalg.inv, functools.lru_cache(of_numpy),
]  # fmt: skip


@pytest.mark.parametrize("function", TORCH)
def test_of_torch(function):
    assert framework_of(function) == "torch"


@pytest.mark.parametrize("function", JAX)
def test_of_jax(function):
    assert framework_of(function) == "jax"


@pytest.mark.parametrize("function", NUMPY)
def test_of_neither(function):
    """Although this module has both, and NumPy knows of others."""
    assert framework_of(function) == "numpy"


def test_the_nearest_counts():
    """NumPy code that hands arrays to torch and back is called with what it takes itself."""

    def converted(x: np.ndarray):
        return through_torch(x)

    def through_torch(x):
        return of_torch(torch.from_numpy(x))

    def jax_first(x):
        return jnp.asarray(through_torch(x))

    assert framework_of(jax_first) == "jax"
    assert framework_of(converted) == "torch"


def test_functions_of_other_modules_are_followed():
    """`module.kernel(x)` names the module and, as an attribute, the function."""
    other = types.ModuleType("other_kernels")
    vars(other).update(first=of_torch, second=of_numpy)

    def calls(x):
        return other_kernels.first(x)  # noqa: F821

    def calls_the_other(x):
        return other_kernels.second(x)  # noqa: F821

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(calls.__globals__, "other_kernels", other)
        assert framework_of(calls) == "torch"
        assert framework_of(calls_the_other) == "numpy"


def test_what_an_annotation_says_as_text():
    def function(x):
        return x.cumsum(0)

    assert framework_of(function) == "numpy"
    function.__annotations__ = {"x": "torch.Tensor", "return": "float"}
    assert framework_of(function) == "torch"
    function.__annotations__ = {"x": "jax.Array"}
    assert framework_of(function) == "jax"


def test_a_variable_that_has_no_value_yet_is_passed_over():
    def outer():
        def function(x):
            return later(x)

        found = framework_of(function)
        later = of_torch
        return found, framework_of(function)

    assert outer() == ("numpy", "torch")


kernels = types.ModuleType("kernels")
vars(kernels).update(doubled=lambda x: torch.mul(x, 2.0), halved=lambda x: np.divide(x, 2.0))


def test_what_a_module_has_beside_what_is_called_says_nothing():
    """It is the framework of the function that is called through the module."""
    assert framework_of(lambda x: kernels.doubled(x)) == "torch"
    assert framework_of(lambda x: kernels.halved(x)) == "numpy"
