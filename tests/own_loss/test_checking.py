"""The steps of one check: which of them ends it, and what is told of several things at once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from support.functions import BREACHES, Arrays, Function, X, broken, square, through

from bptt_check.own_loss.checking import checked, closed
from bptt_check.own_loss.point import Caller, read_point
from bptt_check.own_loss.report import FunctionReport
from bptt_check.own_loss.trees import read_form
from bptt_check.verdicts.messages import no_answer
from bptt_check.verdicts.verdict import Verdict


def ignored(done: int, total: int) -> None:
    """Nobody waits."""


def caller(function: Function, arrays: Arrays, deadline: float = math.inf) -> Caller:
    """The function at its point."""
    form = read_form(arrays)
    point = read_point(form, None)
    return Caller(
        partial(form.call, function, tuple(point.params), "torch"), point, deadline=deadline
    )


def report_of(
    function: Function, arrays: Arrays = X, on_entry: Callable[[int, int], None] = ignored
) -> FunctionReport:
    """One check, with every entry measured."""
    return checked(caller(function, arrays), 50_000, np.random.default_rng(0), on_entry)


@pytest.mark.parametrize("kind", BREACHES)
def test_breach_of_the_contract_ends_a_check_before_its_derivative(kind: str) -> None:
    """A gradient that is kept is only known as that when the derivative is."""
    told: list[int] = []
    report = report_of(broken(kind), on_entry=lambda done, total: told.append(done))

    assert report.verdict == "contract"
    assert BREACHES[kind] in report.message
    assert bool(told) == (kind == "kept")
    assert not report.rows


def test_function_that_raises_is_an_error() -> None:
    """With the line that raised; one that only raises beside its point is judged."""

    def raises(a: Arrays) -> Any:
        raise ZeroDivisionError("of mine")

    def at_its_point(a: Arrays) -> Any:
        if not np.array_equal(a["x"], X["x"]):
            raise ValueError("beside it")
        return square(a)

    assert report_of(raises).verdict == "error"
    assert "ZeroDivisionError: of mine" in report_of(raises).message
    assert report_of(at_its_point).verdict == "inconclusive"
    assert "the loss is not finite beside this point" in report_of(at_its_point).message


@pytest.mark.parametrize("wrong", [False, True])
def test_calls_of_a_sharper_function_are_counted(wrong: bool) -> None:
    """Of float32 arrays, which are differenced in float64."""
    calls = [0]

    def counted(a: Arrays) -> Any:
        calls[0] += 1
        loss, grads = square(a)
        return loss, {n: ((1 + wrong) * g).astype(a[n].dtype) for n, g in grads.items()}

    call = caller(counted, {"x": X["x"].astype("float32")})
    report = checked(call, 50_000, np.random.default_rng(0), ignored)

    assert report.verdict == ("fail" if wrong else "pass")
    assert call.calls == calls[0]


def test_what_does_not_fit_into_the_time_is_measured_in_sum(monkeypatch: Any) -> None:
    """A call takes a second here; without a deadline every entry is measured."""
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def a_second(a: Arrays) -> Any:
        clock[0] += 1.0
        return square(a)

    arrays = {"x": np.linspace(1.0, 2.0, 200)}
    short = checked(caller(a_second, arrays, 600.0), 50_000, np.random.default_rng(0), ignored)

    assert short.coverage["x"].measured is not None
    assert report_of(square, arrays).coverage["x"].measured is None


def test_inconclusive_report_of_a_coarse_loss_says_that_it_is_coarse() -> None:
    """Beside what was not decided; of an exact loss nothing is said."""
    report = report_of(*through("float16"))
    kinks = report_of(lambda a: (np.abs(a["x"]).sum(), {"x": 0 * a["x"]}), {"x": np.zeros(2)})

    assert report.verdict == kinks.verdict == "inconclusive"
    assert "is there float32 or half precision inside?" in report.message
    assert "half precision" not in kinks.message


def test_closed_report_has_no_rows() -> None:
    """Of something that was never measured."""
    report = closed(caller(square, X), Verdict.ERROR, no_answer("function", "died"))

    assert (report.verdict, report.rows, report.coverage) == ("error", (), {})
    assert math.isnan(report.loss)
    assert "died" in report.message
