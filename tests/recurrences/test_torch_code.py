"""Plain PyTorch code as the pipeline sees it: in float64, differentiated, rounded, left alone."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from support.plain_torch import RECURRENCES, drawn  # noqa: E402

from bptt_check.cases.recurrences.outputs import named_outputs  # noqa: E402
from bptt_check.cases.recurrences.reference_code import ReferenceCode  # noqa: E402
from bptt_check.equations.arithmetics.rounding import deviation  # noqa: E402
from bptt_check.equations.arithmetics.rounding_model import RoundingModel  # noqa: E402
from bptt_check.errors import SpecError  # noqa: E402
from bptt_check.recurrences.torch_code import TorchCode, Way  # noqa: E402

FLOAT32 = RoundingModel("float32")
SAMPLES = 8
X = drawn(x=(5, 2, 3))


def test_it_is_reference_code():
    code: ReferenceCode = TorchCode(lambda x: x)

    assert code.framework == "torch"


@pytest.mark.parametrize("name", RECURRENCES)
def test_outputs_and_gradients_are_those_of_autograd(name):
    function, arrays = RECURRENCES[name]
    code = TorchCode(function)
    outputs = code.outputs(arrays)
    bars = drawn(1, **{n: o.shape for n, o in outputs.items()})

    found = code.gradients(arrays, bars, [*arrays])

    leaves = {n: torch.tensor(a, requires_grad=True) for n, a in arrays.items()}
    named = named_outputs(function(**{n: leaf.clone() for n, leaf in leaves.items()}))
    grads = torch.autograd.grad(
        [*named.values()], [*leaves.values()], [torch.tensor(bars[n]) for n in named]
    )
    assert {n: a.dtype for n, a in {**found.outputs, **found.grads}.items()} == dict.fromkeys(
        [*outputs, *arrays], np.dtype("float64")
    )
    for n, output in named.items():
        assert (found.outputs[n] == output.detach().numpy()).all()
        assert (outputs[n] == found.outputs[n]).all()
    for n, grad in zip(leaves, grads, strict=True):
        assert (found.grads[n] == grad.numpy()).all()


# --- nests, cotangents, constants ---------------------------------------------------------------


@dataclasses.dataclass
class Both:
    state: Any
    outs: Any


def test_outputs_of_a_nest_have_their_places():
    """The same ones in every way to run."""
    code = TorchCode(lambda x: Both({"a": x * 2.0}, [x[0] * x[1], 3.0, None]))
    arrays = drawn(x=(3,))
    places = ["output.state.a", "output.outs[0]", "output.outs[1]"]
    bars = {"output.outs[0]": np.array(1.0)}

    assert [*code.outputs(arrays)] == places
    found = code.gradients(arrays, bars, ["x"])
    assert [*found.outputs] == places
    x = arrays["x"]
    assert found.grads["x"].tolist() == [x[1], x[0], 0.0]
    for way in Way:
        code._known.way = way
        rounded = code.rounded(arrays, bars, ["x"], FLOAT32, 4)
        assert {n: a.shape for n, a in rounded.outputs.items()} == {
            places[0]: (4, 3), places[1]: (4,), places[2]: (4,),
        }  # fmt: skip
        assert rounded.grads["x"].shape == (4, 3)


@pytest.mark.parametrize("way", Way)
def test_a_missing_cotangent_is_zero(way):
    code = TorchCode(lambda x, y: (x * x, y * y, x * 0 + 1.0, torch.ones(2)))
    arrays = drawn(x=(3,), y=(2,))

    found = code.gradients(arrays, {"output[0]": np.ones(3)}, ["x", "y"]).grads
    none = code.gradients(arrays, {}, ["y"]).grads
    constant = code.gradients(arrays, {"output[3]": np.ones(2)}, ["y"]).grads
    code._known.way = way
    rounded = code.rounded(arrays, {"output[0]": np.ones(3)}, ["x", "y"], FLOAT32, 4).grads

    assert found["x"].tolist() == (2 * arrays["x"]).tolist()
    assert [*found["y"], *none["y"], *constant["y"]] == [0.0] * 6
    assert rounded["x"].any()
    assert rounded["y"].shape == (4, 2)
    assert not rounded["y"].any()


def test_only_what_is_asked_for_is_differentiated():
    function, arrays = RECURRENCES["delta rule"]
    bars = {"output[1]": np.ones((3, 4, 5))}

    assert [*TorchCode(function).gradients(arrays, bars, ["k", "S"]).grads] == ["k", "S"]
    assert [*TorchCode(function).rounded(arrays, bars, ["k"], FLOAT32, 4).grads] == ["k"]


@pytest.mark.parametrize("way", Way)
def test_constants_are_handed_on(way):
    seen = []

    def function(x, lengths, mask, scale, causal):
        seen.append((lengths.dtype, mask.dtype, type(scale), causal))
        return torch.where(mask, x, 0.0)[lengths] * scale

    arrays = {
        **drawn(x=(4, 2)), "lengths": np.array([3, 1, 1]), "mask": np.ones((4, 1), bool),
        "scale": 0.5, "causal": True,
    }  # fmt: skip
    code = TorchCode(function)
    code._known.way = way

    assert code.outputs(arrays)["output"].tolist() == (0.5 * arrays["x"][[3, 1, 1]]).tolist()
    code.rounded(arrays, {"output": np.ones((3, 2))}, ["x"], FLOAT32, 4)
    assert set(seen) == {(torch.int64, torch.bool, float, True)}


# --- what is computed in fewer digits -----------------------------------------------------------

WEIGHT = torch.tensor([[1 / 3, 0.1], [0.2, 0.7], [0.5, 0.25]], dtype=torch.float32)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (lambda x: x.float() @ torch.ones(3, 2) * 0.1, lambda x: x @ x.new_ones(3, 2) * 0.1),
        (lambda x: x.to(torch.bfloat16) / 3, lambda x: x / 3),
        (lambda x: x.half().cumsum(0) / 7, lambda x: x.cumsum(0) / 7),
        (
            lambda x: torch.softmax(x, -1, dtype=torch.float32) / 3,
            lambda x: torch.softmax(x, -1) / 3,
        ),
        (lambda x: x.type(torch.float32).exp().type_as(x), lambda x: x.exp()),
        (lambda x: x.sum(0, dtype=torch.float32) / 3, lambda x: x.sum(0) / 3),
        (lambda x: torch.complex(x.float(), x.float()).exp().real, lambda x: x.exp() * x.cos()),
        (lambda x: x @ WEIGHT / 3, lambda x: x @ WEIGHT.double() / 3),
        (
            lambda x: torch.zeros(x.shape, dtype=torch.float32).add_(x / 3),
            lambda x: torch.zeros(x.shape, dtype=x.dtype).add_(x / 3),
        ),
        (lambda x: x * torch.tensor(0.1), lambda x: x * 0.1),
        (lambda x: x * torch.full((3,), 0.1), lambda x: x * 0.1),
        (lambda x: x * torch.linspace(0, 1, 3), lambda x: x * x.new_tensor([0.0, 0.5, 1.0])),
    ],
)
def test_what_is_computed_in_fewer_digits_is_computed_in_float64(narrow, wide):
    """The reference is the definition; a `.float()` in it is meant for kernels' sake."""
    one, other = TorchCode(narrow), TorchCode(wide)
    bars = {"output": drawn(4, o=other.outputs(X)["output"].shape)["o"]}

    for code in (one, other):  # twice: what is found out the first time is remembered
        code.gradients(X, bars, ["x"])
    found, meant = (code.gradients(X, bars, ["x"]) for code in (one, other))

    assert found.outputs["output"].dtype == np.float64
    within = 2.0**-48  # of numbers of about 1: some operations in float64, none in float32
    np.testing.assert_allclose(found.outputs["output"], meant.outputs["output"], within, within)
    np.testing.assert_allclose(found.grads["x"], meant.grads["x"], within, within)


