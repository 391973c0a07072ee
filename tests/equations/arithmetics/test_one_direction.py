"""Errors of arithmetics whose errors have one direction."""

from __future__ import annotations

import numpy as np
import pytest
from support.implementations import Numpy
from support.rounded_results import RoundedResults

from bptt_check.cases.case import Spec
from bptt_check.equations.arithmetics.one_direction import NAMES, OneDirection, errors_in
from bptt_check.equations.exact import exact_gradients

LINES = [f"{m} T=6 B=3 D=3 H=4 O=3 seed=3" for m in ("rnn-tanh", "lstm", "gru")]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("line", LINES)
def test_code_that_truncates_has_the_errors_of_truncation(line: str, dtype: str) -> None:
    """Code not ours, every result of which is cut off; cut to the nearest it has others."""
    case = Spec.parse(f"{line} dtype={dtype}").build()
    exact = exact_gradients(case)
    known = errors_in(OneDirection.TRUNCATING, case, exact)

    def likeness(truncate: bool) -> float:
        _, grads = RoundedResults(Numpy(), truncate)(case)
        one = np.concatenate([(grads[n] - exact[n]).ravel() for n in exact])
        other = np.concatenate([known[n].ravel() for n in exact])
        return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))

    assert likeness(truncate=True) > 0.8
    assert abs(likeness(truncate=False)) < 0.5


@pytest.mark.parametrize("known", OneDirection)
def test_each_has_errors_and_a_name(known: OneDirection) -> None:
    """None is zero, none is a multiple of the gradient."""
    case = Spec.parse(f"{LINES[1]} dtype=bfloat16").build()
    exact = exact_gradients(case)
    error, true = errors_in(known, case, exact)["W_hh_l0"], exact["W_hh_l0"]

    assert 1e-4 < np.linalg.norm(error) / np.linalg.norm(true) < 0.2
    assert not np.allclose(error / true, (error / true).flat[0], rtol=0.1)
    assert NAMES[known]
