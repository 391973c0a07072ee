"""How many answers a kernel gives to one case, and where they differ."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.decayed_sum import INPUTS, decayed_sum, kernel_with

import bptt_check as bc
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceCase
from bptt_check.recurrences.code import reference_code
from bptt_check.runs.recurrences.answers import CALLS, answers_text, answers_to
from bptt_check.subjects.kernels.kernel import kernel_subject


def case() -> RecurrenceCase:
    """Six steps of three."""
    recurrence = Recurrence("decayed_sum", INPUTS, reference_code(decayed_sum))
    return recurrence.spec_of("decayed_sum T=6 K=3 dtype=float32 seed=1").build()


def in_turns(period: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Every so many calls the gradient of x is another one at the third step."""
    calls = itertools.count()

    def change(grads: dict[str, Any]) -> dict[str, Any]:
        x_bar = grads["x"].copy()
        if next(calls) % period == 0:
            x_bar[2:3, 1:] += 0.5
        return {**grads, "x": x_bar}

    return change


@pytest.mark.parametrize("period", [2, 5])
def test_two_answers_are_counted_and_placed(period: int) -> None:
    answers = answers_to(kernel_subject(kernel_with(in_turns(period))), case())
    assert answers is not None
    assert (answers.calls, answers.distinct) == (CALLS, 2)
    assert answers.places == (("x", 2, 18, (2, 1)),)
    assert answers_text(answers) == (
        f"{CALLS} calls on the same case gave 2 answers: x in 2 of 18 entries, the first at [2, 1]"
    )


def test_every_answer_may_be_another() -> None:
    numbers = itertools.count()
    changed = kernel_with(lambda grads: {**grads, "decay": grads["decay"] + next(numbers)})
    answers = answers_to(kernel_subject(changed), case())
    assert answers is not None
    assert answers.distinct == CALLS


def test_one_answer_is_nothing_to_tell() -> None:
    assert answers_to(kernel_subject(kernel_with()), case()) is None


def test_nor_is_what_raises() -> None:
    def raising(grads: dict[str, Any]) -> dict[str, Any]:
        raise RuntimeError("no")

    assert answers_to(kernel_subject(kernel_with(raising)), case()) is None


def test_not_a_number_twice_is_the_same() -> None:
    nothing = kernel_with(lambda grads: {n: np.full_like(g, np.nan) for n, g in grads.items()})
    assert answers_to(kernel_subject(nothing), case()) is None


def test_a_run_says_it() -> None:
    report = bc.verify_against(kernel_with(in_turns(2)), decayed_sum, INPUTS, 6)
    assert report.verdict == "contract"
    told = " ".join(report.message.split())
    assert "two calls on the same case gave two answers, in x" in told
    assert f"{CALLS} calls on the same case gave 2 answers: x in" in told
