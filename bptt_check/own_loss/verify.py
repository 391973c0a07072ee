"""Question 1 alone: is a gradient the derivative of its own loss, whatever the function is?

Needs no model and no oracle, only the function: its loss is differenced.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, get_args

import numpy as np

from ..cases.message import reproduction_lines
from ..cases.result import name_of
from ..errors import GradientMismatch, SpecError, SubjectTimeout
from ..subjects.import_end import end_import
from ..subjects.time_limit import check_limit
from ..verdicts.messages import no_answer
from ..verdicts.verdict import Verdict
from .checking import checked, closed
from .messages import out_of_time
from .point import Caller, Function, TotalTimeOver, Wanted, read_point
from .report import Coverage, FunctionProgress, FunctionReport
from .reproduction import function_reproduction
from .trees import ComplexGradient, read_form


def verify_function(
    loss_and_grads: Function,
    arrays: Any,
    *,
    wrt: Wanted = None,
    complex_gradients: ComplexGradient = "torch",
    max_calls: int = 50_000,
    seed: int = 0,
    timeout: float | None = None,
    time_limit: float | None = None,
    progress: Callable[[FunctionProgress], object] | None = None,
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
        time_limit: seconds for all of them, about: as many entries are measured one by one as fit,
            all others in sum. What fails is looked at again in any case.
        progress: called after every measured entry with a `FunctionProgress`; `print` will do.

    Raises:
        SpecError: arrays or options that cannot be checked; the message says why.
    """
    end_import()
    if not isinstance(max_calls, int) or max_calls < 1:
        raise SpecError(f"max_calls must be an integer of at least 1, got {max_calls!r}.")
    if isinstance(wrt, str):
        raise SpecError(f"wrt must be a list of names: wrt=[{wrt!r}].")
    check_limit(timeout)
    check_limit(time_limit)
    if complex_gradients not in get_args(ComplexGradient):
        raise SpecError(f"complex_gradients must be 'torch' or 'jax', got {complex_gradients!r}.")
    form = read_form(arrays)
    at = read_point(form, wrt, complex_gradients)
    flat = partial(form.call, loss_and_grads, tuple(at.params), complex_gradients)
    began = time.monotonic()
    deadline = math.inf if time_limit is None else began + time_limit
    call = Caller(flat, at, timeout, name=name_of(loss_and_grads), deadline=deadline)

    def on_entry(done: int, total: int) -> None:
        if progress is not None:
            progress(FunctionProgress(done, total, time.monotonic() - began))

    try:
        report = checked(call, max_calls, np.random.default_rng(seed), on_entry)
    except TotalTimeOver:
        report = closed(call, Verdict.INCONCLUSIVE, out_of_time(time_limit or 0.0, call.calls))
    except SubjectTimeout as error:
        report = closed(call, Verdict.ERROR, no_answer("function", str(error)))
    report = replace(report, calls=call.calls)
    if report.passed:
        return report
    told: dict[str, Any] = {}
    if wrt is not None:
        told["wrt"] = dict(wrt) if isinstance(wrt, Mapping) else list(at.params)
    asked = {"complex_gradients": complex_gradients, "max_calls": max_calls, "seed": seed}
    told |= {n: v for n, v in asked.items() if v != _DEFAULTS[n]}
    again = function_reproduction(loss_and_grads, form, told)
    return replace(report, message="\n".join([report.message, *reproduction_lines(again)]))


_DEFAULTS = {"complex_gradients": "torch", "max_calls": 50_000, "seed": 0}
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
    time_limit: float | None = None,
    progress: Callable[[FunctionProgress], object] | None = None,
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
        time_limit=time_limit,
        progress=progress,
    )
    if not report.passed:
        raise GradientMismatch(report.message, report)
    return report


__all__ = ["Coverage", "Function", "FunctionReport", "assert_function", "verify_function"]
