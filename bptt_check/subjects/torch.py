"""PyTorch code as a subject: its backward pass is what autograd makes of it.

So what is tested is a custom `autograd.Function`, a kernel, a module. Nothing process-wide is left
changed: no default dtype or device, no state of random numbers, no number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ..cases.arrays.handover import Handover
from ..cases.case import Case
from ..cases.model import Model
from ..cases.result import Result
from ..cases.types import Array
from ..cases.written.reproduction import Construction
from ..equations.namespaces.torch import threads
from ..errors import SpecError, Unsupported
from .autograd import BackwardPass, arranged_tensor
from .module_parameters import contract_parameters, named_by_convention
from .tensors import TensorCase, arrays_of, frame_of, handed_over, tensor_case

Supports = Callable[[Model], bool]

CELLS: dict[type[torch.nn.Module], str] = {
    torch.nn.RNN: "rnn",
    torch.nn.LSTM: "lstm",
    torch.nn.GRU: "gru",
}
"""torch's own modules and the cell that each is."""


def from_function(
    function: Callable[[TensorCase], Any],
    *,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    threads: int = 1,
    name: str | None = None,
    supports: Supports | None = None,
) -> TorchSubject:
    """A subject that differentiates a function of tensors by autograd.

    Args:
        function: takes a `TensorCase`, a case whose arrays are tensors (parameters, `x`, `h0`, `c0`
            require grad) and returns the loss, or `(y, h_n)` or `(y, (h_n, c_n))` as torch's
            modules do, whose loss is then computed for it. Tensors lie in memory as the case says,
            and so do the cotangents of such outputs.
        device: where the tensors live.
        dtype: in which it computes; None is the case's. Gradients come back in the case's.
        threads: of torch on the CPU during a call; one is fastest for cases of this size.
        name: in reports; None is that of the function.
        supports: tells whether a model can be asked for; None is always.

    Raises:
        SpecError: the device is not there, or the dtype is no floating point.
    """
    own = name or getattr(function, "__qualname__", type(function).__name__)
    options: dict[str, Any] = {"device": device, "dtype": dtype, "threads": threads, "name": name}
    made_by = _construction(from_function, function, {**options, "supports": supports})
    return TorchSubject(
        function, _device(device), _dtype(dtype), threads, own, supports or _always, made_by
    )


def from_module(
    factory: Callable[..., torch.nn.Module],
    *,
    cell: str | None = None,
    packed: bool = True,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    threads: int = 1,
    name: str | None = None,
) -> TorchSubject:
    """A subject of a module that is built and called as `torch.nn.RNN`, `LSTM` and `GRU` are.

    Its parameters have torch's names (`weight_ih_l0`, `bias_hh_l1_reverse`, ...), the call is
    `module(x, (h0, c0)) -> y, (h_n, c_n)`.

    Args:
        factory: called with `input_size, hidden_size, num_layers, bias=, bidirectional=` (and
            `nonlinearity=` for `cell="rnn"`).
        cell: `"rnn"`, `"lstm"` or `"gru"`; None for torch's own modules.
        packed: whether the module takes a `PackedSequence`; cases with lengths are declined if not.
        device, dtype, threads, name: as for `from_function`.

    Raises:
        SpecError: the cell is unknown, or the device is not there.
    """
    known = [c for t, c in CELLS.items() if isinstance(factory, type) and issubclass(factory, t)]
    chosen = cell or next(iter(known), "")
    if chosen not in CELLS.values():
        raise SpecError(f"cell must be one of {', '.join(CELLS.values())}, got {cell!r}.")
    own = name or getattr(factory, "__qualname__", type(factory).__name__)
    run = _Module(factory, chosen, packed)
    options: dict[str, Any] = {"device": device, "dtype": dtype, "threads": threads, "name": name}
    made_by = _construction(from_module, factory, {"cell": cell, "packed": packed, **options})
    return TorchSubject(run, _device(device), _dtype(dtype), threads, own, run.supports, made_by)


DEFAULTS: dict[str, Any] = {"device": "cpu", "threads": 1, "packed": True}
"""Options of the makers above that are not None where nothing is said."""


def _construction(
    maker: Callable[..., Any], of: Callable[..., Any], options: Mapping[str, Any]
) -> Construction:
    """The call that made a subject, without what it would have been anyway."""
    told = {n: v for n, v in options.items() if v is not DEFAULTS.get(n)}
    return Construction(maker, (of,), told)


