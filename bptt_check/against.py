"""A kernel against a user's own plain code: objects go in here, then the run does the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .api import tolerance_of
from .cases.precision import checked_dtypes
from .cases.recurrences.design import RecurrenceDesign
from .cases.recurrences.inputs import Inputs
from .cases.recurrences.recurrence import Recurrence, RecurrenceSpec, RecurrenceTarget
from .cases.recurrences.reference_code import ORACLE
from .cases.result import name_of
from .cases.timing.stage_clock import clock_of_run
from .errors import GradientMismatch, SpecError, UnknownName, quoted
from .oracles import available, require_framework
from .oracles.recurrences import differences, reverse_mode
from .recurrences.code import reference_code
from .recurrences.explained_code import ExplainedCode
from .report.report import Report
from .runs.check import Setup
from .runs.effort.number_of_cases import cases_of_run
from .runs.effort.progress import Progress
from .runs.run import Plan, verify_plan
from .runs.session import collected, overrides
from .subjects.kernels.framework import framework_of
from .subjects.kernels.kernel import kernel_subject
from .subjects.kernels.second_order import gradients_of
from .subjects.kernels.vjp import Vjp
from .subjects.remote import RemoteSubject

CERTIFIED = "certified"
"""The oracle that needs a reference in NumPy."""
CASES = 50
"""Cases where nothing else is said."""


def verify_against(
    kernel: Callable[..., Any] | Vjp,
    reference: Callable[..., Any],
    inputs: Inputs,
    cases: int | None = None,
    dtypes: Sequence[str] = ("float32",),
    seed: int = 0,
    accuracy: float = 0.0,
    device: str = "cpu",
    timeout: float | None = None,
    *,
    case: str | None = None,
    inside: str = "",
    order: int = 1,
    oracles: Iterable[str] | None = None,
    address: str = "",
    progress: Callable[[Progress], None] | None = None,
    keep_partial: bool = False,
) -> Report:
    """Check a kernel, outputs and all gradients, against plain code that defines what it is.

    Args:
        kernel: a function of arrays by name that torch or JAX differentiates by its own backward
            pass (an `autograd.Function`, a module, a `custom_vjp`), or a `Vjp`.
        reference: plain torch, JAX or NumPy: the definition, evaluated in float64.
        inputs: what both are called with.
        cases: number of cases; None is 50.
        dtypes: of the arrays that have none of their own, one of these in each case.
        seed: of the cases.
        accuracy: as in `verify`.
        device: where the kernel runs; what it returns is judged on the CPU.
        timeout: seconds for one call of the kernel; None is no limit.
        case: the line of one case, which alone is checked, in the dtype that it says.
        inside: the dtype in which the kernel computes whatever it is given, such as `"float32"`:
            then half precision is that of its results alone, and budgets are so much sharper.
        order: 2 checks the gradients and their own derivatives, as `gradgradcheck` does: for code
            of torch or JAX.
        oracles: names, `"reference"`, `"finite_difference"` (of the reference, which finds out one
            that is wrong itself) and `"certified"` (interval arithmetic, of a reference in NumPy);
            None is all that can be had.
        address: the words by which the command line takes kernel, reference and inputs.
        progress: called after every case.
        keep_partial: a KeyboardInterrupt returns what there is instead of being raised.

    Raises:
        UnknownName, SpecError: an argument is impossible; the message says why.
        MissingFramework: an oracle that is asked for is not installed.
    """
    if not isinstance(inputs, Inputs):
        raise SpecError(f"inputs must be a bptt_check.Inputs, got {quoted(inputs)}.")
    dtypes = checked_dtypes(dtypes)
    name, like = "_".join(name_of(reference).split()), framework_of(reference)  # a word of a line
    if order == 2:
        reference = gradients_of(reference, inputs.differentiated, like)
        if not isinstance(kernel, RemoteSubject):
            kernel = gradients_of(kernel, inputs.differentiated, like)
    code = reference_code(reference)
    asked = _oracles(oracles, code)
    subject = kernel_subject(kernel, device, address, like)
    target = RecurrenceTarget(name, Recurrence(name, inputs, code, inside, order))
    lines = ()
    if case is not None:
        lines, dtypes = (case,), (_spec_of(target, case).dtype,)
    said = overrides.get().seed
    seed = seed if said is None else said
    plan = Plan((target,), cases_of_run(cases, CASES), dtypes, seed, lines=lines)
    setup = Setup(asked, tolerance_of(accuracy), timeout)
    with clock_of_run():
        report = Report(*verify_plan(subject, plan, setup, progress, keep_partial))
    gathered = collected.get()
    if gathered is not None:
        gathered.append(report)
    return report


def assert_matches(
    kernel: Callable[..., Any] | Vjp,
    reference: Callable[..., Any],
    inputs: Inputs,
    cases: int | None = None,
    dtypes: Sequence[str] = ("float32",),
    seed: int = 0,
    accuracy: float = 0.0,
    device: str = "cpu",
    timeout: float | None = None,
    *,
    case: str | None = None,
    inside: str = "",
    order: int = 1,
) -> Report:
    """The same as `verify_against`, for tests: anything but `pass` raises.

    Raises:
        GradientMismatch: an AssertionError whose message explains what most cases suffer from.
    """
    __tracebackhide__ = True
    report = verify_against(
        *(kernel, reference, inputs, cases, dtypes, seed, accuracy, device, timeout),
        case=case,
        inside=inside,
        order=order,
    )
    if not report.passed:
        raise GradientMismatch(report.message, report)
    return report


def _spec_of(target: RecurrenceTarget, line: str) -> RecurrenceSpec:
    """The spec of a line.

    Raises:
        SpecError, UnknownName: it is none, or none that the inputs allow.
    """
    if not isinstance(line, str):
        raise SpecError(f"case must be the line of a case, got {quoted(line)}.")
    spec = target.model.spec_of(line)
    design = RecurrenceDesign(target, (spec.dtype,))
    if (left := design.left_by(spec)) is not None:
        raise SpecError(f"the case has {left[0]}, and these Inputs allow only {left[1]} there.")
    if not design.contains(spec):
        raise SpecError(f"where= of Inputs does not hold of the case {quoted(line, 200)}.")
    return spec


def _oracles(names: Iterable[str] | None, code: ExplainedCode) -> tuple[Any, ...]:
    """The oracles of these names; for None all that can be had for this code."""
    if isinstance(names, str):
        raise SpecError(f"oracles must be a list of names: oracles=[{names!r}].")
    named = names is not None
    known: dict[str, Callable[[], Any]] = {
        ORACLE: reverse_mode.ReferenceOracle,
        differences.NAME: lambda: differences.DifferencesOracle(asked_for=named),
        CERTIFIED: lambda: _certified(code, asked_for=named),
    }
    if names is None:
        proven = code.enclosable is not None and available(CERTIFIED)
        return tuple(make() for name, make in known.items() if proven or name != CERTIFIED)
    wanted = dict.fromkeys(names)
    if not wanted:
        raise SpecError("oracles is empty; name at least one, or leave it out for all.")
    for name in wanted:
        if name not in known:
            raise UnknownName("oracle", name, known)
    return tuple(known[name]() for name in wanted)


def _certified(code: ExplainedCode, asked_for: bool) -> Any:
    """The oracle that proves what NumPy code comes to."""
    if code.enclosable is None:
        raise SpecError(
            f"the oracle {CERTIFIED!r} runs code in NumPy on balls; the reference is written in "
            f"{code.framework}. Leave it out."
        )
    require_framework(CERTIFIED)
    from .oracles.recurrences.certified import CertifiedOracle

    return CertifiedOracle(code.enclosable, asked_for)
