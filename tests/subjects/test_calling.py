"""Calling a subject: nothing it does can spoil the run, and all of it is noticed."""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bptt_reference import loss_and_grads as reference
from support.checks import Fake
from support.right import right

from bptt_check.cases.case import LAYOUTS, Case, Spec
from bptt_check.cases.contract import Outcome
from bptt_check.cases.follow_up import every_call
from bptt_check.errors import SpecError, SubjectTimeout, Unsupported
from bptt_check.runs.check import Setup, check_case
from bptt_check.subjects.calling import call, call_once, is_supported

CASE = Spec.parse("lstm T=2 B=2 D=2 H=2 O=2 lengths").build()


def raising(error: BaseException) -> Callable[[Case], Any]:
    """A subject that raises."""

    def subject(case: Case) -> Any:
        raise error

    return subject


# --- what it says of a model --------------------------------------------------------------------


class Choosy:
    """Supports one cell; hangs over another."""

    name = "choosy"

    def supports(self, model: Any) -> bool:
        if model.cell == "gru":
            time.sleep(600)
        return model.cell == "lstm"

    def __call__(self, case: Case) -> Any:
        return right(case)


def test_what_a_subject_says_of_a_model_has_a_deadline():
    """Where its calls have one; who has no `supports` supports all."""
    gru = Spec.parse("gru").model
    assert is_supported(Choosy(), CASE.model, 60.0)
    assert not is_supported(Choosy(), Spec.parse("rnn-tanh").model, 60.0)
    assert is_supported(right, gru, 60.0)
    said = r"^choosy took longer than the limit of 0\.05 s for supports\(gru\)\.$"
    with pytest.raises(SubjectTimeout, match=said):
        is_supported(Choosy(), gru, 0.05)


# --- what comes back ----------------------------------------------------------------------------


def test_a_right_subject_has_an_answer_and_nothing_else():
    """No finding, no error, no second answer."""
    answer = call(right, CASE)

    assert set(answer.result.grads) == set(CASE.inputs)
    assert (answer.breaches, answer.second_result) == ((), None)
    assert (answer.outcome, answer.text) == (Outcome.ANSWERED, "")
    assert answer.asked == ()


def test_answer_says_which_further_calls_were_made():
    """Only those that there are for the subject and the case: no framework, no linear loss."""
    answer = call(right, CASE, calls=every_call(CASE))

    assert set(answer.asked) == {
        *("third_call", "other_values", "other_targets", "after_others", "freed_memory")
    }


def test_answer_that_breaks_the_contract_is_asked_nothing_further():
    """The sibling without a gradient of b_y; what lay in memory was asked with the first calls."""

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        return loss, {n: a for n, a in grads.items() if n != "b_y"}

    assert call(subject, CASE, calls=every_call(CASE)).asked == ("freed_memory",)


def test_a_subject_is_called_twice_on_arrays_of_its_own():
    """Writable copies of everything, new ones for each call."""
    seen: list[Case] = []

    def subject(case: Case) -> Any:
        seen.append(case)
        return right(case)

    call(subject, CASE)
    first, second = seen

    for name, array in CASE.inputs.items():
        assert first.inputs[name].flags.writeable
        assert not np.shares_memory(first.inputs[name], array)
        assert not np.shares_memory(first.inputs[name], second.inputs[name])
    assert first.targets.flags.writeable
    assert first.lengths.flags.writeable
    assert first.spec == CASE.spec


def by_address(array: np.ndarray) -> np.ndarray:
    """What C code reads that takes an address and a shape."""
    kind = np.ctypeslib.as_ctypes_type(array.dtype)
    memory = (kind * array.size).from_address(array.ctypes.data)
    return np.ctypeslib.as_array(memory).reshape(array.shape).copy()


