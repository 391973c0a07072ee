"""The truth of a case of a recurrence, and how much of each entry is rounding."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.cases.precision import PRECISIONS
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceCase, RecurrenceSpec
from bptt_check.equations.conditioning import conditioning, conditioning_in_float64
from bptt_check.equations.recurrences import truth
from bptt_check.recurrences.code import reference_code

INPUTS = bc.Inputs(
    x="T B", decay=bc.between(0.25, 1.0, "T B"), S="B", sizes={"T": (1, 60), "B": (1, 3)}, time="T"
)


def states(x: Any, decay: Any, S: Any) -> Any:
    """All states, and the last."""
    every = []
    for x_t, decay_t in zip(x, decay, strict=True):
        S = decay_t * S + x_t
        every.append(S)
    return np.stack(every), S


def folded(x: Any, decay: Any, S: Any) -> Any:
    """A chaotic map, which multiplies rounding by six in the mean of its steps."""
    for _ in range(60):
        S = 3.0 * np.sin(3.0 * S)
    return S


def logistic(x: Any, decay: Any, S: Any) -> Any:
    """A chaotic map between 0 and 1, which leaves them for ever where it is rounded beyond."""
    for _ in range(60):
        S = 4.0 * S * (1.0 - S)
    return S


def halves(x: Any, decay: Any, S: Any) -> Any:
    """Of decay only what cancels is used."""
    return x + (decay - decay) * S


def case_of(function: Any = states, T: int = 5, B: int = 2, **words: Any) -> RecurrenceCase:
    recurrence = Recurrence("sums", INPUTS, reference_code(function))
    return RecurrenceSpec(recurrence, (("T", T), ("B", B)), **{"dtype": "float32", **words}).build()


def test_outputs_and_gradients_are_those_of_the_equations():
    """By hand: x_t_bar = S_t_bar, decay_t_bar = S_t_bar S_{t-1}."""
    case = case_of()
    found = truth.evaluation_of(case)
    x, decay, S = (case.arrays[n] for n in ("x", "decay", "S"))
    every, last = states(x, decay, S)
    before = np.concatenate([S[np.newaxis], every[:-1]])
    bar, bars = case.cotangents["output[1]"], np.empty_like(x)
    for t in reversed(range(5)):
        bars[t] = bar = bar + case.cotangents["output[0]"][t]
        bar = decay[t] * bar

    for name, want in {"output[0]": every, "output[1]": last}.items():
        np.testing.assert_array_equal(found.outputs[name], want)
    # four products and sums of float64 in a step, of numbers whose sizes add up to this
    sizes = 64 * np.finfo(float).eps * (1.0 + np.abs(bars).max()) * (1.0 + np.abs(before).max())
    for name, want in {"x": bars, "decay": bars * before, "S": bar}.items():
        np.testing.assert_allclose(found.grads[name], want, rtol=0.0, atol=sizes)


def test_the_loss_is_the_sum_of_outputs_times_cotangents():
    case = case_of()
    outputs = truth.evaluation_of(case).outputs
    one = replace(case, cotangents={"output[1]": np.array([0.0, 2.0])})

    assert truth.linear_loss(one, outputs) == 2.0 * outputs["output[1]"][1]
    assert truth.linear_loss(case, outputs) == sum(
        float(np.sum(case.cotangents[n] * outputs[n])) for n in case.cotangents
    )


def test_an_infinite_output_gives_a_loss_that_is_none_and_no_warning():
    case = case_of()
    outputs = {n: np.full_like(o, np.inf) for n, o in truth.evaluation_of(case).outputs.items()}

    assert not np.isfinite(truth.linear_loss(case, outputs))


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_rounding_of_each_entry_is_measured_in_units_of_the_dtype(dtype):
    """Runs whose operations are rounded differ from the truth by so much, not by ten times more;
    in units it is about the same for every dtype.
    """
    case = case_of(dtype=dtype, seed=3)
    found, exact = conditioning(case, dtype), truth.evaluation_of(case)
    unit = PRECISIONS[dtype].unit

    assert found.grads.keys() == {"x", "decay", "S"}
    assert found.outputs.keys() == {"output[0]", "output[1]"}
    for name, scatter in found.entries.items():
        sizes = np.abs({**exact.grads, **exact.outputs}[name])
        assert np.all(np.isfinite(scatter))
        assert np.all(found.error(name) == scatter * unit)
        assert np.median(scatter) < 8.0 * (1.0 + np.max(sizes))
        assert np.max(scatter) > 0.0


def test_rounding_grows_with_what_is_added_up():
    """Sixty steps that hardly forget, beside two."""
    short, long = (conditioning(case_of(T=T, B=1, regime="highest", dtype="bfloat16"), "bfloat16")
                   for T in (2, 60))  # fmt: skip

    assert np.median(long.outputs["output[1]"]) > 2.0 * np.median(short.outputs["output[1]"])


def test_in_a_chaotic_recurrence_every_value_may_be_right():
    """Of those that rounding decides, and of no others."""
    chaotic = conditioning(case_of(folded, dtype="bfloat16"), "bfloat16")
    calm = conditioning(case_of(dtype="bfloat16"), "bfloat16")

    assert calm.chaotic is None
    assert np.all(calm.unbounded("S") == 0.0)
    assert np.isinf(chaotic.unbounded("S")).all()
    assert np.isinf(chaotic.unbounded("output")).all()


def test_where_rounded_runs_are_infinite_no_finite_error_is_claimed():
    """Which decides nothing, though the truth is finite."""
    case = case_of(logistic, dtype="bfloat16")
    case = replace(case, arrays={**case.arrays, "S": np.array([0.3125, 0.6875])}, spec=None)
    with np.errstate(all="ignore"):
        found = conditioning(case, "bfloat16")

    assert np.isfinite(truth.evaluation_of(case).outputs["output"]).all()
    assert not np.isfinite(found.error("output")).any()


def test_a_gradient_that_cancels_is_measured_by_what_cancels():
    """It is zero in every sample; other code rounds before it subtracts."""
    case = case_of(halves, T=5, B=2)
    case = replace(case, arrays={**case.arrays, "S": np.zeros(2)}, spec=None)
    found = conditioning(case, "float32")

    assert not truth.evaluation_of(case).grads["S"].any()
    assert truth.sizes_where_zero(case).keys() == {"x", "decay", "S"}
    assert found.grads["x"].all()


def test_beside_the_rounding_of_the_dtype_that_of_float64_is_nothing():
    case = case_of(dtype="bfloat16")
    own, wide = conditioning(case, "bfloat16"), conditioning_in_float64(case)

    units = [PRECISIONS[dtype].unit for dtype in ("float64", "bfloat16")]
    for name, scatter in own.entries.items():
        np.testing.assert_array_equal(wide.error(name), scatter * units[0])
        np.testing.assert_array_equal(own.error(name), scatter * units[1])
