"""Plain NumPy code as the pipeline sees it: outputs, gradients, scatter."""

from __future__ import annotations

import dataclasses
import gc
import weakref
from typing import Any

import numpy as np
import pytest
from support.plain_code import assert_derivative, cotangents_of, drawn

from bptt_check.cases.recurrences.reference_code import ReferenceCode
from bptt_check.equations.arithmetics.rounding import deviation
from bptt_check.equations.arithmetics.rounding_model import RoundingModel
from bptt_check.errors import SpecError
from bptt_check.recurrences.numpy_code import NumPyCode

FLOAT32 = RoundingModel("float32")
SAMPLES = 8


def delta_rule(q, k, v, beta, decay, S):
    """A gated delta rule (S. Yang et al., "Gated Delta Networks", 2024), step by step."""
    outs = []
    for t in range(len(q)):
        S = S * decay[t]
        u = beta[t] * (v[t] - k[t] @ S)
        S = S + k[t][:, None] * u[None, :]
        outs.append(q[t] @ S)
    return np.stack(outs), S


def _inputs(T: int = 20, K: int = 4, V: int = 2) -> dict[str, Any]:
    arrays = drawn(q=(T, K), k=(T, K), v=(T, V), beta=(T,), decay=(T,), S=(K, V))
    arrays["k"] /= np.linalg.norm(arrays["k"], axis=-1, keepdims=True)
    arrays["beta"] = 1 / (1 + np.exp(-arrays["beta"]))
    arrays["decay"] = np.exp(-np.abs(arrays["decay"]) / 5)
    return {name: a.astype(np.float32).astype(np.float64) for name, a in arrays.items()}


INPUTS = _inputs()


def test_it_is_reference_code():
    code: ReferenceCode = NumPyCode(delta_rule)

    assert code.framework == "numpy"


def test_a_recurrence_has_the_derivative_of_itself():
    assert_derivative(delta_rule, INPUTS)


@dataclasses.dataclass
class Both:
    state: Any
    outs: Any


def test_outputs_of_a_nest_have_their_places():
    """The same ones in every way to run, and of each its own cotangent."""

    def function(x):
        return Both({"a": x * 2.0}, [x[0] * x[1], 3.0])

    code = NumPyCode(function)
    arrays = drawn(x=(3,))
    places = ["output.state.a", "output.outs[0]", "output.outs[1]"]
    bars = {"output.outs[0]": np.array(1.0)}

    assert list(code.outputs(arrays)) == places
    found = code.gradients(arrays, bars, ["x"])
    assert list(found.outputs) == places
    rounded = code.rounded(arrays, bars, ["x"], FLOAT32, 4)
    assert {n: a.shape for n, a in rounded.outputs.items()} == {
        places[0]: (4, 3), places[1]: (4,), places[2]: (4,),
    }  # fmt: skip
    x = arrays["x"]
    assert found.grads["x"].tolist() == [x[1], x[0], 0.0]


def test_a_missing_cotangent_is_zero():
    code = NumPyCode(lambda x, y: (x * x, y * y, x * 0 + 1.0))
    arrays = drawn(x=(3,), y=(2,))

    found = code.gradients(arrays, {"output[0]": np.ones(3)}, ["x", "y"]).grads

    assert found["x"].tolist() == (2 * arrays["x"]).tolist()
    assert found["y"].tolist() == [0.0, 0.0]
    none = code.gradients(arrays, {}, ["y"]).grads
    assert none["y"].tolist() == [0.0, 0.0]


def test_only_what_is_asked_for_is_differentiated():
    found = NumPyCode(delta_rule).gradients(INPUTS, {"output[1]": np.ones((4, 2))}, ["k", "S"])

    assert list(found.grads) == ["k", "S"]


