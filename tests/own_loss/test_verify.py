"""Question 1 for functions nobody knows: right ones pass, wrong ones fail, the rest is refused."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from support.functions import ARRAYS, Arrays, X, as_float32, changed, right_function, square

import bptt_check as bc


def test_a_right_gradient_passes() -> None:
    """Any shape, no axes too; integers are constants; every entry was measured."""
    report = bc.verify_function(right_function, ARRAYS)

    assert report.passed
    assert [(r.parameter, r.verdict, r.decided) for r in report.rows] == [
        ("W", "pass", 12), ("b", "pass", 4), ("s", "pass", 1),
    ]  # fmt: skip
    assert report.coverage["W"].measured is None
    assert report.message == (
        "PASS  right_function: the gradient is the derivative of its own loss\n"
        "  W, b, s: 17 of 17 entries decided"
    )


def test_a_right_gradient_in_float32_passes() -> None:
    """Its rounding is measured, not assumed."""
    assert bc.verify_function(right_function, as_float32(ARRAYS)).passed


def test_function_that_computes_in_float32_only_passes() -> None:
    """Then differences are as coarse as its loss."""
    report = bc.verify_function(lambda a: right_function(a, np.float32), as_float32(ARRAYS))

    assert report.passed


@pytest.mark.parametrize("scale", [1e-150, 1e-6, 1e6, 1e100])
def test_scale_of_a_loss_does_not_change_the_verdict(scale: float) -> None:
    """There is no absolute tolerance; the sibling is wrong by a thousandth."""
    scaled = changed(lambda v, g: (scale * v, {n: scale * a for n, a in g.items()}), square)
    wrong = changed(lambda v, g: (v, {n: 1.001 * a for n, a in g.items()}), scaled)

    assert bc.verify_function(scaled, X).passed
    assert bc.verify_function(wrong, X).verdict == "fail"


def test_lists_and_plain_numbers_are_read_as_gradients() -> None:
    """As for subjects; a torch tensor would do as well."""
    loss = changed(lambda v, g: (float(v), {n: np.asarray(a).tolist() for n, a in g.items()}))

    assert bc.verify_function(loss, ARRAYS).passed
    assert bc.verify_function(changed(lambda v, g: bc.Result(v, g)), ARRAYS).passed


@pytest.mark.parametrize(("dtype", "size"), [("float64", 1e-8), ("float32", 1e-4)])
def test_small_errors_are_found(dtype: str, size: float) -> None:
    """One part in a hundred million; in float32 more than differences in float32 could see."""
    arrays = ARRAYS if dtype == "float64" else as_float32(ARRAYS)
    factor = np.asarray(1 + size, dtype=dtype)
    wrong = changed(lambda v, g: (v, {**g, "W": g["W"] * factor}))

    assert bc.verify_function(wrong, arrays).verdict == "fail"


def test_gradient_that_is_the_same_everywhere_passes_for_a_linear_function() -> None:
    """That is no sign of gradients that are kept."""
    assert bc.verify_function(lambda a: (3.0 * a["x"].sum(), {"x": 3.0 * np.ones(3)}), X).passed


@pytest.mark.parametrize("constant", [2.0, 0.0, -3.0])
def test_wrong_gradient_of_a_linear_function_is_wrong_and_not_kept(constant: float) -> None:
    """It is the same everywhere because it should be."""
    report = bc.verify_function(lambda a: (3.0 * a["x"].sum(), {"x": constant * np.ones(3)}), X)

    assert report.verdict == "fail"
    assert "the gradient of x is wrong" in report.message
    assert "are they kept?" not in report.message
    assert "exactly zero" not in report.message


@pytest.mark.parametrize(
    ("factor", "hint"),
    [(2.0, "got the very same gradients: are they kept?"), (0.0, "every gradient is exactly zero")],
)
def test_wrong_gradient_that_should_have_changed_gets_a_hint(factor: float, hint: str) -> None:
    """After the derivative, which is wrong at the first point already."""
    first = factor * 2 * X["x"]
    report = bc.verify_function(lambda a: ((a["x"] ** 2).sum(), {"x": first.copy()}), X)

    assert report.verdict == "fail"
    assert report.message.index("the gradient of x is wrong") < report.message.index(hint)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"arrays": {}}, "arrays must be a dict of name to array"),
        (
            {"arrays": {"x": np.array(["a"])}},
            "x has dtype <U1; an array must have one of float64, complex128",
        ),
        ({"arrays": {"x": np.ones(2, np.longdouble)}}, "x has dtype .*; an array must have one of"),
        ({"arrays": [1.0, 2.0]}, "arrays must be a dict of name to array, got list"),
        ({"arrays": {"a": {"b": [np.ones(2), np.array([np.inf])]}}}, r"a.b\[1\] holds NaN"),
        ({"arrays": X, "complex_gradients": "numpy"}, "must be 'torch' or 'jax', got 'numpy'"),
        ({"arrays": X, "wrt": {"x": [True]}}, r"the mask of x in wrt .* of shape \(3,\) and true"),
        ({"arrays": X, "wrt": {"x": [False] * 3}}, "true somewhere; got bool of shape"),
        ({"arrays": {"x": np.array([np.nan])}}, "x holds NaN or infinity"),
        ({"arrays": {"x": np.zeros(0)}}, "x is empty"),
        ({"arrays": {"n": np.arange(3)}}, "no array has a gradient"),
        ({"arrays": X, "wrt": ["y"]}, "wrt names 'y', which is no float array; there are: x"),
        ({"arrays": X, "wrt": "x"}, r"wrt must be a list of names: wrt=\['x'\]"),
        ({"arrays": X, "max_calls": 0}, "max_calls must be an integer of at least 1, got 0"),
        ({"arrays": X, "timeout": -1}, "timeout must be positive"),
    ],
)
def test_arguments_that_cannot_be_checked_are_refused(
    arguments: dict[str, Any], message: str
) -> None:
    """At the door, with the value and what to do."""
    with pytest.raises(bc.BpttCheckError, match=message):
        bc.verify_function(square, **arguments)


def test_arrays_without_a_gradient_are_constants() -> None:
    """`wrt` says which arrays have one."""
    arrays = {**X, "data": np.ones(3)}

    def weighted(a: Arrays) -> Any:
        return (a["data"] * a["x"] ** 2).sum(), {"x": 2 * a["data"] * a["x"]}

    assert bc.verify_function(weighted, arrays, wrt=["x"]).passed
    assert "the gradient of data is missing" in bc.verify_function(weighted, arrays).message


def test_assert_function_raises_with_its_report() -> None:
    """The report is there for who wants more than the message."""
    wrong = changed(lambda v, g: (v, {n: -a for n, a in g.items()}), square)

    assert bc.assert_function(square, X).passed
    with pytest.raises(bc.GradientMismatch, match="the gradient of x is wrong") as caught:
        bc.assert_function(wrong, X)
    assert caught.value.report.verdict == "fail"


def test_time_limit_measures_what_fits_and_the_rest_in_sum(monkeypatch: Any) -> None:
    """And a wrong entry is still found; without a limit every entry is measured."""
    arrays, clock = {"x": np.linspace(1.0, 2.0, 900)}, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def a_second(a: Arrays) -> Any:
        clock[0] += 1.0
        return square(a)

    def wrong(a: Arrays) -> Any:
        loss, grads = a_second(a)
        grads["x"][77] *= 2.0
        return loss, grads

    right, failed = (bc.verify_function(f, arrays, time_limit=1000.0) for f in (a_second, wrong))

    assert right.passed
    assert right.calls <= 1000
    assert right.coverage["x"].measured is not None
    assert failed.verdict == "fail"
    assert "worst entry x[77]" in failed.message
    assert bc.verify_function(square, arrays).coverage["x"].measured is None


def test_time_limit_that_leaves_no_entry_is_inconclusive() -> None:
    """Nothing is known then, and the message says how far it came; a hanging call is cut off."""

    def hangs(a: Arrays) -> Any:
        time.sleep(30)

    for function in (lambda a: (time.sleep(0.05), square(a))[1], hangs):
        report = bc.verify_function(function, X, time_limit=0.2)
        assert report.verdict == "inconclusive"
        assert "the time limit of 0.2 s was over after " in report.message

    with pytest.raises(bc.BpttCheckError, match="must be positive"):
        bc.verify_function(square, X, time_limit=0)


def test_progress_is_told_after_every_entry() -> None:
    """With what is printed of it."""
    told: list[Any] = []
    bc.verify_function(square, X, progress=told.append)

    assert [(p.done, p.total) for p in told] == [(1, 3), (2, 3), (3, 3)]
    assert str(told[0]) == "1 of 3 entries measured, 0 s"
