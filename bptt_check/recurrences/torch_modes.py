"""What is changed of PyTorch while plain code runs: floats are wide, new tensors have samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


def is_float(value: Any) -> bool:
    """Whether it is a tensor of floating-point or complex numbers."""
    return isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())


class NewTensorsMode(TorchFunctionMode):
    """Tensors that code makes for itself have samples: else `vmap` lets it write none into them.

    Args:
        yes: true in every sample.
    """

    def __init__(self, yes: torch.Tensor) -> None:
        super().__init__()
        self._yes = yes

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """What a function gives, in every sample by itself where it makes a tensor."""
        made = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in _MAKERS and is_float(made):
            return torch.where(self._yes, made, made)
        return made


_MAKERS = (
    *("empty", "empty_like", "full", "full_like", "ones", "ones_like", "zeros", "zeros_like"),
    *("new_empty", "new_full", "new_ones", "new_tensor", "new_zeros", "eye", "tensor"),
)


class WideMode(TorchDispatchMode):
    """What code computes in single or half precision it computes in float64.

    `found` says whether there was anything of that kind.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found = False

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
            self.found = True
        if not func._schema.is_mutable:
            args = tuple(self._all_wide(argument) for argument in args)
        return self._all_wide(func(*args, **options))

    def _all_wide(self, value: Any) -> Any:
        """An argument or a result of an operation: tensors, and lists of tensors at most."""
        if isinstance(value, torch.Tensor):
            return self._wide(value)
        if isinstance(value, (list, tuple)):
            parts = map(self._wide, cast("Iterable[Any]", value))
            return list(parts) if isinstance(value, list) else tuple(parts)
        return value

    def _wide(self, value: Any) -> Any:
        """The same numbers in float64: tensors from outside of the code are narrow, too."""
        if not isinstance(value, torch.Tensor) or value.dtype not in _NARROW:
            return value
        self.found = True
        return value.to(_NARROW[value.dtype])


_NARROW = {
    torch.float32: torch.float64,
    torch.bfloat16: torch.float64,
    torch.float16: torch.float64,
    torch.complex64: torch.complex128,
}
