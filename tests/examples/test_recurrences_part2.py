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
Wrong = Callable[[int], set[str]]


@dataclass(frozen=True)
class Row:
    """A recurrence in this table.

    Attributes:
        framework: of its kernel.
        shapes: letters of each input's axes.
        wrong: of each twin, which gradients are wrong at a length T.
        draws: of inputs that are not standard normal times 0.7.
        chunked: whether the kernel takes `chunk`.
    """

    framework: str
    shapes: Mapping[str, str]
    wrong: Mapping[str, Wrong]
    draws: Mapping[str, tuple[float, float]]
    chunked: bool = True


ROWS = {
    "mingru": Row(
        "numpy",
        {"x": "TBD", "W_z": "HD", "b_z": "H", "W_h": "HD", "b_h": "H", "h0": "BH"},
        {
            "carry lost": lambda T: set(ROWS["mingru"].shapes) if T > CHUNK else set(),
            "last chunk cut": lambda T: set(ROWS["mingru"].shapes) if T % CHUNK else set(),
        },
        {},
    ),
    "slstm": Row(
        "torch",
        {"x": "TBD", "W": "GHD", "R": "GHH", "b": "GH", "h0": "BH", "c0": "BH", "n0": "BH"},
        {
            "normaliser not carried": lambda T: set(ROWS["slstm"].shapes) if T > 1 else set(),
            "h_t for h_{t-1}": lambda T: {"R"},
        },
        {"n0": (0.5, 2)},
        chunked=False,
    ),
    "mlstm": Row(
        "torch",
        {"q": "TBK", "k": "TBK", "v": "TBV", "i": "TB", "f": "TB", "C0": "BKV", "n0": "BK"},
        {
            "floor ignored": lambda T: {"q", "k", "i", "f", "n0"},
            "cumulative sum one off": lambda T: {"f"},
        },
        {},
    ),
    "rwkv": Row(
        "numpy",
        {"r": "TBHK", "k": "TBHK", "v": "TBHV", "d": "TBHK", "u": "HK", "S0": "BHKV"},
        {
            "decay of the carry forgotten": lambda T: (
                {"k", "v", "d", "S0"} if T > CHUNK else {"S0"}
            ),
            "bonus assigned": lambda T: {"u"} if T > CHUNK else set(),
        },
        {},
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
    """Inputs in float64."""
    rng, sizes = np.random.default_rng([T, B]), {**SIZES, "T": T, "B": B}
    arrays: Arrays = {}
    for name, letters in row.shapes.items():
        shape = [sizes[letter] for letter in letters]
        if name in row.draws:
            arrays[name] = rng.uniform(*row.draws[name], size=shape)
        else:
            arrays[name] = 0.7 * rng.standard_normal(shape)
    return arrays


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


def through(row: Row, kernel: Any, arrays: Arrays, bars: list[Any] | None, **options: Any) -> Any:
    """Outputs and gradients of a kernel, whatever it is made of."""
    if row.framework == "torch":
        return autograd(lambda **leaves: kernel(**leaves, **options), arrays, bars or [])
    outputs, residuals = kernel.forward(**arrays, **options)
    return outputs, kernel.backward(residuals, tuple(bars or cotangents_of(outputs)))


def truth(row: Row, reference: Any, arrays: Arrays) -> Any:
    """Outputs and gradients of the reference in float64, and the cotangents."""
    if row.framework == "torch":
        import torch

        with torch.no_grad():
            outputs = reference(**{name: torch.tensor(a) for name, a in arrays.items()})
        bars = cotangents_of(outputs)
        return *autograd(reference, arrays, bars), bars
    outputs = reference(**arrays)
    bars = cotangents_of(outputs)
    return outputs, complex_step(reference, arrays, bars), bars


def error(got: Any, want: Any) -> float:
    """The largest difference, of the largest entry."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    return float(np.abs(got - want).max() / np.abs(want).max())


def options_of(row: Row) -> dict[str, int]:
    """The short chunk, where the kernel has chunks."""
    return {"chunk": CHUNK} if row.chunked else {}


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("T", LENGTHS)
def test_a_kernel_gives_the_outputs_and_gradients_of_its_reference(example, T, B):
    """At the edges of chunks, in float64."""
    row, module = example
    arrays = drawn(row, T, B)
    outputs, gradients, bars = truth(row, module.reference, arrays)

    got, got_gradients = through(row, module.kernel, arrays, bars, **options_of(row))

    assert max(error(g, w) for g, w in zip(got, outputs, strict=True)) < RELATIVE
    assert set(got_gradients) == set(gradients)
    assert {
        n: e for n in gradients if (e := error(got_gradients[n], gradients[n])) > RELATIVE
    } == {}


@pytest.mark.parametrize("T", [15, 16, 17, 35])
def test_a_kernel_is_right_with_its_own_chunk_length(example, T):
    """The default, with one sequence."""
    row, module = example
    arrays = drawn(row, T, 1)
    outputs, gradients, bars = truth(row, module.reference, arrays)

    got, got_gradients = through(row, module.kernel, arrays, bars)

    assert max(error(g, w) for g, w in zip(got, outputs, strict=True)) < RELATIVE
    assert {
        n: e for n in gradients if (e := error(got_gradients[n], gradients[n])) > RELATIVE
    } == {}


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("T", LENGTHS)
def test_a_twin_is_wrong_in_what_its_comment_says(example, T, B):
    """Its outputs are right; some gradients are wrong by 1/10,000 or more, all else right."""
    row, module = example
    arrays = drawn(row, T, B)
    outputs, gradients, bars = truth(row, module.reference, arrays)
    assert set(module.BROKEN) == set(row.wrong)

    for name, twin in module.BROKEN.items():
        got, got_gradients = through(row, twin, arrays, bars, **options_of(row))

        errors = {n: error(got_gradients[n], gradients[n]) for n in gradients}
        assert max(error(g, w) for g, w in zip(got, outputs, strict=True)) < RELATIVE
        assert {n for n, e in errors.items() if e > 1e-4} == row.wrong[name](T), (name, errors)
        assert {n for n, e in errors.items() if e > RELATIVE} == row.wrong[name](T), (name, errors)
