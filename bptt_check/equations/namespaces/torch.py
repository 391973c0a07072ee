"""The equations on tensors of PyTorch."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from typing import Any

import torch

from .numpy import PythonLoop


class Torch(PythonLoop):
    """PyTorch's own functions; constants become tensors once."""

    tanh = staticmethod(torch.tanh)
    sigmoid = staticmethod(torch.sigmoid)
    relu = staticmethod(torch.relu)
    exp = staticmethod(torch.exp)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        if not isinstance(a, torch.Tensor) and not isinstance(b, torch.Tensor):
            a = torch.tensor(a, dtype=torch.float64)  # of two numbers torch makes float32
        return torch.where(torch.as_tensor(condition), a, b)

    def softplus(self, z: Any) -> Any:
        return torch.logaddexp(z, torch.zeros_like(z))

    def log_softmax(self, z: Any) -> Any:
        return torch.log_softmax(z, dim=-1)

    def concat(self, arrays: Sequence[Any]) -> Any:
        return torch.cat(tuple(arrays), dim=-1)

    def stack(self, sequence: Sequence[Any]) -> Any:
        return torch.stack(tuple(sequence), dim=-3)

    def constant(self, array: Any) -> Any:
        return torch.tensor(array, device="cpu")


@contextlib.contextmanager
def threads(count: int) -> Generator[None]:
    """So many threads in the body; on a busy machine small operations wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
