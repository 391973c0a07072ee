"""Right implementations that round to nearest."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.rounding_to_nearest import (
    every_operation_rounded,
    right_implementations,
    rounded_once,
    targets,
)
from bptt_check.cases.case import Spec
from bptt_check.cases.precision import PRECISIONS


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_own_implementations_round_to_nearest(dtype: str):
    """Both give numbers of the dtype, and they are not the same ones."""
    case = Spec.parse(f"lstm T=4 B=2 D=3 H=4 O=3 dtype={dtype}").build()
    once, every = rounded_once(case)[1], every_operation_rounded(case)[1]

    for grads in (once, every):
        assert all(np.array_equal(PRECISIONS[dtype].rounded(g), g) for g in grads.values())
    assert any(not np.array_equal(once[n], every[n]) for n in once)


def test_every_family_is_measured_and_compiled_code_on_one_size():
    """A program that is compiled for each shape sees cases of one."""
    chosen = targets()
    fixed = [t for t in chosen if t.sizes is not None]

    assert {t.model.family for t in fixed} == {t.model.family for t in chosen}
    assert len({t.name for t in chosen}) == len(chosen)
    assert {"rounded once", "every operation rounded"} <= set(right_implementations())
