"""Every operation of PyTorch rounds at random, in the forward and in the backward pass.

A dispatch mode sees what a function does as operations of aten, those of autograd included.
Composite ones are taken apart first, so that what cancels inside them rounds as it does in code.
Samples lie along the first axis, where `vmap` has put them; of one sample there is no such axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ..cases.types import Array
from ..equations.arithmetics.rounding import GridRounding
from .operation_call import OperationCall, as_real, has_digits
from .torch_operations import operation_rounding


class NoAxisOfSamples(Exception):
    """Samples do not lie along an axis of their own in what an operation gives."""


class RoundingMode(TorchDispatchMode):
    """Rounds every result of float64, or of complex numbers of it, that has samples along its first
    axis.

    Args:
        arithmetic: how.
        samples: how many there are; of one, results are as they are in the function.
    """

    def __init__(self, arithmetic: GridRounding, samples: int) -> None:
        super().__init__()
        self.arithmetic, self.samples = arithmetic, samples

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No compiler is meant here: else PyTorch imports its own, which takes seconds."""
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """The result of an operation of aten, rounded where that rounds.

        Raises:
            NoAxisOfSamples: samples are mixed with something else in it.
        """
        how, options = operation_rounding(func), kwargs or {}
        if how is None:
            return func(*args, **options)
        if how.folds_samples and self.samples > 1:
            raise NoAxisOfSamples(str(func))
        if how.parts is not None:
            with self:
                result = how.parts(*args, **options)
            if result is not NotImplemented:
                return _written(func, args, result)
        result = func(*args, **options)
        if how.rounded is not None:
            for number, part in enumerate(result if isinstance(result, tuple) else (result,)):
                if self._has_samples(part):
                    self._round(how.rounded, func, args, options, part, number)
        return result

    def _round(
        self,
        rounded: Callable[[OperationCall], Array | None],
        func: Any,
        args: tuple[Any, ...],
        options: Mapping[str, Any],
        result: torch.Tensor,
        number: int,
    ) -> None:
        """Round a result where it lies; what is not finite stays what it is."""
        call = OperationCall(self.arithmetic, self.samples, func, args, options, result, number)
        values = rounded(call)
        if values is None:
            return
        finite = np.isfinite(values)
        if not finite.all():
            values = np.where(finite, values, call.values)
        parts = as_real(result)
        parts.copy_(torch.from_numpy(values.reshape(parts.shape)))

    def _has_samples(self, result: Any) -> bool:
        if not has_digits(result) or not result.numel():
            return False
        return self.samples == 1 or (result.ndim > 0 and result.shape[0] % self.samples == 0)


def _written(func: Any, args: tuple[Any, ...], result: Any) -> Any:
    """Of an operation in place, what its parts gave is put where it belongs."""
    name = func._schema.name
    if name.endswith("_") and not name.endswith("__") and result is not args[0]:
        return args[0].copy_(result)
    return result
