"""What a subject does with its gradients is called where offered, and cannot spoil the run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from support.budgets import Gradients
from support.checks import check
from support.drawn import SMALL
from support.right import right

import bptt_check as bc
from bptt_check.cases.case import Case


class WithClip:
    """A right subject whose `clip` does something else."""

    name = "with_clip"

    def __init__(self, clip: Callable[..., Any]) -> None:
        self.clip = clip

    def __call__(self, case: Case) -> Any:
        return right(case)


def clipped(grads: Gradients, max_norm: float) -> Gradients:
    """Clipping by the global norm."""
    norm = np.sqrt(sum(float((g**2).sum()) for g in grads.values()))
    return {n: g * min(1.0, max_norm / norm) for n, g in grads.items()}


def leaves(grads: Gradients, max_norm: float) -> Gradients:
    """Ends the process."""
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("clip", "verdict"),
    [
        (clipped, "pass"),
        (lambda grads, max_norm: grads, "fail"),
        pytest.param(
            lambda grads, max_norm: None,
            "error",
        ),
        pytest.param(
            leaves,
            "error",
        ),
    ],
)
def test_what_a_subject_does_with_its_gradients_cannot_spoil_the_run(clip, verdict):
    """`clip` is foreign code like the subject itself."""
    assert check(WithClip(clip)).verdict == verdict


LIMIT = 1.0


@pytest.fixture(autouse=True)
def _no_garbage_of_others() -> Iterator[None]:
    """A collection of all that other tests left can take longer than the limit of a call."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


class Hanging:
    """A right subject with functions that are right, of which one hangs in some of its calls."""

    name = "hanging"

    def __init__(self, function: str, hangs: Callable[[int], bool]) -> None:
        self._function, self._hangs = function, hangs
        self.calls, self.hung = 0, 0

    def __call__(self, case: Case) -> Any:
        return right(case)

    def _come_back(self, function: str) -> None:
        if function == self._function:
            self.calls += 1
            if self._hangs(self.calls):
                self.hung += 1
                time.sleep(60)

    def clip(self, grads: Gradients, max_norm: float) -> Gradients:
        self._come_back("clip")
        return clipped(grads, max_norm)

    def clip_by_value(self, grads: Gradients, limit: float) -> Gradients:
        self._come_back("clip_by_value")
        return {n: np.clip(g, -limit, limit) for n, g in grads.items()}

    def update(self, params: Gradients, grads: Gradients, learning_rate: float) -> Gradients:
        self._come_back("update")
        return {n: p - learning_rate * grads[n] for n, p in params.items()}


def verified(subject: Any, **options: Any) -> bc.Report:
    """The report of a short run of two models."""
    return bc.verify(
        subject, ["rnn-tanh+mse", "rnn-tanh"], 3, ["complex_step"], within=SMALL, **options
    )


@pytest.mark.parametrize("function", ["clip", "clip_by_value", "update"])
def test_function_that_hangs_costs_its_limit_twice(function: str) -> None:
    """Then it is not called any more, in no model; the message says so, and names it."""
    subject = Hanging(function, lambda call: True)
    report = verified(subject, timeout=LIMIT)
    hung = f"the subject offers {function}, which took longer than the limit of 1 s"

    assert subject.hung == 2
    assert report.verdict == "error"
    assert report.cases["error"] == 2
    assert hung in report.message
    assert f"{function}: not called any more in this run" in report.message
    assert "4 of 6 cases right, 2 wrong in a training step" in repr(report)


def test_function_that_hangs_once_is_still_called() -> None:
    """And still judged, in all other cases."""
    subject = Hanging("clip", lambda call: call == 3)
    report = verified(subject, timeout=LIMIT)

    assert subject.hung == 1
    assert subject.calls > 6
    assert report.cases["error"] == 1
    assert "not called any more" not in report.message


def test_slow_function_within_the_limit_is_right() -> None:
    """Its time is its own, and not that of the case before."""
    assert verified(Hanging("clip", lambda call: False), timeout=LIMIT).verdict == "pass"


def test_hanging_function_hides_no_other_failure() -> None:
    """What more cases suffer from is told first, and that the function was given up."""

    class Both(Hanging):
        def __call__(self, case: Case) -> Any:
            loss, grads = right(case)
            narrow = "f4" if case.sizes.T > 2 else "f8"
            return loss, {**grads, "b_h_l0": grads["b_h_l0"].astype(narrow)}

    report = bc.verify(
        Both("update", lambda call: True),
        ["rnn-tanh"],
        12,
        ["complex_step"],
        within=SMALL,
        timeout=LIMIT,
    )

    assert report.cases["error"] == 2 < report.cases["contract"]
    assert report.message.startswith("CONTRACT  rnn-tanh: ")
    assert "update: not called any more in this run" in report.message


def test_function_that_hangs_in_its_own_process_costs_its_limit_twice() -> None:
    """Or one that ends it: each call costs a new process."""
    for name, what in [
        ("with_hanging_clip", "took longer"),
        ("with_deadly_update", "exited with status 3"),
    ]:
        with bc.isolated(f"support.misbehaving:{name}", timeout=LIMIT) as subject:
            report = verified(subject)

        assert report.cases["error"] == 2
        assert what in report.message
        assert "not called any more in this run" in report.message