def test_constants_are_handed_on():
    """Integers, masks and numbers of Python are what they are."""
    seen = []

    def function(x, lengths, mask, scale, causal):
        seen.append((type(lengths), mask.dtype, type(scale), causal))
        return np.where(mask, x, 0.0)[lengths] * scale

    arrays = {
        **drawn(x=(4, 2)), "lengths": np.array([3, 1, 1]), "mask": np.ones((4, 1), bool),
        "scale": 0.5, "causal": True,
    }  # fmt: skip

    assert_derivative(function, arrays, "x")

    assert set(seen) == {(np.ndarray, np.dtype(bool), float, True)}


def test_complex_arrays_give_complex_outputs():
    """Analytic also where NumPy would take a modulus, an order or a sign of complex numbers."""
    x = np.array([-1.5, 0.5, 2.0]) + 1e-30j
    code = NumPyCode(
        lambda x: (np.abs(x), np.maximum(x, 0.0), np.linalg.norm(x), np.max(x), np.zeros(3) + x)
    )

    found = [out.imag / 1e-30 for out in code.outputs({"x": x}).values()]

    assert found[0].tolist() == [-1.0, 1.0, 1.0]
    assert found[1].tolist() == [0.0, 1.0, 1.0]
    np.testing.assert_allclose(found[2], x.real.sum() / np.linalg.norm(x.real), rtol=1e-15)
    assert found[3] == 1.0
    assert found[4].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("bars", "words"),
    [
        ({"output[2]": np.ones(3)}, r"no output 'output\[2\]'; its outputs are output\[0\]"),
        ({"output[0]": np.ones(4)}, r"cotangent of output\[0\] has shape \(4,\)"),
    ],
)
def test_a_cotangent_that_fits_no_output_is_refused(bars, words):
    with pytest.raises(SpecError, match=words):
        NumPyCode(lambda x: (x, x)).gradients(drawn(x=(3,)), bars, ["x"])


@pytest.mark.parametrize("output", [1j * np.ones(3), np.array(["a"]), np.array([None])])
def test_an_output_that_is_not_real_is_refused(output):
    with pytest.raises(SpecError, match="output of the reference holds no real numbers but"):
        NumPyCode(lambda x: output).outputs(drawn(x=(3,)))


def test_float32_constants_are_read_as_float64():
    """Their product with each other would round, where the truth must not."""
    a = np.array([0.1, 0.3], np.float32)
    code = NumPyCode(lambda x, a: x * (a * a))
    exact = np.float64(a) * np.float64(a)

    assert code.outputs({"x": np.ones(2), "a": a})["output"].tolist() == exact.tolist()
    found = code.gradients({"x": np.ones(2), "a": a}, {"output": np.ones(2)}, ["x"])
    assert found.grads["x"].tolist() == exact.tolist()


def test_an_overflow_is_a_result_and_no_warning():
    """As sigmoids have them; in every way to run."""
    code = NumPyCode(lambda x: 1 / (1 + np.exp(-x)))
    arrays, bars = {"x": np.array([-1000.0, 0.0])}, {"output": np.ones(2)}

    assert code.outputs(arrays)["output"].tolist() == [0.0, 0.5]
    assert code.gradients(arrays, {}, ["x"]).outputs["output"].tolist() == [0.0, 0.5]
    rounded = code.rounded(arrays, bars, ["x"], FLOAT32, SAMPLES).outputs["output"]
    assert rounded[:, 0].tolist() == [0.0] * SAMPLES


def test_an_error_of_the_code_itself_comes_through():
    """With nothing around it: whoever calls knows more about the code."""

    def function(x):
        raise RuntimeError("of the user")

    with pytest.raises(RuntimeError, match="of the user"):
        NumPyCode(function).gradients(drawn(x=(2,)), {}, ["x"])
    with pytest.raises(ValueError, match="matmul"):
        NumPyCode(lambda x: x @ np.ones((5, 5))).gradients(drawn(x=(2,)), {}, ["x"])


