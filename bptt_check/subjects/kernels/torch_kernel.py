"""A kernel of PyTorch: its backward pass is what autograd makes of it.

So what is tested is its `autograd.Function`. Nothing process-wide is left changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import Result
from ...cases.types import Array
from ...equations.namespaces.torch import threads
from ...equations.recurrences.truth import linear_loss
from ...errors import SpecError, quoted, why
from ..autograd import arranged_tensor
from .kernel_outputs import checked_outputs, outputs_of_kernel


@dataclass(frozen=True, eq=False)
class TorchKernel:
    """`case -> Result` through autograd.

    Args:
        function: of tensors by name; a module will do.
        name: in reports.
        device: where the tensors live; what comes back is judged on the CPU.
        address: by which the command line takes it.
    """

    function: Callable[..., Any]
    name: str
    device: str = "cpu"
    address: str = ""
    most_subsets = 1000

    def __post_init__(self) -> None:
        try:
            torch.empty(0, device=self.device)
        except (RuntimeError, AssertionError) as error:  # unknown, or of hardware that is not here
            raise SpecError(
                f"torch has no device {quoted(self.device)} here: {why(error)}."
            ) from None

    def __call__(self, case: RecurrenceCase) -> Result:
        """Outputs, and the gradients of the inputs that are wanted.

        Raises:
            BrokenContract: an output is missing or has another shape.
        """
        with torch.inference_mode(False), torch.enable_grad(), threads(1):
            given = {n: self._tensor(case, n, a) for n, a in case.inputs.items()}
            fixed = {n: self._constant(case, n, v) for n, v in case.constants.items()}
            leaves = {n: given[n].requires_grad_() for n in case.wanted or given}
            named = outputs_of_kernel(self.function(**given, **fixed))
            outputs = checked_outputs({n: _array(o) for n, o in named.items()}, case)
            seeds = self._seeds(case, named)
            grads = _pulled_back(named, seeds, leaves)
        self._show_writes(case, {**given, **fixed}, seeds)
        return Result(
            linear_loss(case, outputs),
            {n: _gradient(g, case.inputs[n]) for n, g in zip(leaves, grads, strict=True)},
            outputs=outputs,
        )

    def _tensor(self, case: RecurrenceCase, name: str, array: Array) -> torch.Tensor:
        kind = getattr(torch, case.precision_of(name)) if array.dtype.kind == "f" else None
        return arranged_tensor(torch.tensor(array, device=self.device, dtype=kind), case.layout)

    def _constant(self, case: RecurrenceCase, name: str, value: Any) -> Any:
        return self._tensor(case, name, value) if isinstance(value, np.ndarray) else value

    def _seeds(self, case: RecurrenceCase, named: dict[str, Any]) -> dict[str, torch.Tensor]:
        """The cotangents in the memory layout of the case; none of an output that has no part in
        the loss, or does not depend on what has a gradient.
        """
        return {
            n: arranged_tensor(self._cotangent(case, n, named[n]), case.layout_of_cotangents)
            for n in case.cotangents
            if _requires_grad(named[n])
        }

    def _cotangent(self, case: RecurrenceCase, name: str, output: torch.Tensor) -> torch.Tensor:
        return torch.tensor(case.cotangent(name), device=self.device).to(output.dtype)

    def _show_writes(
        self, case: RecurrenceCase, given: dict[str, Any], seeds: dict[str, torch.Tensor]
    ) -> None:
        """What was written to tensors is written to the arrays of the case, where it is seen:
        autograd sees nothing of what a kernel does by address.
        """
        pairs = [(t, {**case.inputs, **case.constants}[n]) for n, t in given.items()]
        pairs += [(seed, case.cotangent(n)) for n, seed in seeds.items()]
        for tensor, array in pairs:
            if isinstance(array, np.ndarray) and array.flags.writeable:
                now = tensor.detach().to("cpu")
                if not torch.equal(now, torch.tensor(array).to(now.dtype)):
                    array[...] = now.to(torch.float64).numpy()


def _pulled_back(
    named: dict[str, Any], seeds: dict[str, torch.Tensor], leaves: dict[str, torch.Tensor]
) -> tuple[torch.Tensor | None, ...]:
    """The gradient of each leaf."""
    if not seeds:
        return (None,) * len(leaves)
    starts = [named[n] for n in seeds]
    return torch.autograd.grad(starts, [*leaves.values()], [*seeds.values()], allow_unused=True)


def _requires_grad(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _array(value: Any) -> Any:
    """An output on the CPU, in float64 if it is real."""
    if not isinstance(value, torch.Tensor):
        return value
    value = value.detach().to("cpu")
    return (value if value.is_complex() else value.to(torch.float64)).resolve_conj().numpy()


def _gradient(gradient: torch.Tensor | None, like: Array) -> Array:
    """A gradient as it is stored; zero where autograd says nothing flows."""
    if gradient is None:
        return np.zeros_like(like)
    return gradient.detach().to("cpu", getattr(torch, like.dtype.name)).numpy()
