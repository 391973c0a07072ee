"""Whether results in half precision are the truth rounded once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.decayed_sum import INPUTS, decayed_sum, kernel_with

import bptt_check as bc
from bptt_check.cases.precision import PRECISIONS
from bptt_check.report.facts.rounded_once import dtypes_rounded_once

SAID = "bfloat16: results are the truth rounded once"


def report_of(kernel: Any, dtype: str = "bfloat16", cases: int = 40) -> Any:
    """Of some cases that pass."""
    report = bc.verify_against(kernel, decayed_sum, INPUTS, cases, (dtype,))
    assert report.passed, report.message
    return report


def rounded(grads: dict[str, Any]) -> dict[str, Any]:
    """Gradients as bfloat16 has them."""
    return {n: PRECISIONS["bfloat16"].rounded(g) for n, g in grads.items()}


def throughout(x: Any, decay: Any) -> Any:
    """Every operation rounds."""
    nearest = PRECISIONS["bfloat16"].rounded
    h, states = np.zeros_like(decay), []
    for x_t in x:
        h = nearest(nearest(decay * h) + x_t)
        states.append(h)
    return np.stack(states)


def uneven(grads: dict[str, Any]) -> dict[str, Any]:
    """Gradients that were rounded more than once: two units off, in either direction."""
    nearest = PRECISIONS["bfloat16"].rounded
    seed = [abs(int(g.sum() * 2**16)) for g in grads.values()]
    rng = np.random.default_rng(seed)
    signs = {n: rng.choice((-1.0, 1.0), g.shape) for n, g in grads.items()}
    return {n: nearest(g * (1.0 + signs[n] * 2.0**-6)) for n, g in grads.items()}


def test_float32_inside_is_seen() -> None:
    report = report_of(kernel_with(rounded))
    assert dtypes_rounded_once(report.run) == ["bfloat16"]
    assert SAID in " ".join(report.message.split())


def test_a_state_that_is_rounded_at_each_step_is_not() -> None:
    report = report_of(kernel_with(uneven, throughout))
    assert dtypes_rounded_once(report.run) == []
    assert SAID not in " ".join(report.message.split())


@pytest.mark.parametrize(("dtype", "cases"), [("float32", 40), ("bfloat16", 4)])
def test_nothing_is_said_of_other_dtypes_or_few_cases(dtype: str, cases: int) -> None:
    change = rounded if dtype == "bfloat16" else (lambda grads: grads)
    assert dtypes_rounded_once(report_of(kernel_with(change), dtype, cases).run) == []
