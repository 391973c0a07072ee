"""A reference in NumPy is run in balls: what it comes to is proven, entry by entry."""

from __future__ import annotations

import importlib.util
import re

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.errors import LeftAlone, MissingFramework, SpecError, UnknownName

if importlib.util.find_spec("flint") is None:
    pytest.skip("python-flint is not installed", allow_module_level=True)

from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceCase
from bptt_check.oracles.recurrences.certified import LARGEST, CertifiedOracle
from bptt_check.recurrences.numpy_code import NumPyCode

INPUTS = bc.Inputs(
    x="T B", decay=bc.between(0.1, 0.9, "B"), sizes={"T": (1, 9), "B": (1, 3)}, time="T"
)


def reference(x, decay):
    h, outs = np.zeros_like(x[0]), []
    for x_t in x:
        h = decay * h + np.tanh(x_t)
        outs.append(h)
    return np.stack(outs), h


def forward(x, decay):
    return reference(x, decay), (x, decay)


def backward(residuals, cotangents, extra=0.0):
    x, decay = residuals
    bars, h_bar = cotangents
    hs = np.concatenate([np.zeros_like(x[:1]), reference(x, decay)[0]])
    x_bar, decay_bar = np.zeros_like(x), np.zeros_like(decay)
    h_bar = h_bar * 1.0
    for t in reversed(range(len(x))):
        h_bar = h_bar + bars[t]
        x_bar[t] = h_bar * (1.0 - np.tanh(x[t]) ** 2)
        decay_bar += h_bar * hs[t]
        h_bar = h_bar * decay
    return {"x": x_bar * (1.0 + extra), "decay": decay_bar}


def slightly_wrong(residuals, cotangents):
    return backward(residuals, cotangents, extra=1e-12)


KERNEL = bc.Vjp(forward, backward)
WRONG = bc.Vjp(forward, slightly_wrong)


def case_of(function, **arrays) -> RecurrenceCase:
    inputs = bc.Inputs(
        **{n: " ".join(str(k) for k in a.shape) for n, a in arrays.items()}, sizes={}
    )
    code = NumPyCode(function)
    bars = {n: np.ones(np.shape(a)) for n, a in code.outputs(arrays).items()}
    return RecurrenceCase(Recurrence("own", inputs, code), arrays, cotangents=bars)


def test_a_right_kernel_is_proven_right():
    """Every gradient and every output, in every case."""
    report = bc.verify_against(KERNEL, reference, INPUTS, 6, ("float64", "float32"))

    assert report.verdict == "pass"
    rows = [r for c in report.run.rows if (r := c).oracle == "certified"]
    assert {r.parameter for r in rows} == {"output[0]", "output[1]", "x", "decay"}
    assert all(r.proven for r in rows)


def test_an_error_of_some_units_is_proven_wrong():
    """Six thousand units of float64 with nothing else to compare with."""
    report = bc.verify_against(WRONG, reference, INPUTS, 6, ("float64",), oracles=["certified"])

    assert report.verdict == "fail"
    failed = {r.parameter for r in report.run.rows if r.verdict == "fail"}
    assert failed == {"x"}
    assert "proven    the true derivative is" in report.message
    assert re.search(r"x is \(1 \+ 1e-12\) times what it should be", report.message)


def test_what_cancels_in_float64_is_proven():
    """The reference itself loses six digits here; balls are raised until they have all."""
    x = np.array([0.3, 1.7])
    case = case_of(lambda x: np.expm1(x) - np.exp(x) + np.exp(x * 1e-6), x=x)
    found = CertifiedOracle(case.reference)(case)

    assert found.proven
    np.testing.assert_allclose(found.grads["x"], 1e-6 * np.exp(x * 1e-6), rtol=1e-15)
    assert np.all(found.bounds["x"] <= 1e-21)


def test_a_large_case_is_left_alone_unless_asked_for():
    case = case_of(lambda x: x * x, x=np.ones(LARGEST + 1))

    with pytest.raises(LeftAlone, match="too large to prove unless asked for: 30,001 operations"):
        CertifiedOracle(case.reference)(case)
    assert CertifiedOracle(case.reference, asked_for=True)(case).proven


def test_what_is_not_run_on_balls_is_left_alone_and_the_others_judge():
    """With the reason, in the rows of that oracle alone."""

    def sorted_sums(x, decay):
        return reference(np.sort(x, axis=1), decay)

    def kernel(x, decay):
        return sorted_sums(x, decay), (np.argsort(x, axis=1), x, decay)

    def kernel_backward(residuals, cotangents):
        order, x, decay = residuals
        grads = backward((np.take_along_axis(x, order, 1), decay), cotangents)
        x_bar = np.zeros_like(x)
        np.put_along_axis(x_bar, order, grads["x"], 1)
        return {"x": x_bar, "decay": grads["decay"]}

    report = bc.verify_against(
        bc.Vjp(kernel, kernel_backward), sorted_sums, INPUTS, 4, ("float64",)
    )

    assert report.verdict == "pass"
    reasons = {r.reason for r in report.run.rows if r.oracle == "certified"}
    assert any("np.sort, which is not run on balls" in reason for reason in reasons)


def test_a_reference_in_torch_is_not_run_on_balls():
    torch = pytest.importorskip("torch")

    def in_torch(x: torch.Tensor, decay):
        return x * decay

    with pytest.raises(SpecError, match=r"runs code in NumPy on balls; .* written in torch"):
        bc.verify_against(in_torch, in_torch, INPUTS, 1, oracles=["certified"])
    assert "certified" not in {
        r.oracle for r in bc.verify_against(in_torch, in_torch, INPUTS, 1).run.rows
    }


def test_without_flint_it_is_left_out_or_told(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "flint" else found(n, *a)
    )

    report = bc.verify_against(KERNEL, reference, INPUTS, 4)

    assert report.verdict == "pass"
    assert {r.oracle for r in report.run.rows} == {"reference", "finite_difference"}
    with pytest.raises(MissingFramework, match=r"needs python-flint.*bptt-check\[flint\]"):
        bc.verify_against(KERNEL, reference, INPUTS, 1, oracles=["certified"])


def test_an_oracle_that_there_is_not_is_told():
    with pytest.raises(UnknownName, match="certified"):
        bc.verify_against(KERNEL, reference, INPUTS, 1, oracles=["certfied"])