@dataclass(frozen=True, eq=False)
class TorchSubject:
    """`case -> Result` through autograd."""

    function: Callable[[TensorCase], Any]
    device: torch.device
    dtype: torch.dtype | None
    threads: int
    name: str
    supports: Supports
    construction: Construction | None = None
    takes_handover = True

    most_subsets = 1000
    """Only the inputs in `case.wanted` require grad; about one case any number of them is asked."""

    def __call__(self, case: Case | Handover) -> Result:
        """Loss and gradients of a case, on the CPU and in its dtype; in a convention by the names
        that this has.

        Raises:
            SpecError: what the function returned does not depend on the case, or has no gradient.
        """
        handed = handed_over(case)
        layout = handed.case.layout
        kind = self.dtype or getattr(torch, handed.dtype)

        def convert(array: Array) -> torch.Tensor:
            real = array.dtype.kind == "f"
            return torch.tensor(array, device=self.device, dtype=kind if real else None)

        of = frame_of(handed)
        with torch.inference_mode(False), torch.enable_grad(), threads(self.threads):
            arrays = arrays_of(handed, convert)
            inputs = {n: arranged_tensor(t, layout) for n, t in arrays["inputs"].items()}
            constants = {n: arranged_tensor(t, layout) for n, t in arrays["constants"].items()}
            leaves = {n: inputs[n].requires_grad_() for n in handed.wanted or inputs}
            returned = self.function(tensor_case(of, inputs, constants))
            flow = BackwardPass(
                of, inputs, arrays["loss"], leaves, layout, handed.wanted is not None
            )
            loss, grads = flow.of(returned)
        return Result(
            loss.item(),
            {n: _back(g, handed.inputs[n]) for n, g in zip(leaves, grads, strict=True)},
        )


def _back(gradient: torch.Tensor | None, like: Array) -> Array:
    """A gradient as an array of the case's dtype; zero where autograd says nothing flows."""
    if gradient is None:
        return np.zeros_like(like)
    return gradient.detach().to("cpu", getattr(torch, like.dtype.name)).numpy()


def _always(model: Model) -> bool:
    return True


def _device(device: str | torch.device) -> torch.device:
    """The device, if it can be had here."""
    try:
        chosen = torch.device(device)
        torch.zeros(1, device=chosen)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        here = ", ".join(["cpu", *(f"cuda:{n}" for n in range(count))])
        raise SpecError(f"the device {str(device)!r} is not there ({here} are): {error}") from error
    return chosen


def _dtype(dtype: torch.dtype | None) -> torch.dtype | None:
    if dtype is not None and not dtype.is_floating_point:
        raise SpecError(f"dtype must be a floating point dtype of torch, got {dtype}.")
    return dtype


@dataclass(frozen=True)
class _Module:
    """Builds the module of a case, lets autograd see our arrays as its parameters, runs it."""

    factory: Callable[..., torch.nn.Module]
    cell: str
    packed: bool

    def supports(self, model: Model) -> bool:
        """Whether torch has this cell with these options."""
        return (
            model.cell == self.cell
            and model.activation in ("tanh", "relu")
            and (model.reset_after and not model.one_bias)
        )

    def __call__(self, case: TensorCase) -> Any:
        """The outputs of the module, (y, final states)."""
        if case.truncation is not None or (case.lengths is not None and not self.packed):
            what = "truncation" if case.truncation is not None else "lengths"
            raise Unsupported(f"a call of the module has no {what}")
        module = self._built(case)
        names = case.names
        own = names is not None and names.own
        given = (named_by_convention if own else contract_parameters)(module, case)
        x, first = case.x, names is not None and names.batch_first
        if case.lengths is not None:
            x = pack_padded_sequence(x, case.lengths.cpu(), first, enforce_sorted=False)
        y, last = torch.func.functional_call(module, given, (x, _state(case)))
        if case.lengths is not None:
            y, _ = pad_packed_sequence(y, first, total_length=case.sizes.T)
        return y, last

    def _built(self, case: TensorCase) -> torch.nn.Module:
        """The module of a model, on the device and in the dtype of the case."""
        model = case.model
        options: dict[str, Any] = {"bias": model.bias, "bidirectional": model.bidirectional}
        if self.cell == "rnn":
            options["nonlinearity"] = model.activation
        devices = [case.x.device] if case.x.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):  # initialisation draws; not from the user's
            module = self.factory(case.sizes.D, case.sizes.H, model.layers, **options)
        return module.to(case.x.device, case.x.dtype).train()


def _state(case: TensorCase) -> Any:
    """The initial state; on a GPU contiguous, as cuDNN demands of whoever calls a module."""
    state = case.state
    if case.x.device.type != "cuda":
        return state
    return tuple(s.contiguous() for s in state) if isinstance(state, tuple) else state.contiguous()