READINGS: dict[str, tuple[Callable[[np.ndarray], Any], set[str]]] = {
    "as it is": (np.asarray, set()),
    "contiguous first": (lambda a: by_address(np.ascontiguousarray(a)), set()),
    "by address": (by_address, {"fortran", "strided", "expanded"}),
    "in its own order": (lambda a: a.ravel(order="K").reshape(a.shape), {"fortran"}),
    "in rows or columns": (lambda a: a.ravel(order="A").reshape(a.shape), {"fortran"}),
}
"""Ways to read an array, and the layouts in which they read something else."""


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("how", READINGS)
def test_how_an_array_is_read_shows_in_the_layouts_for_which_it_is_wrong(how, layout):
    """In both calls, and in no other layout; whoever reads an array as it is notices nothing."""
    read, wrong_in = READINGS[how]
    case = Spec.parse(f"lstm+linear T=3 B=2 D=3 H=2 inputs=alike layout={layout}").build()
    seen: list[bool] = []

    def subject(own: Case) -> Any:
        seen.append(all(np.array_equal(read(own.inputs[n]), a) for n, a in case.inputs.items()))
        return right(own)

    answer = call(subject, case)

    assert seen == [layout not in wrong_in] * 2
    assert (answer.breaches, answer.second_result) == ((), None)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["W_hh_l0", "b_y", "x", "h0", "c0", "targets", "lengths"])
def test_a_write_is_found_out_and_reaches_nobody(name, layout):
    """A subject that writes into its inputs is told which; our arrays stay as they were."""
    case = replace(CASE, layout=layout)
    before = {n: a.copy() for n, a in case.inputs.items()}

    def subject(case: Case) -> Any:
        found = right(case)
        array = case.inputs[name] if name in case.inputs else getattr(case, name)
        array += 1
        return found

    answer = call(subject, case)

    assert [f.parameter for f in answer.breaches] == [name]
    assert "was written to" in answer.breaches[0].message
    assert answer.result is not None
    assert all(np.array_equal(a, case.inputs[n]) for n, a in before.items())


def test_a_parameter_taken_out_of_the_dict_is_a_write_too():
    """The dict of parameters is an input as well."""

    def subject(case: Case) -> Any:
        found = right(case)
        dict.pop(case.params, "b_y")
        return found

    answer = call(subject, CASE)

    assert answer.text == ""
    assert [f.parameter for f in answer.breaches] == ["b_y"]


def test_two_answers_are_kept():
    """A subject that counts its calls gives another answer the second time."""
    calls = [0.0]

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        calls[0] += 1.0
        return loss, {**grads, "x": grads["x"] * calls[0]}

    answer = call(subject, CASE)

    assert np.array_equal(answer.second_result.grads["x"], 2.0 * answer.result.grads["x"])


@pytest.mark.parametrize("text", ["rnn-tanh T=2", "rnn-tanh+linear T=2"])
@pytest.mark.parametrize("calls", [lambda case: (), every_call])
def test_answers_that_alternate_are_kept_as_two(text, calls):
    """However many further calls there are, right and wrong in turn are told from one answer."""
    case, made = Spec.parse(text).build(), []

    def subject(case: Case) -> Any:
        made.append(1)
        loss, grads = right(case)
        return loss, grads if len(made) % 2 else {n: 2.0 * g for n, g in grads.items()}

    assert call(subject, case, calls=calls(case)).second_result is not None


def test_probes_are_asked_once_and_only_where_they_may():
    """Not where nobody asks, and not beside an answer that breaks the contract already."""
    case = Spec.parse("lstm+linear T=3 B=2 D=2 H=3").build()

    def incomplete(case: Case) -> Any:
        loss, grads = right(case)
        return loss, {n: g for n, g in grads.items() if n != "b_h_l0"}

    every = every_call(case)
    assert set(call(right, case, calls=every).linear) == {"zero", "scaled", "one", "rest"}
    assert call(right, case).linear == {}
    assert call(incomplete, case, calls=every).linear == {}


