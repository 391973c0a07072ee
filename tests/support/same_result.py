"""Two results are the same, entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from bptt_check.cases.result import Result


def assert_close(got: Any, want: Any, tolerance: float, what: str = "") -> None:
    """Entries differ by at most `tolerance` of the largest."""
    got, want = np.asarray(got), np.asarray(want)
    scale = max(1.0, float(np.abs(want).max(initial=0.0)))
    assert got.shape == want.shape, what
    assert np.abs(got - want).max(initial=0.0) <= tolerance * scale, what


def assert_same(got: Result, want: Result, tolerance: float) -> None:
    """Loss and all gradients are the same."""
    assert_close(got.loss, want.loss, tolerance, "loss")
    assert set(got.grads) == set(want.grads)
    for name, array in want.grads.items():
        assert_close(got.grads[name], array, tolerance, name)
