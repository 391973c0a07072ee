"""Arithmetics that lose digits: which may be behind an answer, and what they are called."""

from __future__ import annotations

import numpy as np
import pytest
from support.few_bits import FewBits
from support.implementations import Numpy
from support.right import right

from bptt_check.cases.case import Spec
from bptt_check.cases.precision import FACTOR_FORMATS
from bptt_check.equations.arithmetics.rounding_model import RoundingModel
from bptt_check.equations.low_precision import errors_of_factors, lossy_models, rounding_name

CASE = Spec.parse("lstm T=4 dtype=float32").build()
EVEN = {n: np.ones(a.shape) for n, a in CASE.inputs.items()}


@pytest.mark.parametrize("digits", [f.digits for f in FACTOR_FORMATS])
def test_errors_of_the_same_factors_are_known(digits):
    """Those of other roundings point elsewhere, and so do those of none."""
    rounding = RoundingModel("float32", factor_digits=digits)
    other = RoundingModel("float32", factor_digits=19 - digits)
    grads = FewBits(Numpy(), digits)(CASE)[1]

    assert errors_of_factors(CASE, grads, rounding, EVEN)
    assert not errors_of_factors(CASE, grads, other, EVEN)
    assert not errors_of_factors(CASE, right(CASE)[1], rounding, EVEN)


def test_half_precision_is_tried_only_on_its_grid():
    """Eight bits would explain many a wrong formula."""
    grads = right(CASE)[1]
    on_grid = {n: np.ldexp(np.rint(np.ldexp(g, 4)), -4) for n, g in grads.items()}

    assert RoundingModel("bfloat16") not in lossy_models(CASE, grads)
    assert RoundingModel("bfloat16") in lossy_models(CASE, on_grid)


def test_every_arithmetic_has_a_name_of_its_own():
    """Of each dtype."""
    for dtype in ("float64", "float32"):
        case = Spec.parse(f"lstm T=1 dtype={dtype}").build()
        zero_but_one = {"b": np.ones(1)}
        names = [rounding_name(r) for r in lossy_models(case, zero_but_one)]
        assert len(set(names)) == len(names) >= 5