def test_another_loss_the_second_time_is_another_answer():
    """Also where all gradients are the same."""
    calls = [0.0]

    def subject(case: Case) -> Any:
        loss, grads = right(case)
        calls[0] += 1.0
        return loss + calls[0], grads

    assert call(subject, CASE).second_result.loss == pytest.approx(
        call(right, CASE).result.loss + 2.0
    )


def test_the_same_answer_twice_is_one():
    """To the last bit."""
    assert call(right, CASE).second_result is None


def test_no_answer_the_second_time_is_noticed():
    """A subject that works once only is not right."""
    calls: list[int] = []

    def subject(case: Case) -> Any:
        calls.append(1)
        return right(case) if len(calls) == 1 else None

    answer = call(subject, CASE)

    assert answer.breaches or answer.second_result is not None or answer.text


def test_returned_buffers_that_are_used_again_are_found_out():
    """What the first call returned must not change in the second."""
    loss, grads = right(CASE)
    buffers = {n: g.copy() for n, g in grads.items()}
    calls: list[int] = []

    def subject(case: Case) -> Any:
        calls.append(1)
        buffers["b_y"] += len(calls) - 1
        return loss, buffers

    answer = call(subject, CASE)

    assert [f.message for f in answer.breaches] == [
        "a later call changed the arrays that the first had returned"
    ]
    assert np.array_equal(answer.result.grads["b_y"], grads["b_y"])


def test_a_subject_can_be_asked_once():
    """Read like any answer, raised or not."""
    calls: list[int] = []

    def subject(case: Case) -> Any:
        calls.append(1)
        return right(case)

    answer = call_once(subject, CASE)

    assert len(calls) == 1
    assert answer.result.loss == right(CASE)[0]
    assert call_once(raising(Unsupported("no")), CASE).text == "no"
    assert call_once(raising(ValueError("bad")), CASE).text.startswith("raised ValueError: bad")


# --- what is raised -----------------------------------------------------------------------------


REFUSED = "); the system refused it this memory, whatever limit --memory sets"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("bad shape"), "raised ValueError: bad shape (line "),
        (KeyError("W"), "raised KeyError: 'W' (line "),
        (SystemExit(0), "raised SystemExit: 0 (line "),
        (RecursionError(), "raised RecursionError:  (line "),
        (MemoryError("no room"), "raised MemoryError: no room (line "),
        (GeneratorExit(), "raised GeneratorExit:  (line "),
        (SpecError("made by the subject"), "raised SpecError: made by the subject (line "),
    ],
)
def test_whatever_is_raised_becomes_data(error, text):
    """With the innermost line of the subject's own code."""
    answer = call(raising(error), CASE)

    assert (answer.result, answer.outcome) == (None, Outcome.RAISED)
    assert answer.text.startswith(text)
    assert " of subject: raise error)" in answer.text
    assert answer.text.endswith(REFUSED if isinstance(error, MemoryError) else ")")


def test_an_error_in_the_second_call_counts():
    """A subject that works once is not right."""
    calls: list[int] = []

    def subject(case: Case) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("state left over")
        return right(case)

    assert call(subject, CASE).text.startswith("raised RuntimeError: state left over (line ")


def test_declining_is_no_error():
    """`Unsupported` with its reason."""
    answer = call(raising(Unsupported("no lengths")), CASE)

    assert (answer.outcome, answer.text) == (Outcome.DECLINED, "no lengths")
    assert answer.result is None
    assert call(raising(Unsupported()), CASE).text == "declined without a reason"


def test_the_user_can_stop_a_run():
    """A KeyboardInterrupt is the user's, not the subject's."""
    with pytest.raises(KeyboardInterrupt):
        call(raising(KeyboardInterrupt()), CASE)


# --- time ---------------------------------------------------------------------------------------


