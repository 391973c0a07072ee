"""Kernels in PyTorch: their dtypes, layouts, subsets of gradients, and what is broken."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from support.kernel_cases import INPUTS, breaches_of, case_of, decayed_sums, wanted_of

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

from dataclasses import replace

import torch

from bptt_check.cases.memory_layout import LAYOUTS, placement
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.recurrences.cotangents import COTANGENTS
from bptt_check.errors import BrokenContract
from bptt_check.subjects.kernels.torch_kernel import TorchKernel


class Sums(torch.autograd.Function):
    """S = decay S + x, in the dtype of x; what its backward was given is kept in `seen`."""

    seen: Any = None

    @staticmethod
    def forward(ctx: Any, x: Any, decay: Any, S: Any) -> Any:
        states = [S]
        for t in range(len(x)):
            states.append((decay[t] * states[-1] + x[t]).to(x.dtype))
        ctx.save_for_backward(decay, torch.stack(states))
        return torch.stack(states[1:]), states[-1].clone()

    @staticmethod
    def backward(ctx: Any, *bars: Any) -> Any:
        Sums.seen = [*bars, ctx.needs_input_grad]
        decay, states = ctx.saved_tensors
        S_bar, x_bar, decay_bar = bars[1], torch.empty_like(states[1:]), torch.empty_like(decay)
        for t in reversed(range(len(decay))):
            S_bar = S_bar + bars[0][t]
            x_bar[t], decay_bar[t] = S_bar, S_bar * states[t]
            S_bar = (S_bar * decay[t]).to(states.dtype)
        return x_bar, decay_bar, S_bar


def sums(x, decay, S, **constants):
    return Sums.apply(x, decay, S)


def kernel(function: Any = sums) -> TorchKernel:
    return TorchKernel(function, "mine")


@pytest.mark.parametrize("cotangents", COTANGENTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_outputs_loss_and_gradients(cotangents, layout):
    case = case_of(cotangents=cotangents, layout=layout)

    result = kernel()(case)

    states, last = decayed_sums(*(case.arrays[n] for n in ("x", "decay", "S")))
    assert result.outputs is not None
    np.testing.assert_allclose(result.outputs["output[0]"], states, rtol=2.0**-50)
    np.testing.assert_allclose(result.outputs["output[1]"], last, rtol=2.0**-50)
    for name, want in wanted_of(case).items():
        np.testing.assert_allclose(result.grads[name], want, rtol=2.0**-22, atol=2.0**-48)
        assert result.grads[name].dtype == case.inputs[name].dtype


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_tensors_have_the_dtype_of_the_case_or_their_own(dtype):
    """Constants, too: a mask of floats is no float32 in a case of bfloat16."""
    seen = {}

    def function(**tensors):
        seen.update(tensors)
        return sums(**tensors)

    case = case_of(dtype)
    result = kernel(function)(case)

    own = getattr(torch, dtype)
    assert {n: getattr(t, "dtype", t) for n, t in seen.items()} == {
        "x": own, "decay": torch.float32, "S": own, "mask": own, "lengths": torch.int64,
        "chunk": 16,
    }  # fmt: skip
    for name, array in {**case.inputs, "mask": case.constants["mask"]}.items():
        assert (seen[name].detach().double().numpy() == array).all()
    for name, grad in result.grads.items():
        assert grad.dtype == case.inputs[name].dtype
        kept = PRECISIONS["float32" if name == "decay" else dtype]
        assert (kept.rounded(grad) == grad).all()
    assert {bar.dtype for bar in Sums.seen[:2]} == {own}
    unit = max(PRECISIONS[dtype].unit, PRECISIONS["float32"].unit)
    for name, want in wanted_of(case).items():
        # a dozen operations, each off by a unit of what is no larger than twenty
        np.testing.assert_allclose(result.grads[name], want, atol=12 * 20 * unit)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("cotangents", ["random", "ones"])
def test_tensors_and_cotangents_lie_as_the_case_says(layout, cotangents):
    seen = {}

    def function(**tensors):
        seen.update(tensors)
        return sums(**tensors)

    case = case_of(layout=layout, cotangents=cotangents, regime="repeated")
    kernel(function)(case)

    for name in ("x", "decay", "S", "mask", "lengths"):
        array = {**case.inputs, **case.constants}[name]
        assert seen[name].stride() == placement(array, layout).all_strides
    of_bars = "expanded" if cotangents == "ones" else layout
    for n, bar in enumerate(Sums.seen[:2]):
        array = case.cotangents[f"output[{n}]"]
        assert bar.stride() == placement(array, of_bars).all_strides
    if cotangents == "ones":
        assert Sums.seen[0].stride() == (0, 0)


@pytest.mark.parametrize("wanted", [("x",), ("decay", "S"), ("S",)])
def test_of_a_subset_of_inputs_the_others_require_no_gradient(wanted):
    case = replace(case_of(), wanted=wanted)

    result = kernel()(case)

    assert tuple(result.grads) == wanted
    assert Sums.seen[2] == tuple(n in wanted for n in ("x", "decay", "S"))
    for name in wanted:
        np.testing.assert_allclose(
            result.grads[name], wanted_of(case)[name], rtol=2.0**-22, atol=2.0**-48
        )


def test_of_one_output_alone_the_other_has_no_cotangent():
    """Autograd is given none, and hands zeros to a function that does not ask for None."""
    one = next(
        case for seed in range(9)
        if "output[1]" in (case := case_of(cotangents="one_output", seed=seed)).cotangents
    )  # fmt: skip

    result = kernel()(one)

    assert not Sums.seen[0].any()
    assert Sums.seen[1].any()
    np.testing.assert_allclose(result.grads["x"], wanted_of(one)["x"], rtol=2.0**-22)


def test_an_output_that_requires_no_gradient_has_no_part_in_it():
    """A detached one: its gradient is missing, which the comparison with the reference finds."""
    case = case_of()

    def half(**tensors):
        states, last = sums(**tensors)
        return states, last.detach()

    found = kernel(half)(case)
    none = kernel(lambda **tensors: tuple(o.detach() for o in sums(**tensors)))(case)

    without = replace(case, cotangents={"output[0]": case.cotangents["output[0]"]})
    np.testing.assert_allclose(found.grads["x"], wanted_of(without)["x"], rtol=2.0**-22)
    assert not any(grad.any() for grad in none.grads.values())
    assert {n: g.shape for n, g in none.grads.items()} == {"x": (4, 3), "decay": (4, 3), "S": (3,)}


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (
            lambda **tensors: sums(**tensors)[0],
            "output[0] is missing: the reference returns it, and what came has output",
        ),
        (
            lambda **tensors: sums(**tensors)[:1],
            "output[1] is missing: the reference returns it, and what came has output[0]",
        ),
        (
            lambda **tensors: (sums(**tensors)[0].mT, sums(**tensors)[1]),
            "output[0] has shape (3, 4), and that of the reference (4, 3)",
        ),
        (
            lambda **tensors: [o.to(torch.complex64) for o in sums(**tensors)],
            "output[0] is complex: return its real and its imaginary part",
        ),
        (lambda **tensors: None, "the kernel returned no array"),
        (lambda **tensors: "text", "output of the kernel is of type 'str'"),
        (lambda x, decay: x, "unexpected keyword argument"),
    ],
)
def test_what_is_no_answer_is_told(function, words):
    found = breaches_of(kernel(function))

    assert any(words in text for text in found), found


def test_what_is_no_answer_is_raised_with_its_place():
    with pytest.raises(BrokenContract) as raised:
        kernel(lambda **tensors: sums(**tensors)[:1])(case_of())
    assert raised.value.parameter == "output[1]"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["x", "decay", "S", "mask", "lengths"])
def test_an_input_that_is_written_to_is_found_out(name, layout, dtype):
    """Behind the back of autograd, as a kernel does that has its address."""

    def writing(**tensors):
        returned = sums(**tensors)
        tensor = tensors[name].data
        tensor[(0,) * tensor.ndim].add_(1)
        return returned

    case = case_of(dtype, layout=layout)
    words = f"{name} was written to: a subject must leave its inputs as they are"
    assert words in breaches_of(kernel(writing), case)


class WritesItsCotangent(Sums):
    @staticmethod
    def backward(ctx: Any, *bars: Any) -> Any:
        grads = Sums.backward(ctx, *bars)
        bars[1].mul_(2.0)
        return grads


def test_a_cotangent_that_is_written_to_is_found_out():
    function = WritesItsCotangent.apply

    found = breaches_of(kernel(lambda x, decay, S, **_: function(x, decay, S)))

    assert any("cotangent of output[1] was written to" in text for text in found)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_kernel_that_writes_nothing_breaks_nothing(dtype, layout):
    assert breaches_of(kernel(), case_of(dtype, layout=layout)) == []


def test_a_module_is_a_kernel():
    class Module(torch.nn.Module):
        def forward(self, **tensors):
            return sums(**tensors)

    assert breaches_of(TorchKernel(Module(), "module")) == []
    assert kernel(Module())(case_of()).loss == kernel()(case_of()).loss


def test_nothing_process_wide_is_left_changed():
    before = torch.get_num_threads(), torch.get_default_dtype()
    with torch.no_grad():
        kernel()(case_of())
        assert not torch.is_grad_enabled()
    assert (torch.get_num_threads(), torch.get_default_dtype()) == before


def test_the_inputs_are_those_of_these_tests():
    """What is differentiated, and in which order."""
    assert INPUTS.differentiated == ("x", "decay", "S")