def test_an_output_of_few_bits_is_refused():
    """The definition is evaluated in float64: otherwise its own rounding would be the truth."""
    with pytest.raises(SpecError, match="output of the reference is float32"):
        NumPyCode(lambda x: x.astype(np.float32)).outputs(drawn(x=(3,)))


def test_torch_has_the_same_gradients():
    """Of the same lines on tensors. Both are right to some units; 1e-12 of the largest entry is
    ten thousand of them, more than T = 20 steps of this recurrence can lose.
    """
    torch = pytest.importorskip("torch")
    tensors = {n: torch.tensor(a, requires_grad=True) for n, a in INPUTS.items()}
    q, k, v, beta, decay, S = (tensors[n] for n in ("q", "k", "v", "beta", "decay", "S"))
    outs = []
    for t in range(len(q)):
        S = S * decay[t]
        u = beta[t] * (v[t] - k[t] @ S)
        S = S + k[t][:, None] * u[None, :]
        outs.append(q[t] @ S)
    code = NumPyCode(delta_rule)
    bars = cotangents_of(code.outputs(INPUTS))
    torch.autograd.backward([torch.stack(outs), S], [torch.tensor(bars[n]) for n in bars])

    found = code.gradients(INPUTS, bars, list(INPUTS))

    for name, grad in found.grads.items():
        theirs = tensors[name].grad.numpy()
        np.testing.assert_allclose(grad, theirs, rtol=0, atol=1e-12 * np.abs(theirs).max())


def test_a_run_leaves_nothing_behind():
    """Without a search for garbage, which may come late: a run holds much memory."""
    kept: list[Any] = []

    def function(x):
        out = np.zeros(3)
        out[0] = np.array([x[0], 1.0]).sum()
        kept.append(weakref.ref(out.trace) if hasattr(out, "trace") else None)
        return out, _delta_of_ones(x)

    code = NumPyCode(function)
    gc.disable()
    try:
        code.gradients(drawn(x=(3,)), {"output[0]": np.ones(3)}, ["x"])
        code.rounded(drawn(x=(3,)), {"output[0]": np.ones(3)}, ["x"], FLOAT32, 4)
        assert [ref() for ref in kept] == [None, None]
    finally:
        gc.enable()


def _delta_of_ones(x):
    return x * np.ones(3)


# rounding