def test_a_slow_subject_is_stopped():
    """After its limit a case is an error, and the alarm is off."""

    def subject(case: Case) -> Any:
        while True:
            time.sleep(0.001)

    begin = time.perf_counter()
    answer = call(subject, CASE, timeout=0.05)

    assert answer.outcome is Outcome.TIMED_OUT
    assert answer.text == "took longer than the limit of 0.05 s for one case"
    assert time.perf_counter() - begin < 5.0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_fast_subject_is_not_stopped():
    """The limit is per call, and leaves no alarm behind."""
    before = signal.getsignal(signal.SIGALRM)

    assert call(right, CASE, timeout=30.0).text == ""
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_bad_limit_is_not_the_subject_s_fault():
    """Whoever passes an impossible limit hears of it."""
    with pytest.raises(SpecError, match="timeout must be positive"):
        call(right, CASE, timeout=0)


# --- where warnings are errors --------------------------------------------------------------------

OUT_OF_RANGE = [
    ("rnn-relu T=9 B=2 D=2 H=3 dtype=float32", "W_hh_l0", 1e5),
    ("rnn-identity+linear T=7 B=1 D=2 H=2 dtype=float32", "W_hh_l0", 1e15),
    ("rnn-tanh+mse T=2 B=1 D=2 H=2 O=2", "W_hy", 1e200),
    ("gru+mse T=2 B=1 D=2 H=2 O=2 dtype=float32", "W_hy", 1e30),
]
"""Cases that overflow in right code: a spec, and an array times a number."""


def out_of_range(line: str, name: str, factor: float) -> Case:
    """One of them."""
    case = Spec.parse(line).build()
    positive = {n: np.abs(case.inputs[n]) for n in (name, "x", "h0")}  # relu lets it through
    return case.with_inputs({**positive, name: (positive[name] * factor).astype(case.stored)})


def verdict_of(subject: Any, case: Case) -> tuple[str, str]:
    """Verdict and message of one case, without the line that reproduces it."""
    report = check_case(subject, case, Setup((Fake("truth"),)), ())
    return report.verdict, report.message.partition("reproduce")[0]


@pytest.mark.parametrize(("line", "name", "factor"), OUT_OF_RANGE)
def test_overflow_of_the_case_is_the_same_where_warnings_are_errors(
    line: str, name: str, factor: float
) -> None:
    """As without: nothing can be decided there, and nothing was raised by the subject."""
    case = out_of_range(line, name, factor)
    with warnings.catch_warnings(record=True) as usual:
        warnings.simplefilter("always")
        plain = verdict_of(reference, case)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("error")
        strict = verdict_of(reference, case)

    assert plain == strict
    # not every NumPy warns of what overflows inside a product of matrices
    assert {w.category for w in seen} == {w.category for w in usual} <= {RuntimeWarning}
    assert plain[0] == "inconclusive"
    assert "leaves the range" in plain[1]


def test_overflow_of_the_subject_is_an_error_where_warnings_are_errors() -> None:
    """Of code that overflows in a case whose own numbers fit."""

    def naive(case: Case) -> Any:
        np.exp(np.full(3, 1000.0))
        return right(case)

    answer = call(naive, CASE)

    assert answer.outcome is Outcome.RAISED
    assert "overflow encountered in exp" in answer.text


@pytest.mark.parametrize(
    "error", [ValueError("mine"), RuntimeWarning("mine"), ArithmeticError("mine")]
)
def test_what_the_subject_raises_is_its_error_in_any_case(error: Exception) -> None:
    """Also where the case leaves the range of its dtype."""
    answer = call(raising(error), out_of_range(*OUT_OF_RANGE[0]))

    assert answer.outcome is Outcome.RAISED
    assert f"raised {type(error).__name__}: mine" in answer.text


def test_filters_of_warnings_are_left_as_they_were() -> None:
    """After a call in which they were others."""
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("error")
        before = list(warnings.filters)
        answer = call(reference, out_of_range(*OUT_OF_RANGE[0]))

        assert answer.outcome is Outcome.ANSWERED
        assert list(warnings.filters) == before
