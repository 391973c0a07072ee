"""Loops, branches, calls and dtypes of traced code."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

from bptt_check.equations.arithmetics.rounding_model import RoundingModel  # noqa: E402
from bptt_check.recurrences.jaxprs.interpreter import Interpreter, result_sizes  # noqa: E402

X = np.random.default_rng(0).normal(size=(4, 3))
UNITS = 64
"""Units of float64 by which both may differ, relative to the largest entry."""


def _program(function, *arrays):
    with jax.enable_x64(True):
        return jax.make_jaxpr(function)(*arrays)


def _run(function, *arrays, rounding=None):
    """The first result, of the first sample."""
    program = _program(function, *arrays)
    with jax.enable_x64(True), np.errstate(all="ignore"):
        interpreter = Interpreter(rounding and rounding.arithmetic(4))
        return interpreter.run(program, [np.asarray(a)[None] for a in arrays])[0]


def _assert_as_in_jax(function, *arrays):
    with jax.enable_x64(True):
        expected = np.asarray(function(*map(jnp.asarray, arrays)))
    found = _run(function, *arrays)[0]
    assert found.dtype == expected.dtype
    size = UNITS * 2.0**-53 * np.abs(expected).max(initial=1.0)
    np.testing.assert_allclose(found, expected, 0, size)


def _gradient(function):
    return jax.grad(lambda x: jnp.sum(function(x) ** 2))


def _scanned(x, reverse=False):
    def step(carry, x_t):
        h_prev, count = carry
        h_t = jnp.tanh(h_prev * 0.5 + x_t)
        return (h_t, count + 1), (h_t, count)

    (h, count), (every, counts) = lax.scan(step, (jnp.zeros(3), 0), x, reverse=reverse)
    return every * (1.0 + counts[:, None]) + h * count


def _with_fori(x):
    def step(t, h_prev):
        return jnp.tanh(h_prev * 0.5 + x[t]) + lax.dynamic_index_in_dim(x, 3 - t, keepdims=False)

    return lax.fori_loop(0, 4, step, jnp.zeros(3))


def _with_cond(x):
    def step(h_prev, x_t):
        h_t = lax.cond(x_t[0] > 0, lambda h: jnp.sin(h) + x_t, lambda h: h * x_t, h_prev)
        return h_t, h_t

    return lax.scan(step, jnp.ones(3), x)[1]


def _with_switch(x):
    branches = [lambda x: x * 2.0, lambda x: jnp.exp(x), lambda x: x * x]
    return sum(lax.switch(jnp.asarray(i), branches, x) for i in (0, 2, 7, -1))


@jax.custom_vjp
def _squared(x):
    return x * x


_squared.defvjp(lambda x: (x * x, x), lambda x, bar: (bar * 5.0 * x,))  # no derivative of it


@jax.custom_jvp
def _cubed(x):
    return x**3


@_cubed.defjvp
def _cubed_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return x**3, 7.0 * x * x_dot


CODE = {
    "scan": _scanned,
    "reverse": partial(_scanned, reverse=True),
    "fori": _with_fori,
    "cond": _with_cond,
    "switch": _with_switch,
    "custom_vjp": _squared,
    "custom_jvp": _cubed,
    "checkpoint": jax.checkpoint(lambda x: jnp.sin(jnp.sin(x))),
    "jit": jax.jit(lambda x: jnp.tanh(jax.jit(jnp.sin)(x))),
    "vmap": jax.vmap(jax.vmap(lambda x: jnp.sin(x) * x), 1, 1),
    "map": lambda x: lax.map(lambda row: row * row[0], x),
    "in_a_vmap": jax.vmap(lambda x: lax.scan(lambda c, t: (c * 0.5 + t, c), 0.0, x)[1], 1, 1),
    "empty_scan": lambda x: jnp.concatenate([_scanned(x[:0]), x]),
    "nested": lambda x: lax.scan(lambda c, t: (c + _scanned(x * t[0])[0], c), jnp.ones(3), x)[1],
}


@pytest.mark.parametrize("name", CODE)
def test_forward_and_reverse_mode_are_those_of_jax(name):
    _assert_as_in_jax(CODE[name], X)
    _assert_as_in_jax(_gradient(CODE[name]), X)


def test_a_loop_until_something_holds():
    """Newton's method, forward only: JAX has no reverse mode of it."""

    def root(x):
        return lax.while_loop(
            lambda y: jnp.max(jnp.abs(y * y - x)) > 1e-9, lambda y: 0.5 * (y + x / y), x
        )

    _assert_as_in_jax(root, np.abs(X) + 0.1)