def test_float32_would_be_seen_in_that():
    """The sibling of the test above: 2**-48 is finer than float32 by far."""
    x = torch.tensor(X["x"])

    assert ((x.float() / 3).double() - x / 3).abs().max() > 2.0**-40


@pytest.mark.parametrize("way", Way)
def test_what_is_computed_in_fewer_digits_is_rounded_too(way):
    code = TorchCode(lambda x: x.float() * 1.1)
    code._known.way = way

    out = code.rounded(X, {}, ["x"], FLOAT32, SAMPLES).outputs["output"]

    scatter = deviation(out) / np.abs(X["x"] * 1.1)
    assert 2.0**-24 / 4 < np.sqrt(np.mean(scatter**2)) < 2.0**-24 * 4


# --- what vmap does not take --------------------------------------------------------------------


def in_buffer(x):
    out = torch.empty(len(x), 2, 3)
    S = torch.zeros(2, 3)
    for t in range(len(x)):
        S = 0.5 * S + torch.sin(x[t])
        out[t] = S
    return out


def states_in_place(x):
    S = torch.zeros(2, 3, dtype=x.dtype)
    for t in range(len(x)):
        S.mul_(0.5)
        S.add_(torch.sin(x[t]))
    return S


def states_of_input_in_place(x):
    S = x[0].clone()
    for t in range(1, len(x)):
        S *= 0.5
        S += torch.sin(x[t])
    return S


