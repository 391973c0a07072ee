"""Plain JAX code as the pipeline sees it: outputs, gradients, scatter."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from support.plain_code import cotangents_of, drawn

from bptt_check.equations.arithmetics.rounding import deviation
from bptt_check.equations.arithmetics.rounding_model import RoundingModel
from bptt_check.errors import SpecError
from bptt_check.recurrences.code import reference_code
from bptt_check.recurrences.numpy_code import NumPyCode

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

from bptt_check.recurrences.explained_code import ExplainedCode  # noqa: E402
from bptt_check.recurrences.jax_code import JaxCode  # noqa: E402

FLOAT32 = RoundingModel("float32")
SAMPLES = 16


def _step(S_prev, slices):
    """One step of a gated delta rule (S. Yang et al., "Gated Delta Networks", 2024)."""
    q_t, k_t, v_t, beta_t, decay_t = slices
    S = S_prev * decay_t
    S_t = S + k_t[:, None] * (beta_t * (v_t - k_t @ S))[None, :]
    return S_t, q_t @ S_t


def scanned(q, k, v, beta, decay, S):
    S_T, outs = lax.scan(_step, S, (q, k, v, beta, decay))
    return outs, S_T


def looped(q, k, v, beta, decay, S):
    outs = []
    for slices in zip(q, k, v, beta, decay, strict=True):
        S, out = _step(S, slices)
        outs.append(out)
    return jnp.stack(outs), S


def with_fori(q, k, v, beta, decay, S):
    def body(t, state):
        S_t, out = _step(state[0], (q[t], k[t], v[t], beta[t], decay[t]))
        return S_t, state[1].at[t].set(out)

    S_T, outs = lax.fori_loop(0, len(q), body, (S, jnp.zeros_like(v)))
    return outs, S_T


def in_numpy(q, k, v, beta, decay, S):
    outs = []
    for slices in zip(q, k, v, beta, decay, strict=True):
        S, out = _step(S, slices)
        outs.append(out)
    return np.stack(outs), S


def _inputs(T: int = 12, K: int = 4, V: int = 2) -> dict[str, Any]:
    arrays = drawn(q=(T, K), k=(T, K), v=(T, V), beta=(T,), decay=(T,), S=(K, V))
    arrays["k"] /= np.linalg.norm(arrays["k"], axis=-1, keepdims=True)
    arrays["beta"] = 1 / (1 + np.exp(-arrays["beta"]))
    arrays["decay"] = np.exp(-np.abs(arrays["decay"]) / 5)
    return {name: a.astype(np.float32).astype(np.float64) for name, a in arrays.items()}


INPUTS = _inputs()
WRT = list(INPUTS)
BARS = {
    n: a.astype(np.float32).astype(np.float64)
    for n, a in cotangents_of({"output[0]": INPUTS["v"], "output[1]": INPUTS["S"]}).items()
}


def _assert_close(found, expected):
    """Both are right to some units; 1e-12 of the largest entry is ten thousand of them, more than
    twelve steps of this recurrence can lose.
    """
    for one, other in zip(found, expected, strict=True):
        assert one.keys() == other.keys()
        for name, array in one.items():
            np.testing.assert_allclose(array, other[name], 0, 1e-12 * np.abs(array).max())


def test_it_is_reference_code():
    code = reference_code(scanned)

    assert isinstance(code, ExplainedCode)
    assert isinstance(code.code, JaxCode)
    assert code.framework == "jax"


@pytest.mark.parametrize("function", [scanned, looped, with_fori, jax.jit(scanned)])
def test_every_way_to_loop_is_that_of_numpy(function):
    expected = NumPyCode(in_numpy).gradients(INPUTS, BARS, WRT)
    code = JaxCode(function)

    _assert_close(code.gradients(INPUTS, BARS, WRT), expected)
    _assert_close([code.outputs(INPUTS)], [expected.outputs])


def test_gradients_are_those_of_jax_and_of_float64():
    """Compiled by JAX itself, in the setting of a user who asks for float64."""
    with jax.enable_x64(True):
        outs, pull = jax.vjp(scanned, *map(jnp.asarray, INPUTS.values()))
        grads = pull(tuple(map(jnp.asarray, BARS.values())))
    found = JaxCode(scanned).gradients(INPUTS, BARS, WRT)

    theirs = [dict(zip(BARS, outs, strict=True)), dict(zip(WRT, grads, strict=True))]
    _assert_close(found, theirs)


def test_settings_of_the_process_stay():
    before = jnp.ones(1).dtype, jax.config.jax_enable_x64

    JaxCode(scanned).gradients(INPUTS, BARS, WRT)

    assert (jnp.ones(1).dtype, jax.config.jax_enable_x64) == before


@dataclasses.dataclass
class Both:
    state: Any
    outs: Any


def test_outputs_of_a_nest_have_their_places():
    """The same ones in every way to run, in the order of the code, and of each its own cotangent;
    numbers and whole numbers have none.
    """

    def function(x):
        return Both({"b": x * 2.0, "a": x * 3.0}, [x[0] * x[1], 3.0, jnp.argmax(x)])

    code, arrays = JaxCode(function), {"x": np.array([0.5, 2.0, 1.0])}
    places = [
        "output.state.b", "output.state.a", "output.outs[0]", "output.outs[1]", "output.outs[2]",
    ]  # fmt: skip
    bars = {"output.outs[0]": np.array(1.0), "output.outs[2]": np.array(5.0)}

    assert list(code.outputs(arrays)) == places
    found = code.gradients(arrays, bars, ["x"])
    assert list(found.outputs) == places
    assert {a.dtype.name for a in found.outputs.values()} == {"float64"}
    assert found.outputs["output.outs[2]"] == 1.0
    assert found.grads["x"].tolist() == [2.0, 0.5, 0.0]
    rounded = code.rounded(arrays, bars, ["x"], FLOAT32, 4)
    assert {n: a.shape for n, a in rounded.outputs.items()} == {
        places[0]: (4, 3), places[1]: (4, 3), places[2]: (4,), places[3]: (4,), places[4]: (4,),
    }  # fmt: skip
    assert rounded.grads["x"].shape == (4, 3)


def test_a_missing_cotangent_is_zero():
    """Also where zero times an infinite slope would be no number."""
    code = JaxCode(lambda x, y: (x * x, jnp.sqrt(y)))
    arrays = {"x": np.ones(3), "y": np.zeros(2)}

    found = code.gradients(arrays, {"output[0]": np.ones(3)}, ["x", "y"]).grads

    assert found["x"].tolist() == [2.0] * 3
    assert found["y"].tolist() == [0.0, 0.0]
    assert code.gradients(arrays, {}, ["y"]).grads["y"].tolist() == [0.0, 0.0]


def test_constants_are_handed_on():
    """Whole numbers and masks as arrays, numbers of Python as they are."""
    seen = []

    def function(x, lengths, mask, scale, causal, weights):
        seen.append((lengths.dtype.kind, mask.dtype.kind, type(scale), causal))
        return jnp.where(mask, x, 0.0)[lengths] * scale * weights * (2.0 if causal else 1.0)

    arrays = {
        **drawn(x=(4, 2)), "lengths": np.array([3, 1, 1]), "mask": np.ones((4, 1), bool),
        "scale": 0.5, "causal": True, "weights": np.full(2, 0.1, np.float32),
    }  # fmt: skip
    code = JaxCode(function)

    found = code.outputs(arrays)["output"]

    np.testing.assert_array_equal(found, arrays["x"][[3, 1, 1]] * np.float64(np.float32(0.1)))
    other = code.outputs({**arrays, "causal": False})["output"]
    np.testing.assert_array_equal(other, found / 2.0)
    assert set(seen) == {("i", "b", float, True), ("i", "b", float, False)}


def test_complex_arrays_give_complex_outputs():
    x = np.array([0.5, 2.0]) + 1e-30j

    out = JaxCode(lambda x: jnp.tanh(x) * x).outputs({"x": x})["output"]

    slope = np.tanh(x.real) + x.real / np.cosh(x.real) ** 2
    np.testing.assert_allclose(out.imag / 1e-30, slope, 1e-14)


@pytest.mark.parametrize(
    ("bars", "words"),
    [
        ({"output[2]": np.ones(3)}, r"no output 'output\[2\]'; its outputs are output\[0\]"),
        ({"output[0]": np.ones(4)}, r"cotangent of output\[0\] has shape \(4,\)"),
    ],
)
def test_a_cotangent_that_fits_no_output_is_refused(bars, words):
    with pytest.raises(SpecError, match=words):
        JaxCode(lambda x: (x, x)).gradients(drawn(x=(3,)), bars, ["x"])


def test_an_output_that_is_not_real_is_refused():
    with pytest.raises(
        SpecError, match="output of the reference holds no real numbers but complex"
    ):
        JaxCode(lambda x: x * 1j).outputs(drawn(x=(3,)))


@pytest.mark.parametrize(
    "function", [lambda x: x if x.sum() > 0 else -x, lambda x: jnp.asarray(np.sin(x))]
)
def test_code_that_looks_at_numbers_is_refused(function):
    """JAX traces it without any."""
    with pytest.raises(SpecError, match=r"jnp\.where, jax\.lax\.cond"):
        JaxCode(function).outputs(drawn(x=(3,)))


def test_an_error_of_the_code_itself_comes_through():
    def function(x):
        raise RuntimeError("of the user")

    with pytest.raises(RuntimeError, match="of the user"):
        JaxCode(function).gradients(drawn(x=(2,)), {}, ["x"])


def test_code_is_traced_once_for_each_shape():
    """It takes longer than to run it."""
    traced = []

    def function(x):
        traced.append(x.shape)
        return jnp.tanh(x)

    code, bars = JaxCode(function), {"output": np.ones(3)}
    for seed in range(3):
        arrays = drawn(seed, x=(3,))
        code.outputs(arrays)
        code.gradients(arrays, bars, ["x"])
        code.rounded(arrays, bars, ["x"], FLOAT32, 4)
        code.rounded(arrays, bars, ["x"], RoundingModel("bfloat16"), 8)

    assert traced == [(3,)] * 2  # forward, and both passes
    code.outputs(drawn(x=(4,)))
    assert traced == [(3,), (3,), (4,)]


def test_what_code_computes_in_float32_is_float64():
    wide = JaxCode(lambda x: jnp.tanh(x @ x.T))
    narrow = JaxCode(lambda x: jnp.tanh((y := x.astype(jnp.float32)) @ y.T))
    arrays, bars = drawn(x=(3, 2)), {"output": np.ones((3, 3))}

    _assert_close(narrow.gradients(arrays, bars, ["x"]), wide.gradients(arrays, bars, ["x"]))


@jax.custom_vjp
def _doubled(x):
    return 2.0 * x


_doubled.defvjp(lambda x: (2.0 * x, None), lambda _, bar: (3.0 * bar,))


def test_a_rule_inside_a_reference_is_taken():
    """It is part of what the code says; that it is wrong is for finite differences to find."""
    found = JaxCode(_doubled).gradients(drawn(x=(2,)), {"output": np.ones(2)}, ["x"])

    assert found.grads["x"].tolist() == [3.0, 3.0]


# rounding


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_scatter_is_that_of_a_real_evaluation(dtype):
    """Root mean squares over all entries, of the samples' deviation and of a real error.

    A result rounds as in hardware, to a grid of the same spacing, so both would be equal if all
    operations were products and sums of two. A sum of n terms scatters by up to sqrt(n) times as
    much as one that is added by pairs (n is 4 here at most), and the smallest gradient has one
    entry a step, so that a single run is a rough measure of its own size. Together: within a
    factor of three.
    """
    arrays = [jnp.asarray(a, dtype) for a in INPUTS.values()]
    outs, pull = jax.vjp(looped, *arrays)
    grads = pull(tuple(jnp.asarray(b, dtype) for b in BARS.values()))
    code = JaxCode(looped)
    truth = code.gradients(INPUTS, BARS, WRT)

    samples = code.rounded(INPUTS, BARS, WRT, RoundingModel(dtype), SAMPLES)

    for names, real, exact, of_samples in (
        (BARS, outs, truth.outputs, samples.outputs),
        (WRT, grads, truth.grads, samples.grads),
    ):
        for name, result in zip(names, real, strict=True):
            error = np.sqrt(np.mean((np.asarray(result, np.float64) - exact[name]) ** 2))
            scatter = np.sqrt(np.mean(deviation(of_samples[name]) ** 2))
            assert 1 / 3 < error / scatter < 3, (name, error / scatter)


@pytest.mark.parametrize("function", [scanned, with_fori])
def test_a_compiled_loop_rounds_like_one_in_python(function):
    """Root mean squares, which 16 samples know to a fifth; the order of sums is another one."""
    of_loop, of_scan = (
        JaxCode(f).rounded(INPUTS, BARS, WRT, FLOAT32, SAMPLES) for f in (looped, function)
    )

    for name in WRT:
        one, other = (np.sqrt(np.mean(deviation(e.grads[name]) ** 2)) for e in (of_loop, of_scan))
        assert 0.5 < one / other < 2.0, name


def test_it_rounds_like_the_same_code_in_numpy():
    """The tape of NumPy adds the sizes of the terms of a product, this their squares: a factor of
    sqrt(n) between both at most, where n is 4.
    """
    numpy = NumPyCode(in_numpy).rounded(INPUTS, BARS, WRT, FLOAT32, SAMPLES)
    jax_ = JaxCode(scanned).rounded(INPUTS, BARS, WRT, FLOAT32, SAMPLES)

    for name in WRT:
        one, other = (np.sqrt(np.mean(deviation(e.grads[name]) ** 2)) for e in (numpy, jax_))
        assert 0.5 < one / other < 2.0, name


def test_samples_surround_the_truth():
    """Deviations from the truth are no larger than among each other: nothing is biased."""
    code = JaxCode(scanned)
    truth = code.gradients(INPUTS, BARS, WRT)

    samples = code.rounded(INPUTS, BARS, WRT, FLOAT32, SAMPLES)

    for name, exact in truth.grads.items():
        scatter = np.sqrt(np.mean(deviation(samples.grads[name]) ** 2))
        off = np.sqrt(np.mean((samples.grads[name].mean(0) - exact) ** 2))
        assert 0.0 < off < scatter, name


def test_rounding_is_the_same_in_every_run_and_in_groups(monkeypatch):
    """The model of rounding must not make a verdict random, nor the memory of a machine."""
    code = JaxCode(scanned)
    one = code.rounded(INPUTS, BARS, WRT, FLOAT32, SAMPLES)
    monkeypatch.setattr("bptt_check.recurrences.samples.MOST_ENTRIES", 1)

    other = code.rounded(INPUTS, BARS, WRT, FLOAT32, SAMPLES)

    for of_one, of_other in zip(one, other, strict=True):
        for name, array in of_one.items():
            np.testing.assert_array_equal(of_other[name], array)


def test_masks_of_infinities_round_to_numbers():
    """As in attention, where a first run gives none."""
    code = JaxCode(lambda x: jax.nn.softmax(jnp.where(jnp.tri(3) > 0, x, -jnp.inf)))

    found = code.rounded(drawn(x=(3, 3)), {"output": np.eye(3)}, ["x"], FLOAT32, 4)

    assert np.isfinite(found.outputs["output"]).all()
    assert np.isfinite(found.grads["x"]).all()
    assert (found.grads["x"][:, 0, 1:] == 0.0).all()


def test_what_only_moves_is_exact():
    code = JaxCode(lambda x: jnp.concatenate([x[::-1], -x])[1:])
    arrays = drawn(x=(4, 2))

    found = code.rounded(arrays, {"output": np.eye(7, 2)}, ["x"], FLOAT32, 4)

    assert np.ptp(found.outputs["output"], 0).max() == 0.0
    assert np.ptp(found.grads["x"][:, 2:], 0).max() == 0.0
