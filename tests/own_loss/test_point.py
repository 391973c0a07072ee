"""Calls of a function at its point: structure comes first, and whatever it raises is data."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from support.functions import BREACHES, Arrays, X, broken

import bptt_check as bc


@pytest.mark.parametrize("kind", BREACHES)
def test_breach_of_the_contract_is_named(kind: str) -> None:
    """Before anything is differenced."""
    report = bc.verify_function(broken(kind), X)

    assert report.verdict == "contract"
    assert BREACHES[kind] in report.message


def test_function_without_a_breach_passes() -> None:
    """The function above is right but for its breach."""
    assert bc.verify_function(broken("nothing"), X).passed


def test_exception_is_an_error_with_its_line() -> None:
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


def test_function_that_raises_beside_the_point_passes() -> None:
    """Where it raises, other steps are taken."""

    def log(a: Arrays) -> Any:
        if np.any(a["x"] <= 0):
            raise ValueError("outside")
        return np.log(a["x"]).sum(), {"x": 1 / a["x"]}

    assert bc.verify_function(log, {"x": np.array([1e-4, 1.0, 2.0])}).passed
