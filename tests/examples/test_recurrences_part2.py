"""minGRU, sLSTM, mLSTM and RWKV-6 of `examples/recurrences`: right kernels, and what twins spoil.

The truth is the plain reference in float64: complex step of the NumPy ones, autograd of the torch
ones.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check import oracles

CHUNK = 4
LENGTHS = (1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3)
SIZES = {"D": 3, "H": 2, "K": 3, "V": 2, "G": 4}
RELATIVE = 1e-10
"""Of the largest entry: thousands of units of float64, for sums of at most hundreds of terms; the
smallest error of a twin is a million times larger, which `test_a_twin_is_wrong_...` holds."""

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A recurrence in this table.

    Attributes:
        framework: of its kernel.
        shapes: letters of each input's axes.
        wrong: of each twin, the names of the gradients that are wrong at a length T.
        chunked: whether the kernel takes `chunk`.
        half: a half precision of its framework.
    """

    framework: str
    shapes: Mapping[str, str]
    wrong: Mapping[str, Callable[[int], str]]
    chunked: bool = True
    half: str = "float16"


ROWS = {
    "mingru": Row(
        "numpy",
        {"x": "TBD", "W_z": "HD", "b_z": "H", "W_h": "HD", "b_h": "H", "h0": "BH"},
        {
            "carry lost": lambda T: "x W_z b_z W_h b_h h0" if T > CHUNK else "",
            "last chunk cut": lambda T: "x W_z b_z W_h b_h h0" if T % CHUNK else "",
        },
    ),
    "slstm": Row(
        "torch",
        {"x": "TBD", "W": "GHD", "R": "GHH", "b": "GH", "h0": "BH", "c0": "BH", "n0": "BH"},
        {
            "normaliser not carried": lambda T: "x W R b h0 c0 n0" if T > 1 else "",
            "h_t for h_{t-1}": lambda _: "R",
        },
        chunked=False,
        half="bfloat16",
    ),
    "mlstm": Row(
        "torch",
        {"q": "TBK", "k": "TBK", "v": "TBV", "i": "TB", "f": "TB", "C0": "BKV", "n0": "BK"},
        {
            "floor ignored": lambda _: "q k i f n0",
            "cumulative sum one off": lambda _: "f",
        },
        half="bfloat16",
    ),
    "rwkv": Row(
        "numpy",
        {"r": "TBHK", "k": "TBHK", "v": "TBHV", "d": "TBHK", "u": "HK", "S0": "BHKV"},
        {
            "decay of the carry forgotten": lambda T: "k v d S0" if T > CHUNK else "S0",
            "bonus assigned": lambda T: "u" if T > CHUNK else "",
        },
    ),
}


@dataclass(frozen=True)
class Pair:
    """What a NumPy kernel is: `bptt_check.Vjp` without the package."""

    forward: Any
    backward: Any


@pytest.fixture(scope="module")
def modules() -> Iterator[Mapping[str, ModuleType]]:
    """The examples by name; those of a framework that is missing are left out."""
    stubs = {name: lambda *_, **__: None for name in ("Inputs", "normal", "between", "unit")}
    with pytest.MonkeyPatch.context() as patch:
        for name, stub in {**stubs, "Vjp": Pair}.items():
            if not hasattr(bc, name):
                patch.setattr(bc, name, stub, raising=False)
        there = [n for n, r in ROWS.items() if r.framework == "numpy" or oracles.available("torch")]
        yield {name: importlib.import_module(f"recurrences.{name}") for name in there}


@pytest.fixture(params=ROWS)
def example(request: pytest.FixtureRequest, modules: Mapping[str, ModuleType]) -> Any:
    """The row of a recurrence and its module."""
    if request.param not in modules:
        pytest.skip("torch is not installed")
    return ROWS[request.param], modules[request.param]


def drawn(row: Row, T: int, B: int) -> Arrays:
    """Inputs in float64; an sLSTM's n0 must not be negative, so no n0 is."""
    rng, sizes = np.random.default_rng([T, B]), {**SIZES, "T": T, "B": B}
    arrays = {
        name: 0.7 * rng.standard_normal([sizes[letter] for letter in letters])
        for name, letters in row.shapes.items()
    }
    return {name: np.abs(a) if name == "n0" else a for name, a in arrays.items()}


