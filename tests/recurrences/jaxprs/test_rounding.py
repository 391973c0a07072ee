"""How operations of JAX round: exactly, by a unit, by what cancels."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

from bptt_check.equations.arithmetics.rounding import deviation  # noqa: E402
from bptt_check.equations.arithmetics.rounding_model import RoundingModel  # noqa: E402
from bptt_check.recurrences.jaxprs.interpreter import Interpreter  # noqa: E402

SAMPLES = 16
FLOAT32 = RoundingModel("float32")
X = np.random.default_rng(0).normal(size=(6, 5))


def _samples(function, *arrays, rounding=FLOAT32):
    """The first result, (SAMPLES, ...) where it rounds, (1, ...) where it does not."""
    with jax.enable_x64(True), np.errstate(all="ignore"):
        program = jax.make_jaxpr(function)(*arrays)
        interpreter = Interpreter(rounding.arithmetic(SAMPLES))
        return interpreter.run(program, [np.asarray(a)[None] for a in arrays])[0]


def _units(function, *arrays, rounding=FLOAT32, of=None):
    """Root mean square of the scatter in units, of each value or of a given size."""
    samples = _samples(function, *arrays, rounding=rounding)
    size = np.abs(samples.mean(0)) if of is None else of
    return float(np.sqrt(np.mean((deviation(samples) / rounding.unit / size) ** 2)))


EXACT = {
    "copies": lambda x: jnp.concatenate([x, x[::-1]], 1).T.reshape(-1)[3:],
    "choices": lambda x: jnp.where(x > 0, jnp.maximum(x, 0.5), -x),
    "extremes": lambda x: x.max(0) - jnp.zeros(5),
    "sorting": lambda x: jnp.sort(x, 0),
    "taking": lambda x: x[jnp.array([0, 3, 3])],
    "putting": lambda x: x.at[jnp.array([0, 3])].set(1.0),
    "zeros added": lambda x: x + jnp.zeros_like(x),
    "zeros less": lambda x: 0.0 - x,
    "one term": lambda x: x[:1].sum(0),
    "a gradient of slices": lambda x: jax.grad(lambda x: (x[0] + x[1]).sum())(x),
    "a gradient gathered": lambda x: jax.grad(lambda x: x[jnp.array([0, 3])].sum())(x),
    "whole numbers": lambda x: jnp.cumsum(jnp.arange(9)) * 3,
    "running sum of one": lambda x: jnp.cumsum(jnp.zeros_like(x).at[2].set(1.0), 0),
    "cast": lambda x: x.astype(jnp.float32).astype(jnp.bfloat16),
    "rounded off": lambda x: jnp.round(x) + jnp.floor(jnp.zeros(5)),
}


@pytest.mark.parametrize("name", EXACT)
def test_what_only_moves_numbers_is_exact(name):
    samples = _samples(EXACT[name], X)

    assert bool((samples == samples[:1]).all())


ROUNDING = {
    "sum of two": (lambda x: x + 0.3, 0.2, 2.0),
    "difference": (lambda x: x[1:] - x[0], 0.2, 2.0),
    "product": (lambda x: x * 0.3, 0.2, 2.0),
    "quotient": (lambda x: 0.3 / x, 0.2, 2.0),
    "root": (lambda x: jnp.sqrt(jnp.abs(x)), 0.2, 2.0),
    "function": (jnp.exp, 0.8, 8.0),
    "bounded function": (jnp.tanh, 0.8, 8.0),
    "unknown function": (lax.lgamma, 0.8, 8.0),
    "cube": (lambda x: x**3, 0.28, 2.8),
    "product of a row": (lambda x: jnp.prod(x, 1), 0.4, 4.0),
    "complex": (lambda x: jnp.abs(x * (0.3 + 1j)) + 0.0, 0.2, 4.0),
    "two gathered": (lambda x: jnp.zeros(5).at[jnp.array([1] * 5)].add(x[0])[1], 0.4, 30.0),
    "solution": (lambda x: jnp.linalg.solve(x[:5] + 9 * jnp.eye(5), x[5]), 0.4, 90.0),
    "convolution": (lambda x: jnp.convolve(jnp.abs(x[0]), jnp.ones(3)), 0.2, 9.0),
    "transform": (lambda x: jnp.real(jnp.fft.fft(jnp.abs(x[0])))[0], 0.05, 5.0),
}
"""Function, and least and most units of its value. A grid of about two units is off by 2 / sqrt(12)
of its spacing, that is 0.6 units, more or less by the part of an octave in which a value lies; a
function by four times as many; sums by what cancels in them.
"""


@pytest.mark.parametrize("name", ROUNDING)
def test_what_computes_scatters(name):
    function, least, most = ROUNDING[name]

    assert least < _units(function, X) < most


def test_cancellation_costs_units_of_the_terms():
    """In a product of matrices, a sum, a running sum: of each entry the root of its squares."""
    x = np.concatenate([X, -X], 1) * (1 + 1e-9 * np.arange(10))
    size = np.sqrt(np.square(x).sum(1))

    for function in (
        lambda x: x @ jnp.ones(10),
        lambda x: x.sum(1),
        lambda x: jnp.cumsum(x, 1)[:, -1],
    ):
        assert 0.3 * np.sqrt(10) < _units(function, x, of=size) < 2 * np.sqrt(10)


def test_a_wider_format_takes_sums_with_one_rounding():
    """bfloat16 accumulates in float32: not sqrt(n) units, one."""
    ones = np.ones(400)
    assert _units(lambda x: x @ x, ones, rounding=RoundingModel("bfloat16")) < 2.0
    assert _units(lambda x: x @ x, ones) > 5.0


def test_samples_of_the_second_half_share_their_grid():
    """Equal numbers round alike there, and not in the first half."""
    samples = _samples(lambda x: x * 0.3, np.ones(50))
    different = [len(set(sample.tolist())) for sample in samples]

    assert set(different[SAMPLES // 2 :]) == {1}
    assert min(different[: SAMPLES // 2]) > 1


def test_every_step_of_a_loop_rounds_in_its_own_way():
    samples = _samples(lambda x: lax.scan(lambda c, t: (c, t * 0.3), 0.0, x)[1], np.ones(50))

    assert min(len(set(sample.tolist())) for sample in samples[: SAMPLES // 2]) > 1


def test_bounded_functions_may_lose_their_digits():
    """As `RoundingModel` says of code that writes 1 - sigmoid."""
    x = np.full(20, -12.0)
    keeps, loses = (RoundingModel("float32", keeps_digits=keeps) for keeps in (True, False))

    assert _units(jax.nn.sigmoid, x, rounding=keeps) < 8.0
    assert _units(jax.nn.sigmoid, x, rounding=loses) > 1e4
