"""Question 1 alone: is a gradient the derivative of its own loss, whatever the function is?

Needs no model and no oracle, only the function: its loss is differenced.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, get_args

import numpy as np

from ..cases.message import Message, reproduction_lines
from ..cases.precision import PRECISIONS
from ..cases.result import Result, name_of
from ..cases.types import Array
from ..errors import GradientMismatch, SpecError, SubjectTimeout
from ..subjects.import_end import end_import
from ..subjects.time_limit import check_limit
from ..verdicts.budget import Tolerance
from ..verdicts.messages import Told, broken_contract, no_answer
from ..verdicts.row import Row
from ..verdicts.verdict import Verdict
from .differencing.differences import Differenced, choose_entries, measure_slopes, slope_along
from .differencing.noise import Noise, large_changes, measure_noise
from .judge import OwnLossRows, budgets_of, judge_own_loss
from .messages import (
    SAME_ELSEWHERE,
    WITHOUT_X64,
    about_function,
    coarse_loss,
    hint_at_kept_gradients,
    notes_on,
    only_half,
    right,
    undecided,
    wrong_derivative,
)
from .point import (
    Caller,
    FirstCalls,
    Function,
    Point,
    Wanted,
    call_twice,
    computes_without_x64,
    read_point,
)
from .report import Coverage, FunctionReport
from .reproduction import function_reproduction
from .second_look import look_again
from .trees import ComplexGradient, read_form

SHARPER = 2.0**8
"""A function that only rounds its arrays to float32 again is no sharper in float64."""


def verify_function(
    loss_and_grads: Function,
    arrays: Any,
    *,
    wrt: Wanted = None,
    complex_gradients: ComplexGradient = "torch",
    max_calls: int = 50_000,
    seed: int = 0,
    timeout: float | None = None,
) -> FunctionReport:
    """Check whether gradients are the derivative of the loss they come with.

    Args:
        loss_and_grads: `arrays -> (loss, gradients)`, or a `Result`. It is called with copies, in
            the nest in which `arrays` came. Gradients come by name (`layers[0].W`), in that nest,
            or as a list in the order of `wrt`; None is that of an array that is not used.
        arrays: where to check: a nest of dicts, lists and tuples of NumPy arrays, torch tensors
            or JAX arrays of any shape, 0-d too. Floating-point arrays have gradients, bfloat16,
            float16 and complex ones too; arrays of integers and booleans are constants.
        wrt: names of the arrays that have a gradient, or a dict of names to boolean masks of the
            entries that have one (True: all). None is every float array, or every tensor that
            requires a gradient where one does.
        complex_gradients: of a real loss L in z = x + iy: "torch" is dL/dx + i dL/dy, "jax" its
            conjugate. In the report a complex array has a last axis of real and imaginary part.
        max_calls: where the entries need more, some are measured one by one and all others in
            sum; the report says which.
        seed: of what is drawn: sampled entries, directions, changes in the last place.
        timeout: seconds for one call.

    Raises:
        SpecError: arrays or options that cannot be checked; the message says why.
    """
    end_import()
    if not isinstance(max_calls, int) or max_calls < 1:
        raise SpecError(f"max_calls must be an integer of at least 1, got {max_calls!r}.")
    if isinstance(wrt, str):
        raise SpecError(f"wrt must be a list of names: wrt=[{wrt!r}].")
    check_limit(timeout)
    if complex_gradients not in get_args(ComplexGradient):
        raise SpecError(f"complex_gradients must be 'torch' or 'jax', got {complex_gradients!r}.")
    form = read_form(arrays)
    at = read_point(form, wrt)
    flat = partial(form.call, loss_and_grads, tuple(at.params), complex_gradients)
    call = Caller(flat, at, timeout, name=name_of(loss_and_grads))
    try:
        report = _checked(call, max_calls, np.random.default_rng(seed))
    except SubjectTimeout as error:
        report = _closed(call, Verdict.ERROR, no_answer("function", str(error)))
    report = replace(report, calls=call.calls)
    if report.passed:
        return report
    told = {"wrt": None if wrt is None else list(at.params), "max_calls": max_calls, "seed": seed}
    told = {n: v for n, v in told.items() if v != _DEFAULTS[n]}
    again = function_reproduction(loss_and_grads, at.arrays, told)
    return replace(report, message="\n".join([report.message, *reproduction_lines(again)]))


_DEFAULTS = {"wrt": None, "max_calls": 50_000, "seed": 0}
"""Options that need not be repeated."""


def assert_function(
    loss_and_grads: Function,
    arrays: Any,
    *,
    wrt: Wanted = None,
    complex_gradients: ComplexGradient = "torch",
    max_calls: int = 50_000,
    seed: int = 0,
    timeout: float | None = None,
) -> FunctionReport:
    """The same as `verify_function`, for tests: anything but `pass` raises.

    Raises:
        GradientMismatch: an AssertionError that says which gradient is wrong, where and by how
            much; its attribute `report` is the report.
    """
    __tracebackhide__ = True
    report = verify_function(
        loss_and_grads,
        arrays,
        wrt=wrt,
        complex_gradients=complex_gradients,
        max_calls=max_calls,
        seed=seed,
        timeout=timeout,
    )
    if not report.passed:
        raise GradientMismatch(report.message, report)
    return report


def _checked(call: Caller, max_calls: int, rng: np.random.Generator) -> FunctionReport:
    """Structure, then derivative."""
    between = {n: (0.75 * a).astype(a.dtype) for n, a in call.point.params.items()}
    answer = call_twice(call, between)
    if answer.error:
        return _closed(call, Verdict.ERROR, no_answer("function", answer.error))
    result = answer.result
    if result is None or answer.findings:
        findings = [f.message for f in answer.findings]
        if computes_without_x64(call):
            findings.append(WITHOUT_X64)
        return _closed(call, Verdict.CONTRACT, broken_contract(findings), result)
    noise = measure_noise(call, result.loss, result.grads, rng)
    findings = _two_answers(call.point, answer, noise)
    if findings:
        return _closed(call, Verdict.CONTRACT, broken_contract(findings), result)
    sharpest = _sharpest(call, result.loss, noise, rng)
    if call.point.half and sharpest.call is call:
        return _closed(call, Verdict.INCONCLUSIVE, only_half(call.point.dtype), result)
    chosen = choose_entries(call.point, max_calls, rng)
    measured = measure_slopes(sharpest, chosen, rng)
    measured = look_again(sharpest, call.point, result.grads, measured, noise)
    judged = judge_own_loss(call.point, result.grads, measured, noise)
    verdict, rows = _verdict(judged, noise, call.point)
    notes = notes_on(judged.coverage, judged.factor)
    kept = answer.same_elsewhere and _derivative_moves(sharpest, between, rng)
    call.calls += 0 if sharpest.call is call else sharpest.call.calls
    if kept and verdict != Verdict.FAIL:
        return _closed(call, Verdict.CONTRACT, broken_contract([SAME_ELSEWHERE]), result)
    if kept:
        notes.append(hint_at_kept_gradients(result.grads))
    return FunctionReport(
        verdict=verdict,
        function=call.name,
        message=str(_message(call.name, verdict, rows, noise, notes)),
        arrays=call.point.arrays,
        rows=rows,
        loss=result.loss,
        noise=noise.loss,
        coverage=judged.coverage,
    )


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
    wide = Caller(call.function, call.point.widened(), call.timeout)
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
        if not judged.imprecise:
            return Verdict.FAIL, rows
        return Verdict.IMPRECISE, tuple(
            replace(r, verdict=Verdict.IMPRECISE) if r.verdict == Verdict.FAIL else r for r in rows
        )
    if noise.is_coarser and at.dtype == "float64":
        return Verdict.IMPRECISE, rows
    every = all(r.verdict == Verdict.PASS for r in rows)
    return (Verdict.PASS if every else Verdict.INCONCLUSIVE), rows


def _message(
    name: str, verdict: Verdict, rows: tuple[Row, ...], noise: Noise, notes: list[str]
) -> Message:
    if verdict == Verdict.PASS:
        return right(name, notes)
    return about_function(_told(verdict, rows, noise, notes), name)


def _told(verdict: Verdict, rows: tuple[Row, ...], noise: Noise, notes: list[str]) -> Told:
    """What is told of a function that did not pass."""
    if any(r.verdict == verdict for r in rows) and verdict in (Verdict.FAIL, Verdict.IMPRECISE):
        return wrong_derivative(rows, verdict, notes)
    if verdict == Verdict.IMPRECISE:
        return coarse_loss(noise.loss, noise.best_loss, notes)
    return undecided(rows, notes)


def _closed(
    call: Caller, verdict: Verdict, told: Told, result: Result | None = None
) -> FunctionReport:
    """The report of something that was never measured."""
    loss = float("nan") if result is None else float(result.loss)
    message = str(about_function(told, call.name))
    return FunctionReport(verdict, call.name, message, call.point.arrays, loss=loss)


__all__ = ["Coverage", "Function", "FunctionReport", "assert_function", "verify_function"]
