"""Right implementations in the dtype of a case, half precision included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bptt_reference
import numpy as np
import pytest

from bptt_check.cases.case import Case, Spec
from bptt_check.cases.precision import PRECISIONS
from bptt_check.equations.exact import exact_gradients
from bptt_check.power.implementations import jax_scan, torch_eager, torch_nn

HALF = ("bfloat16", "float16")
OF_FRAMEWORKS = {"torch.nn": torch_nn, "torch eager": torch_eager, "jax scan": jax_scan}
Implementation = Callable[[Case], Any]


@pytest.fixture(params=OF_FRAMEWORKS)
def implementation(request: pytest.FixtureRequest) -> Implementation:
    """One of those whose arithmetic is a framework's."""
    pytest.importorskip(str(request.param).split(maxsplit=1)[0].partition(".")[0])
    return OF_FRAMEWORKS[request.param]


def case_of(dtype: str, model: str = "lstm") -> Case:
    """A case with a loss whose gradient has every digit."""
    return Spec.parse(f"{model} T=5 B=3 D=3 H=4 O=3 dtype={dtype}").build()


def on_grid(dtype: str, gradient: np.ndarray) -> bool:
    """Whether every entry is a number of a format."""
    return np.array_equal(PRECISIONS[dtype].rounded(gradient), gradient)


@pytest.mark.parametrize("dtype", HALF)
@pytest.mark.parametrize("model", ["lstm", "rnn-relu+bce"])
def test_half_precision_is_that_of_the_framework(
    implementation: Implementation, dtype: str, model: str
):
    """Gradients are float32 arrays of numbers of the dtype, and rounded more than once: those of
    float32 arithmetic, rounded to it, are others.
    """
    case = case_of(dtype, model)
    _, grads = implementation(case)

    once = {n: PRECISIONS[dtype].rounded(g) for n, g in exact_gradients(case).items()}
    assert {g.dtype for g in grads.values()} == {np.dtype("float32")}
    assert all(on_grid(dtype, g) for g in grads.values())
    assert not all(np.array_equal(grads[n], once[n]) for n in once)
    for name, true in exact_gradients(case).items():
        largest = np.abs(true).max()
        assert np.abs(grads[name] - true).max() < 64.0 * PRECISIONS[dtype].unit * largest, name


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_other_precisions_are_those_of_the_arrays(implementation: Implementation, dtype: str):
    """Where half precision lost digits, these have them."""
    case = case_of(dtype)
    _, grads = implementation(case)

    assert {g.dtype for g in grads.values()} == {np.dtype(dtype)}
    assert not any(on_grid("float16", g) for g in grads.values())


@pytest.mark.parametrize("dtype", HALF)
def test_arrays_of_float32_alone_are_no_half_precision(dtype: str):
    """The reference computes in the dtype of the arrays, so its gradients lie on no grid of it."""
    _, grads = bptt_reference.loss_and_grads(case_of(dtype))

    assert not any(on_grid(dtype, g) for g in grads.values())
