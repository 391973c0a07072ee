"""A kernel of PyTorch: its backward pass is what autograd makes of it.

So what is tested is its `autograd.Function`. Nothing process-wide is left changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...cases.recurrences.outputs import named_outputs
from ...cases.recurrences.recurrence import RecurrenceCase
from ...cases.result import Result
from ...cases.types import Array
from ...equations.namespaces.torch import threads
from ..autograd import arranged_tensor
from .linear_loss import checked_outputs, linear_loss


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

    def __call__(self, case: RecurrenceCase) -> Result:
        """Outputs, and the gradients of the inputs that are wanted.

        Raises:
            BrokenContract: an output is missing or has another shape.
        """
        with torch.inference_mode(False), torch.enable_grad(), threads(1):
            given = {n: self._tensor(case, n, a) for n, a in case.inputs.items()}
            fixed = {n: self._constant(case, v) for n, v in case.constants.items()}
            leaves = {n: given[n].requires_grad_() for n in case.wanted or given}
            named = named_outputs(self.function(**given, **fixed))
            outputs = checked_outputs({n: _array(o) for n, o in named.items()}, case)
            grads = self._pulled_back(case, named, leaves)
        return Result(
            linear_loss(outputs, case),
            {n: _gradient(g, case.inputs[n]) for n, g in zip(leaves, grads, strict=True)},
            outputs=outputs,
        )

    def _tensor(self, case: RecurrenceCase, name: str, array: Array) -> torch.Tensor:
        kind = getattr(torch, case.precision_of(name))
        return arranged_tensor(torch.tensor(array, device=self.device, dtype=kind), case.layout)

    def _constant(self, case: RecurrenceCase, value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        return arranged_tensor(torch.tensor(value, device=self.device), case.layout)

    def _pulled_back(
        self, case: RecurrenceCase, named: dict[str, Any], leaves: dict[str, torch.Tensor]
    ) -> tuple[torch.Tensor | None, ...]:
        """The gradient of each leaf; autograd gets no cotangent of an output without a part in the
        loss, and those of the others in the memory layout of the case.
        """
        starts = {n: named[n] for n in case.cotangents if _requires_grad(named[n])}
        if not starts:
            return (None,) * len(leaves)
        seeds = [
            arranged_tensor(
                torch.tensor(case.cotangent(n), device=self.device).to(o.dtype),
                case.layout_of_cotangents,
            )
            for n, o in starts.items()
        ]
        return torch.autograd.grad([*starts.values()], [*leaves.values()], seeds, allow_unused=True)


def _requires_grad(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _array(value: Any) -> Any:
    """An output in float64, on the CPU."""
    return value.detach().to("cpu", torch.float64).numpy() if hasattr(value, "detach") else value


def _gradient(gradient: torch.Tensor | None, like: Array) -> Array:
    """A gradient as it is stored; zero where autograd says nothing flows."""
    if gradient is None:
        return np.zeros_like(like)
    return gradient.detach().to("cpu", getattr(torch, like.dtype.name)).numpy()