def cotangents_of(outputs: Any) -> list[Any]:
    """One array of standard normal values for each output."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal(tuple(output.shape)) for output in outputs]


def complex_step(function: Any, arrays: Arrays, bars: list[Any]) -> Arrays:
    """The gradients of the sum of all outputs, each times its cotangent."""
    gradients = {name: np.empty(array.shape) for name, array in arrays.items()}
    for name, array in arrays.items():
        for index in np.ndindex(array.shape):
            moved = array.astype(complex)
            moved[index] += 1e-30j
            outputs = function(**{**arrays, name: moved})
            total = sum(np.sum(o.imag * bar) for o, bar in zip(outputs, bars, strict=True))
            gradients[name][index] = total / 1e-30
    return gradients


def autograd(function: Any, arrays: Arrays, bars: list[Any], dtype: str = "float64") -> Any:
    """Outputs and gradients of a torch function."""
    import torch

    kind = getattr(torch, dtype)
    leaves = {n: torch.tensor(a, dtype=kind, requires_grad=True) for n, a in arrays.items()}
    outputs = function(**leaves)
    torch.autograd.backward(outputs, [torch.tensor(bar, dtype=kind) for bar in bars])
    return [o.detach() for o in outputs], {name: leaf.grad for name, leaf in leaves.items()}


def through(
    row: Row, kernel: Any, arrays: Arrays, bars: list[Any], dtype: str = "float64", **options: Any
) -> Any:
    """Outputs and gradients of a kernel, whatever it is made of."""
    if row.framework == "torch":
        return autograd(lambda **leaves: kernel(**leaves, **options), arrays, bars, dtype)
    inputs = {name: array.astype(dtype) for name, array in arrays.items()}
    outputs, residuals = kernel.forward(**inputs, **options)
    return outputs, kernel.backward(residuals, tuple(bar.astype(dtype) for bar in bars))


def outputs_of(row: Row, reference: Any, arrays: Arrays) -> Any:
    """What the reference gives in float64."""
    if row.framework == "numpy":
        return reference(**arrays)
    import torch

    return reference(**{name: torch.tensor(array) for name, array in arrays.items()})


def truth(row: Row, reference: Any, arrays: Arrays) -> Any:
    """Outputs and gradients of the reference in float64, and the cotangents."""
    outputs = outputs_of(row, reference, arrays)
    bars = cotangents_of(outputs)
    if row.framework == "torch":
        return *autograd(reference, arrays, bars), bars
    return outputs, complex_step(reference, arrays, bars), bars


def error(got: Any, want: Any) -> float:
    """The largest difference, of the largest entry."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    return float(np.abs(got - want).max() / np.abs(want).max())


def rounded(array: Any, dtype: str) -> Any:
    """The values in another precision, as float64."""
    if dtype != "bfloat16":
        return np.asarray(array).astype(dtype).astype(float)
    import torch

    return torch.tensor(array).to(torch.bfloat16).double().numpy()


def listed(got: Any) -> tuple[set[str], list[Any]]:
    """The types of outputs and gradients, and their values as float64."""
    outputs, gradients = got
    arrays = [*outputs, *(gradients[name] for name in sorted(gradients))]
    names = {str(array.dtype).removeprefix("torch.") for array in arrays}
    return names, [np.array(array.tolist()) for array in arrays]


def options_of(row: Row) -> dict[str, int]:
    """The short chunk, where the kernel has chunks."""
    return {"chunk": CHUNK} if row.chunked else {}


def errors_of(got: Any, want: Any) -> dict[str, float]:
    """The error of each gradient, and of the outputs together, where it is beyond rounding."""
    (outputs, gradients), (right_outputs, right_gradients) = got, want
    assert set(gradients) == set(right_gradients)
    errors = {name: error(gradients[name], right_gradients[name]) for name in right_gradients}
    pairs = zip(outputs, right_outputs, strict=True)
    errors["outputs"] = max(error(output, right) for output, right in pairs)
    return {name: value for name, value in errors.items() if not value < RELATIVE}


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("T", LENGTHS)
def test_a_kernel_gives_the_outputs_and_gradients_of_its_reference(example, T, B):
    """At the edges of chunks, in float64."""
    row, module = example
    arrays = drawn(row, T, B)
    *want, bars = truth(row, module.reference, arrays)

    got = through(row, module.kernel, arrays, bars, **options_of(row))

    assert errors_of(got, want) == {}


@pytest.mark.parametrize("T", [15, 16, 17, 35])
def test_a_kernel_is_right_with_its_own_chunk_length(example, T):
    """The default, with one sequence."""
    row, module = example
    arrays = drawn(row, T, 1)
    *want, bars = truth(row, module.reference, arrays)

    assert errors_of(through(row, module.kernel, arrays, bars), want) == {}


def test_a_kernel_is_right_where_the_initial_state_is_zero(example):
    """As at the start of most sequences: a normaliser of zero has no logarithm."""
    row, module = example
    arrays = drawn(row, CHUNK + 1, 2)
    arrays = {name: 0 * a if name.endswith("0") else a for name, a in arrays.items()}
    *want, bars = truth(row, module.reference, arrays)

    assert errors_of(through(row, module.kernel, arrays, bars, **options_of(row)), want) == {}


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("T", LENGTHS)
def test_a_twin_is_wrong_in_what_its_comment_says(example, T, B):
    """By a ten-thousandth or more; all else that it gives is right, its outputs too."""
    row, module = example
    arrays = drawn(row, T, B)
    *want, bars = truth(row, module.reference, arrays)
    twins = module.BROKEN

    got = {n: through(row, twin, arrays, bars, **options_of(row)) for n, twin in twins.items()}

    errors = {name: errors_of(gradients, want) for name, gradients in got.items()}
    expected = {name: set(names(T).split()) for name, names in row.wrong.items()}
    assert {name: set(wrong) for name, wrong in errors.items()} == expected
    assert all(value > 1e-4 for wrong in errors.values() for value in wrong.values()), errors


@pytest.mark.parametrize("T", [1, 2 * CHUNK + 3])
def test_half_precision_is_computed_in_float32(example, T):
    """To the bit: what it gives is what float32 gives for the same values, rounded."""
    row, module = example
    arrays = {name: rounded(array, row.half) for name, array in drawn(row, T, 2).items()}
    plain = outputs_of(row, module.reference, arrays)
    bars = [rounded(bar, row.half) for bar in cotangents_of(plain)]

    low = through(row, module.kernel, arrays, bars, row.half, **options_of(row))
    high = through(row, module.kernel, arrays, bars, "float32", **options_of(row))

    (low_types, got), (high_types, want) = listed(low), listed(high)
    assert (low_types, high_types) == ({row.half}, {"float32"})
    for value, right in zip(got, want, strict=True):
        np.testing.assert_array_equal(value, rounded(right, row.half))
