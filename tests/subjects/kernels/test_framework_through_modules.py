"""A function that calls what is in a module is of the framework of that function."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import torch

from bptt_check.subjects.kernels.framework import framework_of


def doubled(x: Any) -> Any:
    """In torch."""
    return torch.mul(x, 2.0)


kernels = types.ModuleType("kernels")
vars(kernels).update(doubled=doubled, halved=lambda x: np.divide(x, 2.0))


def test_it_is_that_of_what_is_called():
    """Not that of what else the module has."""
    assert framework_of(lambda x: kernels.doubled(x)) == "torch"
    assert framework_of(lambda x: kernels.halved(x)) == "numpy"
