"""Operations of JAX in NumPy against JAX itself, for samples that differ and for those alike."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

from bptt_check.recurrences.jaxprs.interpreter import Interpreter  # noqa: E402

SAMPLES = 3
QUICKLY = {"xla_backend_optimization_level": "0"}
"""What XLA is told, so that each function is compiled in a third of the time."""
UNITS = 64
"""Units of float64, of the largest entry: libraries differ by a few in each of a few functions."""

X = np.random.default_rng(0).normal(size=(SAMPLES, 4, 3))
M = np.random.default_rng(1).normal(size=(SAMPLES, 3, 3))
INDEX = np.array([2, 0, 2])
"""One row twice."""

ELEMENTWISE = {
    "exp": jnp.exp, "exp2": jnp.exp2, "expm1": jnp.expm1, "log": lambda x: jnp.log(x * x),
    "log1p": lambda x: jnp.log1p(x * x), "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid,
    "sqrt": lambda x: jnp.sqrt(x * x + 1.0), "rsqrt": lambda x: lax.rsqrt(x * x + 1.0),
    "cbrt": jnp.cbrt, "sin": jnp.sin, "cos": jnp.cos, "tan": jnp.tan, "sinh": jnp.sinh,
    "cosh": jnp.cosh, "asin": lambda x: jnp.arcsin(jnp.tanh(x)), "atan": jnp.arctan,
    "acos": lambda x: jnp.arccos(jnp.tanh(x)), "asinh": jnp.arcsinh,
    "acosh": lambda x: jnp.arccosh(1.0 + x * x), "atanh": lambda x: jnp.arctanh(x / 9.0),
    "atan2": lambda x: jnp.arctan2(x, x[::-1]), "erf": lax.erf, "abs": jnp.abs, "neg": lambda x: -x,
    "sign": jnp.sign, "floor": jnp.floor, "ceil": jnp.ceil, "round": jnp.round,
    "square": jnp.square, "cube": lambda x: x**3, "inverse": lambda x: x**-2,
    "add": lambda x: x + 2,
    "power": lambda x: jnp.abs(x) ** 1.5, "max": lambda x: jnp.maximum(x, x[::-1]),
    "min": lambda x: jnp.minimum(x, 0.5), "clip": lambda x: jnp.clip(x, -0.5, 0.5),
    "rem": lambda x: lax.rem(x, 0.3), "mod": lambda x: x % 0.3, "div": lambda x: x / x[0],
    "where": lambda x: jnp.where(x > 0, x, x * x), "gelu": jax.nn.gelu, "silu": jax.nn.silu,
    "softplus": jax.nn.softplus, "relu": jax.nn.relu, "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax, "logsumexp": jax.nn.logsumexp, "lgamma": lax.lgamma,
    "is_finite": lambda x: jnp.isfinite(x).astype(float), "select": lambda x: lax.select_n(
        jnp.array([[0, 1, 2]] * 4), x, 2.0 * x, x * x
    ), "complex": lambda x: jnp.abs(jnp.exp(1j * x) * (x + 2j)) + jnp.real(1 / (x + 1j)),
}  # fmt: skip
ARRANGING = {
    "broadcast": lambda x: jnp.broadcast_to(x[:, None], (4, 2, 3)) * 1.0,
    "reshape": lambda x: x.reshape(2, 6), "transpose": lambda x: x.T, "flip": lambda x: x[::-1],
    "slice": lambda x: x[1:4:2, -1], "newaxis": lambda x: x[..., None],
    "expand_dims": lambda x: jnp.expand_dims(x, (0, 2)), "squeeze": lambda x: x[:, :1].squeeze(1),
    "concatenate": lambda x: jnp.concatenate([x, jnp.ones((4, 1)), x], 1),
    "stack": lambda x: jnp.stack([x, jnp.ones((4, 3))], 1), "tile": lambda x: jnp.tile(x, (2, 1)),
    "split": lambda x: jnp.split(x, [1, 3])[1], "unstack": lambda x: jnp.unstack(x, axis=1)[2],
    "pad": lambda x: lax.pad(x, 0.5, ((1, 2, 1), (0, 1, 0))),
    "crop": lambda x: lax.pad(x, 0.5, ((-1, 2, 2), (1, -2, 0))),
    "roll": lambda x: jnp.roll(x, 2, 0),
    "dynamic_slice": lambda x: lax.dynamic_slice(x, (jnp.argmax(jnp.ones(3)) + 3, 0), (2, 3)),
    "dynamic_update": lambda x: lax.dynamic_update_slice(x, x[:2] * 2.0, (1, 0)),
    "take": lambda x: x[INDEX], "put": lambda x: x.at[INDEX].set(x[:3]),
    "gathered": lambda x: x.at[INDEX].add(x[:3]), "sort": lambda x: jnp.sort(x, 0),
    "multiplied": lambda x: x.at[:, INDEX[:2]].multiply(x[:, :2], unique_indices=True),
    "largest": lambda x: x.at[1:3, INDEX[:2]].max(0.3), "least": lambda x: x.at[INDEX].min(0.3),
    "outside": lambda x: x.at[jnp.array([1, 9])].add(x[:2]) + x.at[jnp.array([9]), 0].set(7.0),
    "filled": lambda x: jnp.nan_to_num(x.at[jnp.array([1, 9])].get(mode="fill")),
    "clipped": lambda x: x.at[jnp.array([1, 9])].get(mode="clip"),
    "clipped_put": lambda x: x.at[jnp.array([1, 9])].add(x[:2], mode="clip"),
    "pairs": lambda x: x[jnp.array([[0, 1], [3, 3]]), jnp.array([2, 0])],
    "windows": lambda x: jax.vmap(lambda i: lax.dynamic_slice(x, (i, 0), (2, 2)))(INDEX),
    "columns": lambda x: jax.vmap(lambda row, i: row[i])(x[:3], INDEX),
    "columns_put": lambda x: jax.vmap(lambda row, i: row.at[i].add(row[0]))(x[:3], INDEX),
    "by_size": lambda x: jnp.take_along_axis(x, jnp.argsort(x, 0), 0) * jnp.arange(3),
    "at_largest": lambda x: x.at[jnp.argmax(x, 0), jnp.arange(3)].set(x[0]),
    "along": lambda x: jnp.take_along_axis(x, jnp.array(INDEX)[None], 1),
    "tril": lambda x: jnp.tril(x), "iota": lambda x: x * jnp.arange(3) + jnp.linspace(0, 1, 3),
    "top_k": lambda x: lax.top_k(x, 2)[0], "one_hot": lambda x: x @ jax.nn.one_hot(INDEX, 5),
    "half": lambda x: (x * 3.0).astype(jnp.int32).astype(float) + (x > 0),
    "whole": lambda x: x * (jnp.arange(3) // 2 + (jnp.arange(3) & 1)),
    "mask": lambda x: jnp.where((x > 0) & ~(x > 1) | (x < -1), x, 0.0),
    "random": lambda x: x + jax.random.normal(jax.random.key(0), (4, 3)),
    "first": lambda x: x[jnp.argmax(jnp.array([0.0, 1.0, 0.5]))],
}  # fmt: skip
REDUCING = {
    "sum": jnp.sum, "sum_0": lambda x: x.sum(0), "mean": lambda x: x.mean(1), "var": jnp.var,
    "max": lambda x: x.max(0), "min": jnp.min, "prod": lambda x: x.prod(1),
    "any": lambda x: jnp.any(x > 1, 0).astype(float), "all": lambda x: jnp.all(x < 1).astype(float),
    "argmax": lambda x: jnp.argmax(x, 1).astype(float), "cumsum": lambda x: jnp.cumsum(x, 0),
    "cumprod": lambda x: jnp.cumprod(x, 1), "cummax": lambda x: lax.cummax(x, 0),
    "cumlogsumexp": lambda x: lax.cumlogsumexp(x, 0), "norm": jnp.linalg.norm,
    "reverse_cumsum": lambda x: lax.cumsum(x, 0, reverse=True), "matmul": lambda x: x @ x.T,
    "matvec": lambda x: x @ x[0], "dot": lambda x: x[0] @ x[1], "outer": lambda x: jnp.outer(x, x),
    "einsum": lambda x: jnp.einsum("ij,ik,il->jkl", x, x, x), "whole": lambda x: INDEX @ INDEX * x,
    "batched": lambda x: jnp.einsum("bk,bv,bv->bk", x, x, x),
    "convolve": lambda x: jnp.convolve(x[:, 0], x[:3, 1]), "fft": lambda x: jnp.fft.irfft(
        jnp.fft.rfft(x, axis=0) * jnp.arange(3)[:, None], axis=0
    ), "scanned": lambda x: lax.associative_scan(lambda a, b: a * b + a, x),
    "window": lambda x: lax.reduce_window(x, 0.0, lax.add, (2, 1), (1, 1), "SAME"),
}  # fmt: skip
LINEAR = {
    "triangular": lambda m: jax.scipy.linalg.solve_triangular(
        jnp.tril(m) + 3 * jnp.eye(3), m, lower=True, trans=1
    ),
    "solve": lambda m: jnp.linalg.solve(m + 3 * jnp.eye(3), m[0]),
    "inverse": lambda m: jnp.linalg.inv(m + 3 * jnp.eye(3)),
    "cholesky": lambda m: jnp.linalg.cholesky(m @ m.T + jnp.eye(3)),
}


def _both_passes(function):
    """Outputs and gradients, given x and a cotangent."""

    def both(x, bar):
        out, pull = jax.vjp(function, x)
        return out, pull(bar)[0]

    return both


def _compared(function, x):
    """What both give, for samples that differ: and NumPy's for samples alike."""
    with jax.enable_x64(True):
        shape = jax.eval_shape(function, x[0]).shape
        bar = np.random.default_rng(2).normal(size=shape)
        both = _both_passes(function)
        every = jax.jit(jax.vmap(both, (0, None)), compiler_options=QUICKLY)
        expected = every(x, bar)
        program = jax.make_jaxpr(both)(x[0], bar)
        with np.errstate(all="ignore"):
            found = Interpreter().run(program, [x, bar[None]])
            alike = Interpreter().run(program, [x[:1], bar[None]])
    return zip(map(np.asarray, expected), found, alike, strict=True)


@pytest.mark.parametrize(
    ("function", "x"),
    [
        *(pytest.param(f, X, id=n) for n, f in (ELEMENTWISE | ARRANGING | REDUCING).items()),
        *(pytest.param(f, M, id=n) for n, f in LINEAR.items()),
    ],
)
def test_both_passes_are_those_of_jax(function, x):
    for expected, found, alike in _compared(function, x):
        size = UNITS * 2.0**-53 * max(1.0, np.abs(expected).max())
        assert expected.shape[1:] == found.shape[1:] == alike.shape[1:]
        np.testing.assert_allclose(np.broadcast_to(found, expected.shape), expected, 0, size)
        np.testing.assert_allclose(alike, expected[:1], 0, size)
