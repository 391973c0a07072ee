"""The backward pass of a torch subject: where the tensors lie that autograd hands to its code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..cases.memory_layout import LARGE, placement
from ..equations.namespaces.torch import Torch
from ..errors import SpecError
from .tensors import Fields, Frame, loss_of

Gradients = Sequence["torch.Tensor | None"]
"""One for each tensor; None where nothing flows."""


@dataclass(frozen=True, eq=False)
class BackwardPass:
    """A backward pass from a loss, which is computed of the arrays `ours`, to `leaves`."""

    frame: Frame
    inputs: Fields
    ours: Fields
    leaves: Mapping[str, torch.Tensor]
    layout: str
    some_wanted: bool

    def of(self, returned: Any) -> tuple[torch.Tensor, Gradients]:
        """The loss of what a function returned, and the gradient of each leaf.

        Of outputs autograd gets the cotangents in the case's memory layout, and none where the loss
        does not depend on one.
        """
        outputs = _outputs(returned)
        if not outputs:
            loss = self._loss(returned)
            return loss, _grads([loss], self.leaves)
        cut = [o.detach().requires_grad_(o.requires_grad) for o in outputs]
        loss = self._loss(_like(returned, cut))
        ends = {str(n): t for n, t in enumerate(cut) if t.requires_grad}
        both = _grads([loss], {**ends, **self.leaves})
        cotangents = [None if c is None else self._arranged(c) for c in both[: len(ends)]]
        starts = [o for o in outputs if o.requires_grad]
        through = _grads(starts, self.leaves, cotangents)
        pairs = zip(both[len(ends) :], through, strict=True)
        return loss, [b if a is None else a if b is None else a + b for a, b in pairs]

    def _loss(self, returned: Any) -> torch.Tensor:
        loss = loss_of(Torch(), self.frame, self.inputs, self.ours, returned)
        return _scalar(loss, may_be_constant=self.some_wanted)

    def _arranged(self, cotangent: torch.Tensor) -> torch.Tensor:
        return arranged_tensor(cotangent, self.layout)


def _outputs(returned: Any) -> list[torch.Tensor]:
    """The outputs (y, states...) that a function returned; none if it is a loss, or no outputs."""
    if not isinstance(returned, tuple) or len(returned) != 2:
        return []
    y, last = returned
    steps = list(y) if isinstance(y, list) else [y]
    outputs = [*steps, *(last if isinstance(last, tuple) else (last,))]
    return outputs if all(isinstance(o, torch.Tensor) for o in outputs) else []


def _like(returned: Any, outputs: Sequence[torch.Tensor]) -> Any:
    """Outputs as the function returned them: a list of steps is one again."""
    count = len(returned[0]) if isinstance(returned[0], list) else 1
    y = list(outputs[:count]) if isinstance(returned[0], list) else outputs[0]
    return y, tuple(outputs[count:])


def _grads(
    starts: Sequence[torch.Tensor],
    ends: Mapping[str, torch.Tensor],
    cotangents: Gradients | None = None,
) -> Gradients:
    """Gradients of all starts together that depend on anything, and have a cotangent."""
    given = [None] * len(starts) if cotangents is None else cotangents
    used = [
        (start, cotangent)
        for start, cotangent in zip(starts, given, strict=True)
        if start.requires_grad and (cotangents is None or cotangent is not None)
    ]
    if not used:
        return [None] * len(ends)
    return torch.autograd.grad(
        [start for start, _ in used],
        list(ends.values()),
        [cotangent for _, cotangent in used],
        allow_unused=True,
    )


def arranged_tensor(tensor: torch.Tensor, layout: str) -> torch.Tensor:
    """A copy of a tensor in a layout of `memory_layout.LAYOUTS`; see `memory_layout.arranged`."""
    place = placement(tensor, layout)
    gap = float("nan") if tensor.is_floating_point() else LARGE
    buffer = torch.full((place.size,), gap, dtype=tensor.dtype, device=tensor.device)
    stored = buffer.as_strided(place.shape, place.strides, place.offset)
    stored.copy_(tensor[tuple(slice(n) for n in place.shape)].detach())
    return stored.expand(tensor.shape)


def _scalar(loss: Any, may_be_constant: bool) -> torch.Tensor:
    if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
        what = tuple(loss.shape) if isinstance(loss, torch.Tensor) else type(loss).__name__
        raise SpecError(f"a torch function must return one number as a tensor, got {what}.")
    if not loss.requires_grad and not may_be_constant:
        raise SpecError(
            "the loss depends on no tensor that requires grad: look for .detach(), .item(), "
            ".numpy() or torch.no_grad() on the way to it."
        )
    return loss.reshape(())