def slices_into_zeros(x):
    out = torch.zeros_like(x)
    for t in range(0, len(x), 2):
        out[t : t + 2] = torch.sin(x[t : t + 2])
    out[:, 0] += 1.0
    return out


def input_in_place(x):
    x.mul_(0.5).add_(1.0)
    return x * 3.0


def branching(x):
    return x * 1.1 if x.sum() > 0 else -1.1 * x


def with_numbers(x):
    return x * float(x.detach().abs().max()) + math.exp(x[0, 0, 0].item())


class OwnFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx: Any, *bars: Any) -> Any:
        (x,) = ctx.saved_tensors
        return bars[0] * torch.cos(x)


def own_function(x):
    return OwnFunction.apply(x) * 1.1


WAYS = [
    (in_buffer, Way.OWN_TENSORS),
    (states_in_place, Way.OWN_TENSORS),
    (states_of_input_in_place, Way.AT_ONCE),
    (slices_into_zeros, Way.AT_ONCE),
    (input_in_place, Way.AT_ONCE),
    (branching, Way.ONE_BY_ONE),
    (with_numbers, Way.ONE_BY_ONE),
    (own_function, Way.ONE_BY_ONE),
]


@pytest.mark.parametrize(("function", "way"), WAYS)
def test_samples_are_had_in_the_fastest_way_that_works(function, way):
    """The same shapes in all of them, and errors of the same size around the same values."""
    code = TorchCode(function)
    exact = code.gradients(X, {"output": np.ones(code.outputs(X)["output"].shape)}, ["x"])
    bars = {"output": np.ones(exact.outputs["output"].shape)}

    found = code.rounded(X, bars, ["x"], FLOAT32, SAMPLES)

    assert code._known.way is way
    code._known.way = Way.ONE_BY_ONE
    one_by_one = code.rounded(X, bars, ["x"], FLOAT32, SAMPLES)
    for kind in ("outputs", "grads"):
        for name, want in getattr(exact, kind).items():
            got, other = getattr(found, kind)[name], getattr(one_by_one, kind)[name]
            assert got.shape == other.shape == (SAMPLES, *want.shape)
            # a hundred units of float32 are more than so few operations are off by
            np.testing.assert_allclose(got, np.stack([want] * SAMPLES), atol=100 * 2.0**-24)
            np.testing.assert_allclose(other, np.stack([want] * SAMPLES), atol=100 * 2.0**-24)
            assert deviation(got).any() == deviation(other).any()
    assert deviation(found.outputs["output"]).any()


@pytest.mark.parametrize(("function", "way"), WAYS)
def test_the_way_is_remembered(function, way):
    code = TorchCode(function)
    calls = 0

    def counted(x):
        nonlocal calls
        calls += 1
        return function(x)

    code = TorchCode(counted)
    bars = {"output": np.ones(code.outputs(X)["output"].shape)}
    first = code.rounded(X, bars, ["x"], FLOAT32, SAMPLES)
    calls = 0
    second = code.rounded(X, bars, ["x"], FLOAT32, SAMPLES)

    assert calls == (SAMPLES if way is Way.ONE_BY_ONE else 1)
    assert (second.outputs["output"] == first.outputs["output"]).all()
    assert (second.grads["x"] == first.grads["x"]).all()


