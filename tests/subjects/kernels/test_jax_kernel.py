"""Kernels of JAX: their own backward pass, in every dtype, with nothing of the process changed."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402

import bptt_check as bc  # noqa: E402
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceCase  # noqa: E402
from bptt_check.errors import BrokenContract  # noqa: E402
from bptt_check.recurrences.code import reference_code  # noqa: E402
from bptt_check.subjects.kernels.jax_kernel import JaxKernel  # noqa: E402

jax_kernels: Any = pytest.importorskip("support.jax_kernels")

INPUTS = bc.Inputs(x="T H", y="H", sizes={"T": 3, "H": 2}, time="T")


def _case(dtype: str = "float32", inputs: bc.Inputs = INPUTS, **arrays: Any) -> RecurrenceCase:
    """A case whose cotangents are random numbers for the one output x * y."""
    model = Recurrence("product", inputs, reference_code(lambda x, y, **_: x * y))
    drawn = inputs.draw({"T": 3, "H": 2}, dtype, 0, "normal")
    bars = {"output": np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.25]])}
    return RecurrenceCase(model, {**drawn, **arrays}, dtype, cotangents=bars)


@jax.custom_vjp
def product(x, y):
    return x * y


product.defvjp(
    lambda x, y: (x * y, (x, y)),
    lambda kept, bar: (bar * kept[1], (bar * kept[0]).sum(0)),
)


@jax.custom_vjp
def forgetful(x, y):
    return x * y


forgetful.defvjp(
    lambda x, y: (x * y, (x, y)),
    lambda kept, bar: (bar * kept[1], (bar * kept[0])[0]),
)


def _expected(case: RecurrenceCase) -> dict[str, Any]:
    bar = case.cotangents["output"]
    return {"x": bar * case.arrays["y"], "y": (bar * case.arrays["x"]).sum(0)}


UNIT = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}


@pytest.mark.parametrize("dtype", UNIT)
def test_gradients_are_those_of_its_own_backward_pass(dtype):
    """Products round once; sums of three terms in their own dtype three times more."""
    case = _case(dtype)

    result = JaxKernel(product, "product")(case)

    for name, exact in _expected(case).items():
        got = result.grads[name]
        assert got.dtype == ("float64" if dtype == "float64" else "float32")
        size = np.abs(case.cotangents["output"] * case.arrays["x"]).sum(0).max() + 10.0
        np.testing.assert_allclose(got, exact, 0, 4 * UNIT[dtype] * size)
    wrong = JaxKernel(forgetful, "forgetful")(case).grads["y"]
    assert np.abs(wrong - _expected(case)["y"]).max() > 0.1


@pytest.mark.parametrize("dtype", UNIT)
def test_arrays_come_in_the_dtype_of_the_case(dtype):
    seen = []

    def kernel(x, y):
        seen.extend([x.dtype, y.dtype])
        return x * y

    JaxKernel(kernel, "kernel")(_case(dtype))

    assert {str(d) for d in seen} == {dtype}


def test_settings_of_the_process_stay():
    before = jnp.ones(1).dtype, jax.config.jax_enable_x64

    JaxKernel(product, "product")(_case("float64"))

    assert (jnp.ones(1).dtype, jax.config.jax_enable_x64) == before


def test_a_compiled_kernel_is_called_as_it_is():
    result = JaxKernel(jax.jit(product), "product")(_case())

    np.testing.assert_allclose(result.grads["x"], _expected(_case())["x"], 1e-6)


def test_constants_and_static_arguments():
    """Whole numbers and masks are arrays of JAX, numbers of Python stay such: they may be static.
    A float without a gradient has the dtype of the case, too.
    """
    inputs = bc.Inputs(
        x="T H", y="H", rows=bc.integers(0, 2, "T"), scale=bc.normal("H", constant=True),
        chunk=bc.choice(16), mode=bc.choice("plain"), sizes={"T": 3, "H": 2}, time="T",
    )  # fmt: skip
    seen = {}

    def kernel(x, y, rows, scale, chunk, mode):
        seen.update(rows=rows, scale=scale, chunk=chunk, mode=mode)
        return x * y

    JaxKernel(kernel, "kernel")(_case("bfloat16", inputs))

    assert isinstance(seen["rows"], jax.Array)
    assert jnp.issubdtype(seen["rows"].dtype, jnp.integer)
    assert seen["scale"].dtype == jnp.bfloat16
    assert (seen["chunk"], seen["mode"]) == (16, "plain")


@dataclasses.dataclass
class Outputs:
    product: Any
    rest: Any


def test_outputs_in_a_nest_and_without_a_gradient():
    """Whole numbers have no cotangent in JAX, a constant has nothing behind it."""

    def kernel(x, y):
        return Outputs(x * y, {"count": jnp.arange(3), "one": 1.0, "twice": 2.0 * x})

    case = dataclasses.replace(_case(), cotangents={"output.product": _case().cotangents["output"]})

    result = JaxKernel(kernel, "kernel")(case)

    assert set(result.outputs) == {
        "output.product", "output.rest.count", "output.rest.one", "output.rest.twice",
    }  # fmt: skip
    np.testing.assert_allclose(result.grads["x"], _expected(_case())["x"], 1e-6)


def test_an_output_without_a_part_in_the_loss_has_a_cotangent_of_zeros():
    """As `jax.grad` hands it to a backward pass, of the dtype of the output."""
    seen = []

    @jax.custom_vjp
    def kernel(x, y):
        return x * y, x.astype(jnp.float16)

    def backward(kept, bars):
        jax.debug.callback(lambda *arrays: seen.extend(arrays), *bars)
        return bars[0] * kept[1], (bars[0] * kept[0]).sum(0)

    kernel.defvjp(lambda x, y: (kernel(x, y), (x, y)), backward)
    case = dataclasses.replace(_case(), cotangents={"output[0]": _case().cotangents["output"]})

    JaxKernel(kernel, "kernel")(case)

    assert seen[1].dtype == jnp.float16
    assert (np.asarray(seen[1]) == 0.0).all()


def test_only_what_is_wanted_is_differentiated():
    case = dataclasses.replace(_case(), wanted=("y",))

    assert set(JaxKernel(product, "product")(case).grads) == {"y"}


def test_nothing_flows_to_an_input_that_is_not_used():
    result = JaxKernel(lambda x, y: x * 2.0, "kernel")(_case())

    assert result.grads["y"].tolist() == [0.0, 0.0]


def test_a_kernel_of_another_shape_is_refused():
    with pytest.raises(BrokenContract, match=r"output has shape \(2, 3\), and that of the referen"):
        JaxKernel(lambda x, y: (x * y).T, "kernel")(_case())
    with pytest.raises(BrokenContract, match="output is missing"):
        JaxKernel(lambda x, y: {"h": x * y}, "kernel")(_case())


# against plain code


@pytest.mark.parametrize("reference", [jax_kernels.reference, jax_kernels.scanned])
def test_a_right_kernel_passes(reference):
    report = bc.verify_against(
        jax_kernels.kernel, reference, jax_kernels.INPUTS, cases=3, dtypes=("float32", "bfloat16")
    )

    assert report.passed, report.message


@pytest.mark.parametrize(
    ("name", "wrong"), [("with_the_state_after", "a"), ("without_the_last_state", "x")]
)
def test_a_broken_kernel_is_found(name, wrong):
    report = bc.verify_against(
        jax_kernels.BROKEN[name], jax_kernels.scanned, jax_kernels.INPUTS, cases=3
    )

    assert not report.passed
    assert wrong in report.message.partition("wrong: ")[2].partition("\n")[0]


def test_a_kernel_is_compiled_once_for_all_calls_of_the_same_shapes():
    counts: list[int] = []

    def counted(x, y):
        counts.append(1)
        return x * y

    kernel, case = JaxKernel(counted, "counted"), _case()
    first = kernel(case)
    traced = len(counts)
    again = kernel(case)

    assert len(counts) == traced
    for name, grad in first.grads.items():
        np.testing.assert_array_equal(again.grads[name], grad)
    kernel(_case("float64"))
    assert len(counts) > traced


def test_a_kernel_that_looks_at_numbers_runs_uncompiled():
    """At those of a constant, as all code may that is not compiled."""

    def looking(x, y, n):
        return x * y if int(n[0]) > 0 else x

    inputs = bc.Inputs(x="T H", y="H", n=bc.integers(1, 3, "1"), sizes={"T": 3, "H": 2}, time="T")
    kernel, case = JaxKernel(looking, "looking"), _case("float64", inputs)
    found, expected = kernel(case), _expected(case)

    assert not kernel.compiled.able
    np.testing.assert_array_equal(found.grads["x"], expected["x"])
    assert JaxKernel(product, "product").compiled.able


def test_equal_constants_of_other_types_are_compiled_apart():
    """A flag is no number of chunks."""

    def flagged(x, y, n):
        return x * y if n is True else 2.0 * x * y

    inputs = bc.Inputs(x="T H", y="H", n=bc.choice(1, True), sizes={"T": 3, "H": 2}, time="T")
    kernel = JaxKernel(flagged, "flagged")
    one, flag = (_case("float64", inputs, n=n) for n in (1, True))

    once, twice = kernel(flag).grads["x"], kernel(one).grads["x"]
    np.testing.assert_array_equal(twice, 2.0 * once)


def test_what_was_compiled_is_kept_for_the_last_few_shapes():
    """And no more: a run has hundreds."""
    kernel = JaxKernel(product, "product")
    for dtype in UNIT:
        for wanted in (("x",), ("y",)):
            kernel(dataclasses.replace(_case(dtype), wanted=wanted))

    assert kernel.compiled.of.cache_info().currsize == 4
