"""What is said of a function: whose gradient is wrong, where and by how much."""

from __future__ import annotations

from support.functions import ARRAYS, changed

import bptt_check as bc


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
    assert "\nprint(bc.verify_function(subject, {'W': np.array([[" in report.message


def test_factor_that_all_gradients_share_is_said() -> None:
    """It is a convention that somebody forgot to say."""
    half = bc.verify_function(changed(lambda v, g: (v, {n: a / 2 for n, a in g.items()})), ARRAYS)
    one = bc.verify_function(changed(lambda v, g: (v, {**g, "W": g["W"] / 2})), ARRAYS)

    assert "  every gradient is 0.5 times the derivative\n" in half.message
    assert "times the derivative" not in one.message
