"""Where tensors lie, and whose gradients autograd wants: what a custom backward makes of it."""

from __future__ import annotations

import importlib.util
from typing import Any, ClassVar

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.cases.follow_up import FollowUpKind
from bptt_check.cases.memory_layout import LAYOUTS

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

import torch

from bptt_check.subjects.autograd import arranged_tensor
from bptt_check.subjects.torch import from_function, from_module

LINE = "rnn-tanh+linear T=3 B=2 D=2 H=3 seed=1"
ORACLES = ["complex_step", "finite_difference"]


def check(subject: Any, line: str = LINE) -> bc.CaseReport:
    """The report on one case."""
    return bc.check(subject, bc.Spec.parse(line).build(), ORACLES)


def raw(tensor: torch.Tensor) -> torch.Tensor:
    """What a kernel reads that takes the address of a tensor and its shape, and no strides."""
    memory = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
    beyond = torch.full((tensor.numel(),), 0.1, dtype=tensor.dtype)  # there lies anything
    return torch.cat([memory, beyond])[: tensor.numel()].reshape(tensor.shape)


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """What the same kernel reads that asks for contiguous memory first."""
    return raw(tensor.clone(memory_format=torch.contiguous_format))


class Kernel(torch.autograd.Function):
    """An rnn of one layer whose backward is written by hand."""

    read: ClassVar = {"inputs": plain, "cotangents": plain}
    carries_always = True
    knows_unused = True

    @classmethod
    def module(cls, case: Any) -> Any:
        """`(y, h_n)` of a case."""
        p = case.params
        return cls.apply(case.x, case.h0[0], p["W_xh_l0"], p["W_hh_l0"], p["b_h_l0"])

    @classmethod
    def setup(cls, ctx: Any) -> None:
        """Whether unused outputs get zeros, as is autograd's default."""
        ctx.set_materialize_grads(False)

    @classmethod
    def forward(cls, ctx: Any, x: Any, h: Any, W: Any, U: Any, b: Any) -> Any:
        cls.setup(ctx)
        x, h, W, U, b = (cls.read["inputs"](t) for t in (x, h, W, U, b))
        states = [h]
        for x_t in x:
            states.append(torch.tanh(x_t @ W.T + states[-1] @ U.T + b))
        ctx.save_for_backward(x, W, U, torch.stack(states))
        return torch.stack(states[1:]), states[-1][None].clone()

    @classmethod
    def backward(cls, ctx: Any, y_bar: Any, h_n_bar: Any) -> Any:
        x, W, U, states = ctx.saved_tensors
        if y_bar is None and not cls.knows_unused:
            return None, None, None, None, None
        y_bar = torch.zeros_like(states[1:]) if y_bar is None else cls.read["cotangents"](y_bar)
        h_bar = torch.zeros_like(states[0])
        if h_n_bar is not None:
            h_bar = h_bar + cls.read["cotangents"](h_n_bar)[0]
        a_bars = []
        for t in reversed(range(len(x))):
            a_bar = (h_bar + y_bar[t]) * (1 - states[t + 1] ** 2)
            a_bars.insert(0, a_bar)
            carried = cls.carries_always or ctx.needs_input_grad[1]
            h_bar = a_bar @ U if carried else torch.zeros_like(h_bar)
        bars = torch.stack(a_bars)
        W_bar = torch.einsum("tbh,tbd->hd", bars, x)
        U_bar = torch.einsum("tbh,tbk->hk", bars, states[:-1])
        return bars @ W, h_bar, W_bar, U_bar, bars.sum((0, 1))


class ReadsInputs(Kernel):
    """Takes the address of its inputs."""

    read: ClassVar = {"inputs": raw, "cotangents": plain}


class ReadsCotangents(Kernel):
    """Takes the address of what comes back."""

    read: ClassVar = {"inputs": plain, "cotangents": raw}


class CarriesOnDemand(Kernel):
    """Carries the state's cotangent only where that of `h0` is wanted."""

    carries_always = False


class GivesUp(Kernel):
    """Takes an output that nobody used for a backward that nobody needs."""

    knows_unused = False