def _error_of_float32(name_of_dtype: str = "float32") -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs and gradients of the delta rule in float32, as torch has them."""
    torch = pytest.importorskip("torch")
    dtype = getattr(torch, name_of_dtype)
    tensors = {n: torch.tensor(a, dtype=dtype, requires_grad=True) for n, a in INPUTS.items()}
    q, k, v, beta, decay, S = (tensors[n] for n in ("q", "k", "v", "beta", "decay", "S"))
    outs = []
    for t in range(len(q)):
        S = S * decay[t]
        u = beta[t] * (v[t] - k[t] @ S)
        S = S + k[t][:, None] * u[None, :]
        outs.append(q[t] @ S)
    results = {"output[0]": torch.stack(outs), "output[1]": S}
    bars = _bars()
    torch.autograd.backward(
        list(results.values()), [torch.tensor(bars[n], dtype=dtype) for n in results]
    )
    return (
        {n: r.detach().double().numpy() for n, r in results.items()},
        {n: x.grad.double().numpy() for n, x in tensors.items()},
    )


def _bars() -> dict[str, Any]:
    bars = cotangents_of(NumPyCode(delta_rule).outputs(INPUTS))
    return {n: a.astype(np.float32).astype(np.float64) for n, a in bars.items()}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_scatter_is_that_of_a_real_evaluation(dtype):
    """Root mean squares over all entries, of the samples' deviation and of a real error.

    A result rounds as in hardware, to a grid of the same spacing, so both would be equal if all
    operations were products and sums of two. A sum of n terms scatters by up to sqrt(n) times as
    much as one that is added by pairs (n is 8 here at most), and the smallest gradient has one
    entry a step, so that a single run is a rough measure of its own size. Together: within a
    factor of three.
    """
    outputs, grads = _error_of_float32(dtype)
    code = NumPyCode(delta_rule)
    truth = code.gradients(INPUTS, _bars(), list(INPUTS))

    samples = code.rounded(INPUTS, _bars(), list(INPUTS), RoundingModel(dtype), 16)

    for real, exact, of_samples in (
        (outputs, truth.outputs, samples.outputs),
        (grads, truth.grads, samples.grads),
    ):
        for name, result in real.items():
            error = np.sqrt(np.mean((result - exact[name]) ** 2))
            scatter = np.sqrt(np.mean(deviation(of_samples[name]) ** 2))
            assert 1 / 3 < error / scatter < 3, (name, error / scatter)


def test_samples_surround_the_truth():
    """Deviations from the truth are no larger than among each other: nothing is biased."""
    code = NumPyCode(delta_rule)
    truth = code.gradients(INPUTS, _bars(), list(INPUTS))

    samples = code.rounded(INPUTS, _bars(), list(INPUTS), FLOAT32, 16)

    for name, exact in truth.grads.items():
        scatter = np.sqrt(np.mean(deviation(samples.grads[name]) ** 2))
        off = np.sqrt(np.mean((samples.grads[name].mean(0) - exact) ** 2))
        assert 0.0 < off < scatter, name


def test_rounding_is_the_same_in_every_run():
    """The model of rounding must not make a verdict random."""
    code = NumPyCode(delta_rule)
    one, other = (
        code.rounded(INPUTS, _bars(), ["k"], FLOAT32, SAMPLES).grads["k"] for _ in range(2)
    )

    np.testing.assert_array_equal(one, other)
    assert len(np.unique(one[:, 3, 1])) == SAMPLES


def test_samples_that_run_after_each_other_are_the_same(monkeypatch):
    """Where a record of all would take too much memory. Three samples fit here, of eight."""
    code, wrt = NumPyCode(delta_rule), list(INPUTS)
    at_once = code.rounded(INPUTS, _bars(), wrt, FLOAT32, SAMPLES)
    (entries,) = code._entries.values()
    monkeypatch.setattr("bptt_check.recurrences.samples.MOST_ENTRIES", 3 * entries)

    parts = code.rounded(INPUTS, _bars(), wrt, FLOAT32, SAMPLES)

    assert [g.stop - g.start for g in code._groups(INPUTS, wrt, SAMPLES)] == [2, 3, 3]
    for one, other in zip(at_once, parts, strict=True):
        for name, array in one.items():
            np.testing.assert_array_equal(other[name], array)


def moving(x, y):
    """Nothing here computes."""
    buffer = np.zeros((4, 6))
    buffer[:, :3] = -x
    buffer[1, 3:] = y[0]
    swapped = np.concatenate([buffer[::-1], y[:, [2, 0, 1, 1, 0, 2]]])
    chosen = np.maximum(np.where(swapped > 0, swapped, 0.0), -5.0)
    return chosen.reshape(3, -1).T, np.stack([x[0], y[2]]), np.max(y), np.roll(x, 1, 0), x.copy()


def test_what_only_moves_numbers_does_not_round():
    """Nor does what flows back through it, where no two shares meet."""
    arrays = drawn(x=(4, 3), y=(4, 3))
    code = NumPyCode(moving)
    for place in code.outputs(arrays):
        bars = {place: cotangents_of(code.outputs(arrays))[place]}
        if place == "output[0]":
            bars[place][:] = bars[place].astype(np.float16)  # short enough that sums are exact
        truth = code.gradients(arrays, bars, ["x", "y"])

        samples = code.rounded(arrays, bars, ["x", "y"], RoundingModel("float64"), SAMPLES)

        for name, out in truth.outputs.items():
            np.testing.assert_array_equal(samples.outputs[name], np.stack([out] * SAMPLES))
        if place != "output[0]":
            for name, grad in truth.grads.items():
                np.testing.assert_array_equal(samples.grads[name], np.stack([grad] * SAMPLES))


def test_a_sibling_that_computes_does_round():
    """The test above would see it."""
    arrays = drawn(x=(4, 3))
    code = NumPyCode(lambda x: x * 1.1)

    samples = code.rounded(arrays, {"output": np.ones((4, 3))}, ["x"], FLOAT32, SAMPLES)

    assert (deviation(samples.outputs["output"]) > 0).all()
    assert (deviation(samples.grads["x"]) > 0).all()


def test_a_share_that_meets_zeros_does_not_round():
    """Gradients of slices land among zeros; where two of them meet they add up, and round."""

    def function(x):
        return x[0], x[1:3], x[2], x[[3, 4, 4]], x[5:, 0]

    arrays = drawn(x=(6, 2))
    code = NumPyCode(function)
    bars = cotangents_of(code.outputs(arrays))

    grad = code.rounded(arrays, bars, ["x"], FLOAT32, SAMPLES).grads["x"]

    rounded = (grad.max(0) != grad.min(0)).tolist()
    assert rounded == [[False] * 2, [False] * 2, [True] * 2, [False] * 2, [True] * 2, [False] * 2]


def test_zeros_stay_zeros():
    """Of a case with a zero state and zero keys, in every sample and exactly."""
    arrays = {**INPUTS, "S": 0.0 * INPUTS["S"], "k": 0.0 * INPUTS["k"]}

    samples = NumPyCode(delta_rule).rounded(arrays, _bars(), list(arrays), FLOAT32, SAMPLES)

    assert not samples.outputs["output[0]"].any()
    assert not samples.grads["beta"].any()
    assert not samples.grads["q"].any()
    assert samples.grads["S"].any()


def test_masks_of_infinity_stay_infinite():
    """As attention has them: an infinity on a grid would be no number."""

    def function(q, k, v):
        scores = np.where(np.tri(4, dtype=bool), q @ k.T, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True) @ v

    arrays = drawn(q=(4, 3), k=(4, 3), v=(4, 2))
    code = NumPyCode(function)
    bars = {"output": np.ones((4, 2))}
    truth = code.gradients(arrays, bars, list(arrays))

    samples = code.rounded(arrays, bars, list(arrays), FLOAT32, SAMPLES)

    assert_derivative(function, arrays)
    for name, grad in truth.grads.items():
        # a hundred units: of some twenty operations, each off by four at most
        np.testing.assert_allclose(
            samples.grads[name], np.stack([grad] * SAMPLES), atol=100 * 2**-24
        )


def test_running_sums_round_in_turn():
    """Each rounds like the sum so far, and keeps the errors of all before it."""
    x = np.abs(drawn(x=(400,))["x"])
    code = NumPyCode(lambda x: np.cumsum(x))

    out = code.rounded({"x": x}, {}, ["x"], FLOAT32, 64).outputs["output"]

    scatter = deviation(out[:32]) / np.cumsum(x) * 2.0**24
    assert scatter[0] == 0.0
    # uniform within a unit or less: at most 1 / sqrt(3) for each sum, of which t errors of sizes
    # 1 to t add up to sqrt(t / 3) of them
    t = np.arange(1, 400)
    ratio = scatter[1:] / np.sqrt(t / 9)
    assert 1 / 3 < np.sqrt(np.mean(ratio[10:] ** 2)) < 3


def test_a_branch_is_that_of_the_first_sample():
    """A sign that rounding decides makes no scatter: the same side is taken in all samples."""
    code = NumPyCode(lambda x: np.where(x * 1.1 - 1.1 > 0.0, 1.0, 0.0) * (x + 1.0))

    out = code.rounded({"x": np.ones(50)}, {}, ["x"], FLOAT32, SAMPLES).outputs["output"]

    assert (out.max(0) - out.min(0) < 1e-5).all()
