"""What a subject does with its gradients is called where offered, and cannot spoil the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.budgets import Gradients
from support.checks import check
from support.right import right

from bptt_check.cases.case import Case


class WithClip:
    """A right subject whose `clip` does something else."""

    name = "with_clip"

    def __init__(self, clip: Callable[..., Any]) -> None:
        self.clip = clip

    def __call__(self, case: Case) -> Any:
        return right(case)


def clipped(grads: Gradients, max_norm: float) -> Gradients:
    """Clipping by the global norm."""
    norm = np.sqrt(sum(float((g**2).sum()) for g in grads.values()))
    return {n: g * min(1.0, max_norm / norm) for n, g in grads.items()}


def leaves(grads: Gradients, max_norm: float) -> Gradients:
    """Ends the process."""
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("clip", "verdict"),
    [
        (clipped, "pass"),
        (lambda grads, max_norm: grads, "fail"),
        pytest.param(
            lambda grads, max_norm: None,
            "error",
        ),
        pytest.param(
            leaves,
            "error",
        ),
    ],
)
def test_what_a_subject_does_with_its_gradients_cannot_spoil_the_run(clip, verdict):
    """`clip` is foreign code like the subject itself."""
    assert check(WithClip(clip)).verdict == verdict
