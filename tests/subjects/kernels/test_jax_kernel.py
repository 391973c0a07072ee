"""Kernels in JAX: their dtypes, subsets of gradients, and what is broken."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
from support.kernel_cases import breaches_of, case_of, wanted_of

if importlib.util.find_spec("jax") is None:
    pytest.skip("jax is not installed", allow_module_level=True)

import jax
import jax.numpy as jnp

from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.recurrences.cotangents import COTANGENTS
from bptt_check.subjects.kernels.jax_kernel import JaxKernel


def sums(x, decay, S, **constants):
    def step(S, given):
        S = (given[1] * S + given[0]).astype(x.dtype)
        return S, S

    last, states = jax.lax.scan(step, S, (x, decay))
    return states, last


def kernel(function=sums):
    return JaxKernel(function, "mine")


@pytest.mark.parametrize("cotangents", COTANGENTS)
def test_gradients(cotangents):
    case = case_of(cotangents=cotangents)

    result = kernel()(case)

    for name, want in wanted_of(case).items():
        np.testing.assert_allclose(result.grads[name], want, rtol=2.0**-22, atol=2.0**-48)
        assert result.grads[name].dtype == case.inputs[name].dtype


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_arrays_have_the_dtype_of_the_case_or_their_own(dtype):
    """Constants, too; whole numbers are as wide as JAX has them at that time."""
    seen = {}

    def function(**arrays):
        seen.update({n: getattr(a, "dtype", a) for n, a in arrays.items()})
        return sums(**arrays)

    result = kernel(function)(case_of(dtype))

    assert seen.pop("lengths").kind == "i"
    assert seen.pop("chunk") == 16
    assert {n: str(d) for n, d in seen.items()} == {
        "x": dtype, "decay": "float32", "S": dtype, "mask": dtype,
    }  # fmt: skip
    unit = max(PRECISIONS[dtype].unit, PRECISIONS["float32"].unit)
    for name, want in wanted_of(case_of(dtype)).items():
        # a dozen operations, each off by a unit of what is no larger than twenty
        np.testing.assert_allclose(result.grads[name], want, atol=12 * 20 * unit)


@pytest.mark.parametrize("wanted", [("x",), ("decay", "S")])
def test_only_what_is_wanted_is_differentiated(wanted):
    result = kernel()(replace(case_of(), wanted=wanted))

    assert {*result.grads} == {*wanted}


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda **arrays: sums(**arrays)[:1], "output[1] is missing: the reference returns it"),
        (lambda **arrays: (sums(**arrays)[0].T, sums(**arrays)[1]), "output[0] has shape (3, 4)"),
        (lambda **arrays: None, "the kernel returned no array"),
        (lambda **arrays: [o + 0j for o in sums(**arrays)], "output[0] is complex"),
        (lambda x, decay: x, "unexpected keyword argument"),
    ],
)
def test_what_is_no_answer_is_told(function, words):
    found = breaches_of(kernel(function))

    assert any(words in text for text in found), found


def test_a_right_kernel_breaks_nothing_and_changes_nothing():
    before = jnp.zeros(1).dtype

    assert breaches_of(kernel()) == []
    assert jnp.zeros(1).dtype == before
