"""Plain code of a user in PyTorch: evaluated in float64, differentiated by autograd, rounded."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ..cases.recurrences.outputs import named_outputs
from ..cases.recurrences.reference_code import Evaluation
from ..cases.types import Array
from ..equations.arithmetics.rounding_model import RoundingModel
from ..equations.namespaces.torch import threads
from .torch_rounding import RoundingMode


@dataclass(frozen=True, eq=False)
class TorchCode:
    """See `ReferenceCode`.

    Args:
        function: of tensors by name; what it computes in float32 it computes in float64 here, as it
            is the definition.
    """

    function: Callable[..., Any]
    framework: str = field(default="torch", init=False)

    @functools.cached_property
    def _is_narrow(self) -> list[bool]:
        """Whether it computed in less than float64 somewhere, once that was looked at."""
        return []

    def _mode(self) -> AbstractContextManager[Any]:
        """What widens everything, for code that needs it."""
        return _Wide(self._is_narrow) if self._is_narrow != [False] else nullcontext()

    def outputs(self, arrays: Mapping[str, Any]) -> dict[str, Array]:
        """See `ReferenceCode`."""
        with threads(1), torch.no_grad(), self._mode():
            named = named_outputs(self.function(**{n: _tensor(a) for n, a in arrays.items()}))
            return {n: _array(v) for n, v in named.items()}

    def gradients(
        self, arrays: Mapping[str, Any], cotangents: Mapping[str, Array], wrt: Sequence[str]
    ) -> Evaluation:
        """See `ReferenceCode`."""
        with threads(1), torch.enable_grad(), self._mode():
            given = {n: _tensor(a) for n, a in arrays.items()}
            leaves = {n: given[n].requires_grad_() for n in wrt}
            named = named_outputs(self.function(**given))
            seeds = {n: _tensor(c) for n, c in cotangents.items()}
            grads = _pulled_back(named, seeds, leaves)
        return Evaluation({n: _array(v) for n, v in named.items()}, grads)

    def rounded(
        self,
        arrays: Mapping[str, Any],
        cotangents: Mapping[str, Array],
        wrt: Sequence[str],
        rounding: RoundingModel,
        samples: int,
    ) -> Evaluation:
        """See `ReferenceCode`."""
        given = {n: _tensor(a) for n, a in arrays.items()}
        moving = {n: t for n, t in given.items() if _is_float(t)}
        fixed = {n: t for n, t in given.items() if n not in moving}
        arithmetic = rounding.arithmetic(samples)

        def function(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            return named_outputs(self.function(**fixed, **tensors))

        with threads(1), torch.enable_grad(), self._mode():
            spread = {n: _repeated(t, samples) for n, t in moving.items()}
            leaves = {n: spread[n].requires_grad_() for n in wrt}
            seeds = {n: _repeated(_tensor(c), samples) for n, c in cotangents.items()}
            with RoundingMode(arithmetic, samples):
                named = torch.func.vmap(function)(spread)
                grads = _pulled_back(named, seeds, leaves)
        return Evaluation({n: _array(v) for n, v in named.items()}, grads)


def _pulled_back(
    outputs: Mapping[str, torch.Tensor],
    cotangents: Mapping[str, torch.Tensor],
    leaves: Mapping[str, torch.Tensor],
) -> dict[str, Array]:
    """The vector-Jacobian product; zeros where nothing flows."""
    names = [n for n in cotangents if outputs[n].requires_grad]
    if not names:
        return {n: np.zeros(leaf.shape) for n, leaf in leaves.items()}
    seeds = [cotangents[n].to(outputs[n].dtype) for n in names]
    found = torch.autograd.grad(
        [outputs[n] for n in names], [*leaves.values()], seeds, allow_unused=True
    )
    pairs = zip(leaves.items(), found, strict=True)
    return {n: np.zeros(leaf.shape) if g is None else _array(g) for (n, leaf), g in pairs}


class _Wide(TorchDispatchMode):
    """What code computes in single or half precision it computes in float64.

    Args:
        found: is set to whether there is anything of that kind.
    """

    def __init__(self, found: list[bool]) -> None:
        super().__init__()
        self._found = found
        found[:] = found or [False]

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
        """The result of an operation, in float64 where it would be a narrower float."""
        options = {**(kwargs or {})}
        if options.get("dtype") in _NARROW:
            options["dtype"] = _NARROW[options["dtype"]]
            self._found[:] = [True]
        result = func(*args, **options)
        if not isinstance(result, torch.Tensor) or result.dtype not in _NARROW:
            return result
        self._found[:] = [True]
        return result.to(_NARROW[result.dtype])


_NARROW = {
    torch.float32: torch.float64,
    torch.bfloat16: torch.float64,
    torch.float16: torch.float64,
    torch.complex64: torch.complex128,
}


def _tensor(value: Any) -> Any:
    """A tensor of the same numbers that shares no memory; what is no array stays as it is."""
    return torch.tensor(value) if isinstance(value, np.ndarray) else value


def _is_float(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _repeated(tensor: torch.Tensor, samples: int) -> torch.Tensor:
    return tensor.detach().expand(samples, *tensor.shape).clone()


def _array(value: Any) -> Array:
    if isinstance(value, torch.Tensor):
        return value.detach().resolve_conj().resolve_neg().numpy()
    return np.asarray(value)