def test_printing_is_left_out(capfd):
    def function(x):
        jax.debug.print("seen {}", x)
        return x * 2.0

    assert _run(function, X)[0].tolist() == (2.0 * X).tolist()
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_what_is_computed_in_fewer_bits_is_computed_in_float64(dtype):
    """Casts, products that accumulate in float32, scatters, loops, and dtypes said elsewhere."""

    def narrow(x):
        y = x.astype(dtype)
        y = y + y.at[jnp.array([0, 2, 0])].add(y[:3]) / jnp.arange(1, 4, dtype=dtype)
        z = jnp.einsum("ij,kj->ik", y, y, preferred_element_type=jnp.float32)
        return lax.scan(lambda c, t: (jnp.tanh(c + t).astype(dtype), c), z[0].astype(dtype), z)[1]

    def wide(x):
        x = x + x.at[jnp.array([0, 2, 0])].add(x[:3]) / jnp.arange(1, 4)
        z = jnp.einsum("ij,kj->ik", x, x)
        return lax.scan(lambda c, t: (jnp.tanh(c + t), c), z[0], z)[1]

    def gradient(function):
        return jax.grad(lambda x: jnp.sum(function(x).astype(float) ** 2))

    for way in (lambda f: f, gradient):
        with jax.enable_x64(True):
            expected = np.asarray(way(wide)(jnp.asarray(X)))
            in_jax = np.asarray(way(narrow)(jnp.asarray(X)), np.float64)
        found = _run(way(narrow), X)[0]
        size = UNITS * 2.0**-53 * np.abs(expected).max()
        np.testing.assert_allclose(found, expected, 0, size)
        assert np.abs(in_jax - expected).max() > 1e3 * size


def test_bits_are_those_of_the_dtype_that_was_asked_for():
    """An exponent read from the bits of float32 would be another one in float64."""

    def exponent(x):
        bits = lax.bitcast_convert_type(x.astype(jnp.float32), jnp.int32)
        return (bits >> 23) - 127

    _assert_as_in_jax(exponent, np.array([1.0, 5.0, 0.3]))


def test_python_on_the_host_sees_the_dtype_that_it_was_promised():
    seen = []

    def host(x):
        seen.append(x.dtype)
        return np.sin(x)

    def function(x):
        y = x.astype(jnp.float32)
        return jax.pure_callback(
            host, jax.ShapeDtypeStruct(y.shape, y.dtype), y, vmap_method="expand_dims"
        )

    np.testing.assert_allclose(_run(function, X)[0], np.sin(X), 0, 2.0**-23)
    assert set(seen) == {np.dtype("float32")}


def test_constants_of_the_code_are_read():
    weights = jnp.asarray(np.ones((3, 3), np.float32)) / 3
    _assert_as_in_jax(lambda x: jnp.tanh(x @ weights.astype(float)), X)


def test_samples_take_the_branch_of_the_first():
    program = _program(lambda x: lax.cond(x > 0, lambda x: x + 1.0, lambda x: x * 0.0, x), 1.0)

    found = Interpreter().run(program, [np.array([1.0, -5.0])])

    assert found[0].tolist() == [2.0, -4.0]


def test_infinities_stay_if_asked_for():
    """A mask of -inf, as attention has it."""
    program = _program(lambda x: jax.nn.softmax(jnp.where(x > 0, x, -jnp.inf)), X[0])
    rounding = RoundingModel("float32")
    with jax.enable_x64(True), np.errstate(all="ignore"):
        quick = Interpreter(rounding.arithmetic(4)).run(program, [X[:1]])[0]
        careful = Interpreter(rounding.arithmetic(4), True).run(program, [X[:1]])[0]

    assert np.isnan(quick).any()
    assert (careful[:, X[0] <= 0] == 0.0).all()
    np.testing.assert_allclose(careful.sum(1), 1.0, 0, 2.0**-20)


def test_memory_is_that_of_all_results():
    program = _program(jax.jit(lambda x: jnp.sin(jnp.tanh(x))), X)

    assert sum(result_sizes(program)) == 3 * X.size