def test_an_error_of_the_code_itself_is_raised_as_it_is():
    def function(x):
        raise ValueError("T must be even")

    for call in (
        lambda code: code.outputs(X),
        lambda code: code.gradients(X, {}, ["x"]),
        lambda code: code.rounded(X, {}, ["x"], FLOAT32, SAMPLES),
    ):
        with pytest.raises(ValueError, match="T must be even"):
            call(TorchCode(function))


def test_arrays_that_code_writes_to_stay_as_they_are():
    x = X["x"].copy()
    code = TorchCode(input_in_place)

    code.outputs(X)
    found = code.gradients(X, {"output": np.ones(x.shape)}, ["x"])
    code.rounded(X, {"output": np.ones(x.shape)}, ["x"], FLOAT32, SAMPLES)

    assert (X["x"] == x).all()
    assert (found.grads["x"] == 1.5).all()


# --- random numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.dropout(x, 0.5),
        lambda x: x + torch.randn(x.shape),
        lambda x: torch.bernoulli(torch.sigmoid(x)) * x,
        lambda x: x * torch.nn.Linear(3, 3).weight[0],
        lambda x: (x, x[torch.randperm(len(x))]),
    ],
)
def test_random_code_is_refused(function):
    words = "two evaluations of the reference differ in output"
    with pytest.raises(SpecError, match=words) as raised:
        TorchCode(function).outputs(X)
    assert "Leave dropout and the like out of it" in str(raised.value)


def test_code_that_seeds_what_it_draws_is_not_random():
    def function(x):
        generator = torch.Generator().manual_seed(3)
        torch.manual_seed(4)
        return x * torch.rand(3, generator=generator) + F.dropout(x, 0.5)

    code = TorchCode(function)
    bars = {"output": np.ones(X["x"].shape)}

    out = code.outputs(X)["output"]
    assert (code.gradients(X, bars, ["x"]).outputs["output"] == out).all()
    for way in (Way.AT_ONCE, Way.ONE_BY_ONE):
        code._known.way = way
        samples = code.rounded(X, bars, ["x"], FLOAT32, SAMPLES).outputs["output"]
        np.testing.assert_allclose(samples, np.stack([out] * SAMPLES), atol=100 * 2.0**-24)


def test_dropout_that_does_nothing_is_no_random_code():
    out = TorchCode(lambda x: F.dropout(x, 0.5, training=False)).outputs(X)["output"]

    assert (out == X["x"]).all()


# --- what it leaves -----------------------------------------------------------------------------


def greedy(x):
    """Code that changes what it can."""
    torch.set_default_dtype(torch.float16)
    torch.set_num_threads(2)
    torch.manual_seed(99)
    return x * 2.0


def failing(x):
    greedy(x)
    raise ValueError("on purpose")


@pytest.mark.parametrize("function", [greedy, failing, in_buffer, branching])
@pytest.mark.parametrize("grad", [True, False])
def test_nothing_is_left_changed(function, grad):
    code = TorchCode(function)

    def facts() -> list[Any]:
        return [
            torch.get_default_dtype(),
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.get_rng_state().tolist(),
            np.geterr(),
            torch.are_deterministic_algorithms_enabled(),
        ]

    with torch.set_grad_enabled(grad):
        before = facts()
        bars = {"output": np.ones((5, 2, 3))}
        for call in (
            lambda: code.outputs(X),
            lambda: code.gradients(X, bars, ["x"]),
            lambda: code.rounded(X, bars, ["x"], FLOAT32, SAMPLES),
        ):
            try:
                call()
            except ValueError as error:
                assert re.match("on purpose", str(error))  # noqa: PT017
            assert facts() == before


def test_gradients_are_had_where_nobody_wants_any():
    """In the `no_grad` of the caller."""
    with torch.no_grad():
        found = TorchCode(lambda x: x * x).gradients(X, {"output": np.ones((5, 2, 3))}, ["x"])

    assert (found.grads["x"] == 2 * X["x"]).all()
