"""The steps of one check of a function: structure, then derivative, then what is told of both."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..cases.message import Message
from ..cases.precision import PRECISIONS
from ..cases.result import Result
from ..cases.types import Array
from ..verdicts.budget import Tolerance
from ..verdicts.messages import broken_contract, no_answer
from ..verdicts.row import Row
from ..verdicts.sentences.parts import Told
from ..verdicts.verdict import Verdict
from .bisection import find_entries
from .differencing.differences import (
    Differenced,
    EntrySlopes,
    choose_entries,
    measure_slopes,
    slope_along,
)
from .differencing.noise import Noise, large_changes, measure_noise
from .judge import DigitsLost, OwnLossRows, budgets_of, judge_own_loss, other_convention
from .messages import (
    SAME_ELSEWHERE,
    WITHOUT_X64,
    about_function,
    coarse_loss,
    digits_missing,
    hint_at_kept_gradients,
    notes_on,
    only_half,
    right,
    right_if_conjugated,
    undecided,
    wrong_derivative,
)
from .point import Caller, FirstCalls, Point, call_twice, computes_without_x64
from .report import FunctionReport
from .second_look import look_again

SHARPER = 2.0**8
"""A function that only rounds its arrays to float32 again is no sharper in float64."""
SHARE = 0.6
"""The share of the time left that is planned for measuring; the rest is for a second look."""


def checked(
    call: Caller,
    max_calls: int,
    rng: np.random.Generator,
    on_entry: Callable[[int, int], None],
) -> FunctionReport:
    """Structure, then derivative.

    Args:
        call: the function at its point.
        max_calls: for the entries.
        rng: of what is drawn.
        on_entry: told how many entries of how many were measured.
    """
    began = time.monotonic()
    between = {n: (0.75 * a).astype(a.dtype) for n, a in call.point.params.items()}
    answer = call_twice(call, between)
    if answer.error:
        return closed(call, Verdict.ERROR, no_answer("function", answer.error))
    result = answer.result
    if result is None or answer.findings:
        findings = [f.message for f in answer.findings]
        if computes_without_x64(call):
            findings.append(WITHOUT_X64)
        return closed(call, Verdict.CONTRACT, broken_contract(findings), result)
    noise = measure_noise(call, result.loss, result.grads, rng)
    findings = _two_answers(call.point, answer, noise)
    if findings:
        return closed(call, Verdict.CONTRACT, broken_contract(findings), result)
    sharpest = _sharpest(call, result.loss, noise, rng)
    if call.point.half and sharpest.call is call:
        return closed(call, Verdict.INCONCLUSIVE, only_half(call.point.dtype), result)
    fits = _fitting(call, max_calls, time.monotonic() - began)
    chosen = choose_entries(call.point, fits, rng)
    measured = measure_slopes(sharpest, chosen, rng, on_entry)
    sharpest.call.deadline = math.inf  # what looks wrong is looked at again in any case
    measured = look_again(sharpest, call.point, result.grads, measured, noise)
    measured = find_entries(sharpest, call.point, result.grads, measured, noise)
    kept = answer.same_elsewhere and _derivative_moves(sharpest, between, rng)
    call.calls += 0 if sharpest.call is call else sharpest.call.calls
    return _judged(call, result, measured, noise, kept)


def _judged(
    call: Caller,
    result: Result,
    measured: dict[str, EntrySlopes],
    noise: Noise,
    kept: bool,
) -> FunctionReport:
    """The report of gradients beside what was measured.

    `kept` says that they are the same at another point, where the derivative is not.
    """
    judged = judge_own_loss(call.point, result.grads, measured, noise)
    verdict, rows = _verdict(judged, noise, call.point)
    if kept and verdict != Verdict.FAIL:
        return closed(call, Verdict.CONTRACT, broken_contract([SAME_ELSEWHERE]), result)
    notes = notes_on(judged.coverage, judged.factor)
    if verdict == Verdict.INCONCLUSIVE and _is_coarse(noise, call.point):
        notes.append(digits_missing(noise.loss, noise.best_loss))
    if verdict == Verdict.FAIL:
        convention = other_convention(call.point, result.grads, measured, noise)
        notes += [right_if_conjugated(convention)] if convention else []
    if kept:
        notes.append(hint_at_kept_gradients(result.grads))
    return FunctionReport(
        verdict=verdict,
        function=call.name,
        message=str(_message(call.name, verdict, judged.digits_lost, rows, noise, notes)),
        arrays=call.point.arrays,
        rows=rows,
        loss=result.loss,
        noise=noise.loss,
        coverage=judged.coverage,
    )


def _fitting(call: Caller, max_calls: int, seconds: float) -> int:
    """How many calls fit into the time that is left, where so many seconds went by so far."""
    if call.deadline == math.inf:
        return max_calls
    left = max(0.0, call.deadline - time.monotonic())
    return min(max_calls, int(SHARE * left * call.calls / max(seconds, math.ulp(1.0))))


def _two_answers(at: Point, answer: FirstCalls, noise: Noise) -> list[str]:
    """A finding if the second call differs from the first by more than rounding."""
    again, first = answer.second_result, answer.result
    if again is None or first is None:
        return []
    budgets = budgets_of(at, first.grads, noise, None)
    changed = [n for n, g in first.grads.items() if np.any(abs(g - again.grads[n]) > budgets.of(n))]
    # noise was measured with whatever is random inside; half of the digits must be there
    if abs(again.loss - first.loss) > min(
        budgets.of_loss(), PRECISIONS[at.dtype].unit ** 0.5 * abs(first.loss)
    ):
        changed.insert(0, "loss")
    what = "two calls on the same arrays gave two answers, in"
    return [f"{what} {', '.join(changed)}: fix the seed of what is drawn inside"] if changed else []


def _sharpest(call: Caller, loss: float, noise: Noise, rng: np.random.Generator) -> Differenced:
    """What to difference: a float32 function in float64, if it can.

    Differences in float32 see three or four digits. Where the function takes the same values in
    float64 too, and its loss is the same up to float32's rounding, they see ten.
    """
    if call.point.dtype == "float64":
        return Differenced(call, loss, noise.loss, noise.has_digits)
    wide = Caller(call.function, call.point.widened(), call.timeout, deadline=call.deadline)
    there = wide.answer({})
    if there is not None and abs(there[0] - loss) <= Tolerance().units * noise.loss:
        sharper = measure_noise(wide, *there, rng)
        if 0.0 < SHARPER * sharper.loss < noise.loss:
            return Differenced(wide, there[0], sharper.loss, sharper.has_digits)
    call.calls += wide.calls
    return Differenced(call, loss, noise.loss, noise.has_digits)


def _derivative_moves(of: Differenced, between: dict[str, Array], rng: np.random.Generator) -> bool:
    """Whether the derivative at another point is another one, where gradients are the same."""
    params = of.call.point.params
    base = {n: a.astype(params[n].dtype) for n, a in between.items()}
    signs = {n: rng.choice((-1.0, 1.0), a.shape) for n, a in base.items()}
    scale = min(float(np.min(large_changes(a))) for a in base.values())
    there = of.call.loss(base)
    if not np.isfinite(there):
        return False
    one = slope_along(of, signs, scale)
    other = slope_along(replace(of, loss=there), signs, scale, base)
    return abs(one.nearest(other.low) - other.nearest(one.low)) > one.bound + other.bound


def _verdict(judged: OwnLossRows, noise: Noise, at: Point) -> tuple[Verdict, tuple[Row, ...]]:
    """The verdict, and the rows with it: errors that rounding explains are no failures."""
    rows = judged.rows
    if any(r.verdict == Verdict.FAIL for r in rows):
        if not judged.digits_lost:
            return Verdict.FAIL, rows
        return Verdict.IMPRECISE, tuple(
            replace(r, verdict=Verdict.IMPRECISE) if r.verdict == Verdict.FAIL else r for r in rows
        )
    if not all(r.verdict == Verdict.PASS for r in rows):
        return Verdict.INCONCLUSIVE, rows
    return (Verdict.IMPRECISE if _is_coarse(noise, at) else Verdict.PASS), rows


def _is_coarse(noise: Noise, at: Point) -> bool:
    """Whether a loss of float64 has the digits of a lower precision."""
    return noise.is_coarser and at.dtype == "float64"


def _message(
    name: str,
    verdict: Verdict,
    lost: DigitsLost,
    rows: tuple[Row, ...],
    noise: Noise,
    notes: list[str],
) -> Message:
    if verdict == Verdict.PASS:
        return right(name, notes)
    return about_function(_told(verdict, lost, rows, noise, notes), name)


def _told(
    verdict: Verdict, lost: DigitsLost, rows: tuple[Row, ...], noise: Noise, notes: list[str]
) -> Told:
    """What is told of a function that did not pass."""
    if any(r.verdict == verdict for r in rows) and verdict in (Verdict.FAIL, Verdict.IMPRECISE):
        return wrong_derivative(rows, verdict, lost, notes)
    if verdict == Verdict.IMPRECISE:
        return coarse_loss(noise.loss, noise.best_loss, notes)
    return undecided(rows, notes)


def closed(
    call: Caller, verdict: Verdict, told: Told, result: Result | None = None
) -> FunctionReport:
    """The report of something that was never measured."""
    loss = float("nan") if result is None else float(result.loss)
    message = str(about_function(told, call.name))
    return FunctionReport(verdict, call.name, message, call.point.arrays, loss=loss)
