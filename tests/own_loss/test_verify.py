"""Question 1 for functions nobody knows: right ones pass, wrong ones are named."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bptt_check as bc

Arrays = dict[str, Any]
Function = Callable[[Arrays], Any]

rng = np.random.default_rng(0)
ARRAYS: Arrays = {
    "W": rng.normal(size=(3, 4)),
    "b": rng.normal(size=4),
    "s": np.array(0.7),
    "labels": np.array([2, 0, 1]),
}


def right(a: Arrays, inside: Any = None) -> tuple[Any, Arrays]:
    """A loss of arrays of one, two and no axes; `inside` is the dtype of its arithmetic."""
    W, b, s = (a[n].astype(inside or a[n].dtype) for n in ("W", "b", "s"))
    h = np.tanh(W + b)
    picked = h[np.arange(3), a["labels"]]
    loss = (s * h**2).sum() + picked.sum()
    h_bar = 2 * s * h
    h_bar[np.arange(3), a["labels"]] += 1
    z_bar = h_bar * (1 - h**2)
    grads = {"W": z_bar, "b": z_bar.sum(0), "s": (h**2).sum()}
    return loss, {n: np.asarray(g, dtype=a[n].dtype) for n, g in grads.items()}


def changed(change: Callable[[Any, Arrays], Any], function: Function = right) -> Function:
    """The function with its answer changed."""
    return lambda a: change(*function(a))


def as_float32(arrays: Arrays) -> Arrays:
    return {n: a.astype(np.float32) if a.dtype.kind == "f" else a for n, a in arrays.items()}


def square(a: Arrays) -> tuple[Any, Arrays]:
    """The sum of squares of every array."""
    return sum((x**2).sum() for x in a.values()), {n: 2 * x for n, x in a.items()}


X = {"x": np.array([0.5, -1.25, 2.0])}


# --- right functions ----------------------------------------------------------------------------


def test_a_right_gradient_passes() -> None:
    """Any shape, no axes too; integers are constants; every entry was measured."""
    report = bc.verify_function(right, ARRAYS)

    assert report.passed
    assert [(r.parameter, r.verdict, r.decided) for r in report.rows] == [
        ("W", "pass", 12), ("b", "pass", 4), ("s", "pass", 1),
    ]  # fmt: skip
    assert report.coverage["W"].measured is None
    assert report.message == (
        "PASS  right: the gradient is the derivative of its own loss\n  W, b, s: 17 entries decided"
    )


def test_a_right_gradient_in_float32_passes() -> None:
    """Its rounding is measured, not assumed."""
    assert bc.verify_function(right, as_float32(ARRAYS)).passed


def test_a_function_that_knows_float32_only_passes() -> None:
    """Then differences are as coarse as its loss."""
    report = bc.verify_function(lambda a: right(a, np.float32), as_float32(ARRAYS))

    assert report.passed


@pytest.mark.parametrize("scale", [1e-150, 1e-6, 1e6, 1e100])
def test_the_scale_of_a_loss_does_not_matter(scale: float) -> None:
    """There is no absolute tolerance; the sibling is wrong by a thousandth."""
    scaled = changed(lambda v, g: (scale * v, {n: scale * a for n, a in g.items()}), square)
    wrong = changed(lambda v, g: (v, {n: 1.001 * a for n, a in g.items()}), scaled)

    assert bc.verify_function(scaled, X).passed
    assert bc.verify_function(wrong, X).verdict == "fail"


def test_lists_and_plain_numbers_are_gradients_too() -> None:
    """As for subjects; a torch tensor would do as well."""
    loss = changed(lambda v, g: (float(v), {n: np.asarray(a).tolist() for n, a in g.items()}))

    assert bc.verify_function(loss, ARRAYS).passed
    assert bc.verify_function(changed(lambda v, g: bc.Result(v, g)), ARRAYS).passed


def test_an_array_without_influence_has_gradient_zero() -> None:
    """Exactly zero is decided; anything else beside it is wrong."""
    arrays = {**X, "unused": np.ones(2)}

    def first(a: Arrays) -> Any:
        return square({"x": a["x"]})

    zero = bc.verify_function(changed(lambda v, g: (v, {**g, "unused": [0, 0]}), first), arrays)
    one = bc.verify_function(changed(lambda v, g: (v, {**g, "unused": [0, 1]}), first), arrays)

    assert zero.rows[1].reason == "exactly zero, as the loss does not depend on it here"
    assert (zero.verdict, one.verdict) == ("pass", "fail")
    assert "wrong: unused (1 of 2)" in one.message


# --- wrong functions ----------------------------------------------------------------------------


def test_a_wrong_gradient_is_named() -> None:
    """Parameter, entry, values, and what is right."""
    wrong = changed(lambda v, g: (v, {**g, "b": g["b"] * [1, 1, 1.5, 1]}))
    report = bc.verify_function(wrong, ARRAYS)

    assert report.verdict == "fail"
    assert (
        "the gradient of b is wrong\n  it is not the derivative of your own loss" in report.message
    )
    assert "  worst entry b[2]\n    got       " in report.message
    assert "  wrong: b (1 of 4)\n  right: W, s\n" in report.message
    assert "reproduce: report.save('arrays.npz'), then: bptt_check.verify" in report.message


@pytest.mark.parametrize(("dtype", "size"), [("float64", 1e-8), ("float32", 1e-4)])
def test_small_errors_are_found(dtype: str, size: float) -> None:
    """One part in a hundred million; in float32 more than differences in float32 could see."""
    arrays = ARRAYS if dtype == "float64" else as_float32(ARRAYS)
    factor = np.asarray(1 + size, dtype=dtype)
    wrong = changed(lambda v, g: (v, {**g, "W": g["W"] * factor}))

    assert bc.verify_function(wrong, arrays).verdict == "fail"


def test_one_common_factor_is_said() -> None:
    """It is a convention that somebody forgot to say."""
    half = bc.verify_function(changed(lambda v, g: (v, {n: a / 2 for n, a in g.items()})), ARRAYS)
    one = bc.verify_function(changed(lambda v, g: (v, {**g, "W": g["W"] / 2})), ARRAYS)

    assert "  every gradient is 0.5 times the derivative\n" in half.message
    assert "times the derivative" not in one.message


def test_float32_inside_is_imprecise() -> None:
    """The formula is right; the digits are lost in the gradient alone, or in the loss as well."""
    coarse = changed(
        lambda v, g: (
            v,
            {n: np.asarray(a).astype("float32").astype("float64") for n, a in g.items()},
        )
    )
    gradient = bc.verify_function(coarse, ARRAYS)
    both = bc.verify_function(lambda a: right(a, np.float32), ARRAYS)

    assert (gradient.verdict, both.verdict) == ("imprecise", "imprecise")
    assert "errors are no larger than those of float32 inside" in gradient.message
    assert "the loss has fewer digits than its arrays" in both.message


def test_a_slightly_wrong_formula_is_not_imprecise() -> None:
    """One factor for all entries is no rounding, however small it is."""
    wrong = changed(lambda v, g: (v, {n: a * (1 + 3e-8) for n, a in g.items()}))

    assert bc.verify_function(wrong, ARRAYS).verdict == "fail"


# --- kinks --------------------------------------------------------------------------------------


def relu(a: Arrays, at_zero: float = 0.0) -> tuple[Any, Arrays]:
    slope = np.where(a["x"] > 0, 1.0, np.where(a["x"] == 0, at_zero, 0.0))
    return np.maximum(a["x"], 0.0).sum(), {"x": slope}


@pytest.mark.parametrize(("at_zero", "verdict"), [(0.0, "pass"), (1.0, "pass"), (-0.5, "fail")])
def test_at_a_kink_any_subgradient_is_right(at_zero: float, verdict: str) -> None:
    """And it is said that there was one."""
    arrays = {"x": np.array([0.0, 1.0, -1.0, 0.0])}
    report = bc.verify_function(lambda a: relu(a, at_zero), arrays)

    assert report.verdict == verdict
    assert report.coverage["x"].kinks == 2
    assert report.rows[0].decided == 1
    assert "  at a kink: x, 2 of 4 entries, where any value between the" in report.message


def test_kinks_alone_decide_nothing() -> None:
    """Every value from 0 to 1 would have passed."""
    report = bc.verify_function(relu, {"x": np.zeros(2)})

    assert report.verdict == "inconclusive"
    assert "  x: a kink: any derivative between 0 and 1 is right\n" in report.message


def test_a_loss_with_jumps_is_inconclusive() -> None:
    """A loss that moves by 1 when its array moves in the last place has no digits to difference."""
    report = bc.verify_function(lambda a: (np.floor(a["x"]).sum(), {"x": [0.0]}), {"x": [1.0]})

    assert report.verdict == "inconclusive"
    assert "the true gradient lies below the budget" in report.message


# --- structure ----------------------------------------------------------------------------------


def broken(kind: str) -> Function:
    """A function that breaks the contract in one way."""
    kept: list[Any] = []

    def function(a: Arrays) -> Any:
        loss, grads = square(a)
        kept.append(grads)
        if kind == "write":
            a["x"] *= 2
        if kind == "reuse":
            kept[0]["x"][:] = grads["x"]
        answers = {
            "none": None, "missing": (loss, {}), "extra": (loss, {**grads, "y": 0.0}),
            "shape": (loss, {"x": grads["x"][:2]}), "nan": (loss, {"x": grads["x"] * np.nan}),
            "dtype": (loss, {"x": grads["x"].astype("float32")}), "vector": (a["x"], grads),
            "random": (loss * (1 + 0.1 * len(kept)), grads), "kept": (loss, kept[0]),
            "reuse": (loss, kept[0]),
        }  # fmt: skip
        return answers.get(kind, (loss, grads))

    return function


BREACHES = {
    "none": "a subject must return (loss, grads) or bptt_check.Result, got NoneType",
    "missing": "the gradient of x is missing, shape (3,)",
    "extra": "there is no input 'y'; gradients may be: x",
    "shape": "the gradient of x has shape (2,), not (3,)",
    "nan": "the gradient of x is nan at [0]",
    "dtype": "the gradient of x has dtype float32, not float64",
    "vector": "the loss must be one number, got shape (3,)",
    "write": "x was written to: a subject must leave its inputs as they are",
    "random": "two calls on the same arrays gave two answers, in loss: fix the seed",
    "kept": "other arrays of the same shapes got the very same gradients: are they kept?",
    "reuse": "a later call changed the arrays that the first had returned",
}


@pytest.mark.parametrize("kind", BREACHES)
def test_a_breach_of_the_contract_is_said(kind: str) -> None:
    """Before anything is differenced."""
    report = bc.verify_function(broken(kind), X)

    assert report.verdict == "contract"
    assert BREACHES[kind] in report.message


def test_the_same_without_a_breach_passes() -> None:
    """The function above is right but for its breach."""
    assert bc.verify_function(broken("nothing"), X).passed


def test_a_linear_function_has_the_same_gradient_everywhere() -> None:
    """That is no sign of gradients that are kept."""
    assert bc.verify_function(lambda a: (3.0 * a["x"].sum(), {"x": 3.0 * np.ones(3)}), X).passed


def test_what_is_raised_is_an_error_with_its_line() -> None:
    """SystemExit too, and a timeout."""

    def divides(a: Arrays) -> Any:
        return 1 / 0

    def leaves(a: Arrays) -> Any:
        raise SystemExit(3)

    def sleeps(a: Arrays) -> Any:
        time.sleep(60)

    raised = bc.verify_function(divides, X)
    left = bc.verify_function(leaves, X)
    slept = bc.verify_function(sleeps, X, timeout=0.05)

    assert {r.verdict for r in (raised, left, slept)} == {"error"}
    assert "raised ZeroDivisionError: division by zero (line " in raised.message
    assert "of divides: return 1 / 0)" in raised.message
    assert "raised SystemExit: 3" in left.message
    assert "took longer than the limit of 0.05 s" in slept.message


def test_a_function_may_end_beside_the_point() -> None:
    """Where it raises, other steps are taken."""

    def log(a: Arrays) -> Any:
        if np.any(a["x"] <= 0):
            raise ValueError("outside")
        return np.log(a["x"]).sum(), {"x": 1 / a["x"]}

    assert bc.verify_function(log, {"x": np.array([1e-4, 1.0, 2.0])}).passed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"arrays": {}}, "arrays must be a dict of name to array"),
        (
            {"arrays": {"x": np.array(["a"])}},
            "x has dtype <U1; an array must be float64 or float32",
        ),
        ({"arrays": {"x": np.array([1.0 + 2j])}}, "x has dtype complex128"),
        ({"arrays": {"x": np.ones(2, "float16")}}, "x has dtype float16"),
        ({"arrays": {"x": np.array([np.nan])}}, "x holds NaN or infinity"),
        ({"arrays": {"x": np.zeros(0)}}, "x is empty"),
        ({"arrays": {"n": np.arange(3)}}, "no array has a gradient"),
        ({"arrays": X, "wrt": ["y"]}, "wrt names 'y', which is no float array; there are: x"),
        ({"arrays": X, "wrt": "x"}, r"wrt must be a list of names: wrt=\['x'\]"),
        ({"arrays": X, "max_calls": 0}, "max_calls must be an integer of at least 1, got 0"),
        ({"arrays": X, "timeout": -1}, "timeout must be positive"),
    ],
)
def test_what_cannot_be_checked_is_refused(arguments: dict[str, Any], message: str) -> None:
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


# --- large arrays -------------------------------------------------------------------------------

LARGE = {"W": rng.normal(size=(50, 60)) / 8, "b": rng.normal(size=4)}
INPUT = rng.normal(size=60)


def layer(a: Arrays, wrong: bool = False) -> tuple[Any, Arrays]:
    y = np.tanh(a["W"] @ INPUT)
    gradient = np.outer(1 - y**2, INPUT)
    if wrong:
        gradient[3, 7] *= 1.5
    return y.sum() + (a["b"] ** 3).sum(), {"W": gradient, "b": 3 * a["b"] ** 2}


def test_a_large_array_is_sampled_and_it_is_said_which_entries() -> None:
    """Small arrays come whole; all other entries are measured in sum; it never needs many more."""
    report = bc.verify_function(layer, LARGE, max_calls=1500)
    coverage = report.coverage["W"]

    assert report.passed
    assert report.calls <= 1.2 * 1500
    assert coverage.measured is not None
    assert 0 < len(coverage.measured) < coverage.entries == 3000
    assert (coverage.directions, report.coverage["b"].measured) == (8, None)
    assert f"sampled: W, {len(coverage.measured)} of 3000 entries one by one" in report.message


def test_an_error_that_was_not_sampled_is_seen_in_the_sums() -> None:
    """One wrong entry among three thousand, and no entry of its own measured it."""
    report = bc.verify_function(lambda a: layer(a, wrong=True), LARGE, max_calls=1500)
    single, summed = [r for r in report.rows if r.parameter == "W"]

    assert 3 * 60 + 7 not in (report.coverage["W"].measured or ())
    assert (single.verdict, summed.verdict) == ("pass", "fail")
    assert "wrong: W (8 of 8 directions)" in report.message


def test_the_same_seed_samples_the_same_entries() -> None:
    """And another seed others."""
    one, same, other = (
        bc.verify_function(layer, LARGE, max_calls=1500, seed=seed).coverage["W"].measured
        for seed in (0, 0, 1)
    )

    assert one == same != other


# --- what is left behind ------------------------------------------------------------------------


def test_assert_function_raises_what_it_found() -> None:
    """The report is there for who wants more than the message."""
    wrong = changed(lambda v, g: (v, {n: -a for n, a in g.items()}), square)

    assert bc.assert_function(square, X).passed
    with pytest.raises(bc.GradientMismatch, match="the gradient of x is wrong") as caught:
        bc.assert_function(wrong, X)
    assert caught.value.report.verdict == "fail"


def test_a_report_can_be_kept(tmp_path: Path) -> None:
    """As JSON without arrays, and the arrays for the next run."""
    wrong = changed(lambda v, g: (v, {n: -a for n, a in g.items()}), square)
    report = bc.verify_function(wrong, X)
    report.to_json(tmp_path / "report.json")
    report.save(tmp_path / "arrays.npz")
    data = json.loads((tmp_path / "report.json").read_text())
    again = bc.verify_function(wrong, dict(np.load(tmp_path / "arrays.npz")))

    assert (data["verdict"], data["rows"][0]["parameter"]) == ("fail", "x")
    assert data["coverage"]["x"]["measured"] is None
    assert again.message == report.message


def test_a_report_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """With the file and what to do."""
    with pytest.raises(bc.BpttCheckError, match=r"cannot be written.*Choose another file"):
        bc.verify_function(square, X).to_json(tmp_path / "nowhere" / "report.json")