# --- memory -----------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.int64])
def test_an_arranged_tensor_has_the_numbers_and_lies_as_an_array_does(layout, dtype):
    """Strides as those of the NumPy array in the same layout."""
    from bptt_check.cases.memory_layout import arranged

    for shape in ((), (1,), (4,), (2, 3), (2, 1, 3)):
        for tensor in (torch.arange(np.prod(shape, dtype=int)).reshape(shape), torch.zeros(shape)):
            own = arranged_tensor(tensor.to(dtype), layout)
            array = arranged(tensor.to(dtype).numpy(), layout)

            assert torch.equal(own, tensor.to(dtype))
            assert own.dtype == dtype
            long = [n for n, size in enumerate(shape) if size > 1]
            steps = [own.stride(n) * own.element_size() for n in long]
            assert steps == [array.strides[n] for n in long]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("module", "line"),
    [
        (torch.nn.LSTM, "lstm+2layers+bidirectional T=4 B=3 lengths"),
        (torch.nn.LSTM, "lstm+linear T=3 B=2 initial_state=zero inputs=alike"),
        (torch.nn.GRU, "gru+mse+mean T=3 B=2 dtype=float32"),
        (torch.nn.RNN, "rnn-relu+bce+last T=3 B=2 lengths=equal"),
    ],
)
def test_the_modules_of_torch_pass_in_every_layout(layout, module, line):
    """They ask every tensor for its strides."""
    report = bc.check(
        from_module(module),
        bc.Spec.parse(f"{line} layout={layout}").build(),
        ["torch", "finite_difference"],
    )

    assert report.passed, report.message


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_kernel_that_asks_for_contiguous_memory_passes_in_every_layout(layout):
    """The right sibling of those below."""
    line = f"{LINE} inputs=alike layout={layout}"

    assert check(from_function(Kernel.module), line).passed


@pytest.mark.parametrize("layout", ["fortran", "strided", "offset"])
@pytest.mark.parametrize("kernel", [ReadsInputs, ReadsCotangents])
def test_a_kernel_that_reads_by_address_is_wrong_in_another_layout(kernel, layout):
    """Of its inputs, or of the cotangents that autograd hands to its backward."""
    subject = from_function(kernel.module)

    assert check(subject).passed
    assert check(subject, f"{LINE} layout={layout}").verdict.failing


def test_a_kernel_that_reads_an_expanded_cotangent_by_address_is_wrong():
    """That of a sum is one number with strides of zero; here its sequences are alike."""
    subject = from_function(ReadsCotangents.module)
    alike = LINE.replace("seed", "inputs=alike seed")

    assert check(subject, alike).passed
    report = check(subject, f"{alike} layout=expanded")
    assert report.verdict == "fail"
    assert "your forward is right" in report.message


def test_an_expanded_input_that_is_read_by_address_is_wrong():
    """`h0` of zeros, expanded to the batch, is right by luck; `x` of equal steps is not."""
    report = check(from_function(ReadsInputs.module), f"{LINE} inputs=alike layout=expanded")

    assert report.verdict.failing


# --- whose gradients are wanted ---------------------------------------------------------------


def test_only_wanted_inputs_require_grad():
    """A function sees it, and the answer has no others."""
    seen: list[list[str]] = []

    def function(case: Any) -> Any:
        inputs = {**case.params, "x": case.x, "h0": case.h0}
        seen.append([n for n, t in inputs.items() if t.requires_grad])
        return Kernel.module(case)

    from dataclasses import replace

    case = bc.Spec.parse(LINE).build()
    result = from_function(function)(replace(case, wanted=("x", "W_hh_l0")))

    assert seen == [["W_hh_l0", "x"]]
    assert list(result.grads) == ["x", "W_hh_l0"]


def test_a_state_that_is_carried_only_for_h0_is_found():
    """All gradients are right as long as that of `h0` is asked for too."""
    subject = from_function(CarriesOnDemand.module)
    report = check(subject)

    assert report.verdict == "fail"
    assert report.cause.call.kind is FollowUpKind.SUBSET
    assert "h0" not in report.cause.call.names
    assert "right when asked once, but not when only the gradients of W_xh_l0" in report.message
    assert "must still flow on to what lies before it" in report.message
    assert check(subject, LINE.replace("T=3", "T=1")).passed


def test_an_unused_output_that_ends_the_backward_is_found():
    """`h_n` alone goes into the loss, and the cotangent of `y` is None."""
    report = check(from_function(GivesUp.module))

    assert report.verdict == "fail"
    assert report.cause.call.kind is FollowUpKind.UNUSED_OUTPUT
    assert "right when asked once, but not where the loss does not depend on y:" in report.message


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kernel", [Kernel, CarriesOnDemand, GivesUp])
def test_a_run_finds_what_a_check_finds(kernel, seed):
    """Within some thirty cases; the right kernel passes them."""
    subject = from_function(kernel.module)
    report = bc.verify(subject, ["rnn-tanh+linear"], cases=32, oracles=ORACLES, seed=seed)

    assert report.verdict.failing == (kernel is not Kernel), report.message
    if kernel is CarriesOnDemand:
        assert "right when asked once, but not when only" in report.message


def test_a_loss_that_depends_on_no_wanted_input_has_zeros():
    """The first step's weights of a sequence of one step, say; nothing is raised."""
    from dataclasses import replace

    case = bc.Spec.parse("rnn-tanh T=1 B=1 D=1 H=1 O=2").build()
    subject = from_function(lambda c: (c.x * c.params["W_xh_l0"]).sum())
    result = subject(replace(case, wanted=("h0",)))

    assert result.grads["h0"].tolist() == [[[0.0]]]
