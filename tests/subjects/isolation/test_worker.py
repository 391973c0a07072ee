"""A kernel in a process of its own: it is sent the case, and its answer comes back."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.cases.contract import Outcome
from bptt_check.cases.recurrences.recurrence import Recurrence, RecurrenceCase, RecurrenceSpec
from bptt_check.errors import SubjectNotFound
from bptt_check.subjects.calling import call
from bptt_check.subjects.isolation import Isolated
from bptt_check.subjects.isolation.protocol import KernelStart

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

from support import decayed_sums as code

from bptt_check.recurrences.code import reference_code
from bptt_check.subjects.kernels.kernel import kernel_subject

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ends processes as Linux does")

MODULE = "support.decayed_sums"
START = KernelStart(f"{MODULE}:INPUTS", "cpu", "torch")
RECURRENCE = Recurrence("sums", code.INPUTS, reference_code(code.plain_sums))


def case_of(**words: Any) -> RecurrenceCase:
    return RecurrenceSpec(RECURRENCE, (("T", 4), ("B", 2)), **{"dtype": "float32", **words}).build()


def isolated(kernel: str, start: KernelStart = START) -> Isolated:
    return Isolated(f"{MODULE}:{kernel}", 60.0, kernel=start)


@pytest.mark.parametrize("kernel", ["sums", "VJP"])
def test_its_answers_are_those_of_the_same_kernel_here(kernel):
    """To the last bit, whatever the case has."""
    here = kernel_subject(getattr(code, kernel))
    cases = [
        case_of(),
        case_of(dtype="bfloat16", layout="strided", cotangents="ones"),
        case_of(dtype="float64", regime="extremes", cotangents="last_step", layout="fortran"),
    ]
    with isolated(kernel) as there:
        for case in cases:
            answer, want = call(there, case), call(here, case)
            assert answer.outcome is Outcome.ANSWERED
            assert answer.breaches == want.breaches == ()
            assert answer.result is not None
            assert want.result is not None
            assert answer.result.loss == want.result.loss
            for got, known in (
                (answer.result.grads, want.result.grads),
                (answer.result.outputs, want.result.outputs),
            ):
                assert got is not None
                assert known is not None
                assert got.keys() == known.keys()
                assert all(np.array_equal(got[n], known[n]) for n in known)


def test_what_breaks_the_contract_there_is_told_here():
    with isolated("sums_infinite") as there:
        answer = call(there, case_of())

    assert {b.parameter for b in answer.breaches} >= {"loss", "x"}


def test_what_it_raises_is_told_with_its_line():
    with isolated("sums_that_raise") as there:
        answer = call(there, case_of())

    assert answer.outcome is Outcome.RAISED
    assert "ValueError: no tile of this size (line " in answer.text


def test_one_that_ends_its_process_has_an_answer_and_the_next_case_too():
    with isolated("sums_that_abort") as there:
        answers = [call(there, case_of(seed=seed)) for seed in range(5)]

    assert [a.outcome for a in answers] == [*3 * [Outcome.DIED], *2 * [Outcome.NOT_CALLED]]
    assert "SIGABRT" in answers[0].text


@pytest.mark.parametrize(
    ("kernel", "start", "words"),
    [
        ("nothing", START, "has no 'nothing'"),
        ("INPUTS", START, "the kernel must be a function or a bc.Vjp"),
        ("sums", KernelStart(f"{MODULE}:nothing", "cpu", "torch"), "has no 'nothing'"),
        ("sums", KernelStart(f"{MODULE}:INPUTS", "gpux", "torch"), "torch has no device 'gpux'"),
    ],
)
def test_what_cannot_be_loaded_there_is_refused_here(kernel, start, words):
    with pytest.raises(SubjectNotFound, match=words):
        isolated(kernel, start)


def test_a_run_of_it_is_that_of_the_same_kernel_here():
    """Verdict, numbers and words."""
    with isolated("sums_doubled") as there:
        far = bc.verify_against(there, code.plain_sums, code.INPUTS, 3)
    near = bc.verify_against(code.sums_doubled, code.plain_sums, code.INPUTS, 3)

    assert (
        far.failures[0].message.split("reproduce:")[0]
        == (near.failures[0].message.split("reproduce:")[0])
    )
    assert [r.max_budgets for r in far.rows] == [r.max_budgets for r in near.rows]
