"""Arrays of NumPy, torch and JAX as expressions."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

_X64 = "jax.config.update('jax_enable_x64', True)"
_WIDE = ("float64", "complex128", "int64", "uint64")


@dataclass(frozen=True)
class ArrayText:
    """An expression for an array.

    Args:
        text: of it.
        modules: name of each module that it needs to what it is called there.
        before: lines that must have run.
    """

    text: str
    modules: dict[str, str]
    before: tuple[str, ...] = ()


def is_array(value: Any) -> bool:
    """Whether an object is an array of NumPy, torch or JAX whose numbers can be written."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind in "fiubc" or value.dtype.name == "bfloat16"
    return _is_tensor(value) or _is_of_jax(value)


def numbers_of(value: Any) -> Any:
    """Its numbers in lists, as deep as it has axes."""
    return value.detach().tolist() if _is_tensor(value) else value.tolist()


def array_text(value: Any, numbers: str) -> ArrayText:
    """An expression for an array of such numbers.

    Args:
        value: the array.
        numbers: an expression for its numbers, in lists or in an array of NumPy.
    """
    if _is_tensor(value):
        device = "" if value.device.type == "cpu" else f", device={str(value.device)!r}"
        grad = ", requires_grad=True" if value.requires_grad else ""
        return ArrayText(
            f"torch.tensor({numbers}, dtype={value.dtype}{device}{grad})", {"torch": "torch"}
        )
    dtype = value.dtype.name
    if _is_of_jax(value):
        before = (_X64,) if dtype in _WIDE else ()
        return ArrayText(f"jax.numpy.asarray({numbers}, {dtype!r})", {"jax": "jax"}, before)
    if dtype == "bfloat16":  # NumPy knows its name only where this module was imported
        modules = {"numpy": "np", "ml_dtypes": "ml_dtypes"}
        return ArrayText(f"np.array({numbers}, ml_dtypes.bfloat16)", modules)
    return ArrayText(f"np.array({numbers}, {dtype!r})", {"numpy": "np"})


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _is_of_jax(value: Any) -> bool:
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(value, jax.Array)
