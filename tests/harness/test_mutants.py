"""Test the tester: every wrong BPTT of `mutants` gets its verdict, every right sibling passes.

A row that names a `weakness` is what the harness should do and does not do yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from harness.mutants import KINDS, MUTANTS, QUICK, SIBLINGS, Mutant, Sibling, Stale, has, one_entry
from support.implementations import FAULTS, Numpy

import bptt_check as bc

LEAD = {
    "fail": "your forward is right (the loss agrees), your backward is wrong",
    "imprecise": "right to fewer digits than its dtype has",
    "contract": "what came back cannot be taken as it is",
    "error": "the subject",
    "loss": "the loss is not that of this model",
}
"""What the message of each verdict says first."""

MODELS = sorted({name for m in MUTANTS for name in m.models.split()})

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny kernels on one thread: threads of parallel tests wait for each other far longer."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _rows(table: Sequence[Mutant | Sibling]) -> list[Any]:
    """The rows of a table as parameters; a weakness is expected to fail until it is mended."""
    return [
        pytest.param(
            row,
            id=row.name,
            marks=[pytest.mark.xfail(strict=True, reason=row.weakness)] if row.weakness else [],
        )
        for row in table
    ]


RARE = ("hidden", "overflow", "truncation")
"""Kinds of mutants that take the default number of cases: most of these are right."""
OFTEN = 25
"""Cases for the others, and for code that is right."""


def run(row: Mutant | Sibling, cases: int) -> bc.Report:
    """The report of a row's subject, a fresh one."""
    models = row.models.split()
    return bc.verify(row.subject(), models, cases, oracles=row.oracles, timeout=row.timeout)


@pytest.mark.parametrize("mutant", _rows(MUTANTS))
def test_mutant_gets_verdict_gradients_and_words_of_its_row(mutant: Mutant) -> None:
    """A wrong BPTT gets the verdict, names the gradients and says what its row has."""
    report = run(mutant, 100 if mutant.kind in RARE else OFTEN)

    assert report.verdict == mutant.verdict
    if mutant.kind == "declined":
        return
    first = next(f for f in report.failures if f.verdict == mutant.verdict)
    assert first.parameter in mutant.names or not mutant.names
    assert mutant.names == _named(report, mutant)
    for fragment in (_lead(mutant), *mutant.says, first.spec):
        assert fragment in first.message


def _named(report: bc.Report, mutant: Mutant) -> set[str]:
    """Every gradient whose rows got the verdict; where it is not one of rows, what is named."""
    of_rows = mutant.verdict in ("fail", "imprecise") and mutant.wrong != "loss"
    if not of_rows:
        return {report.failures[0].parameter} - {""}
    return {row.parameter for row in report.rows if row.verdict == mutant.verdict}


def _lead(mutant: Mutant) -> str:
    """What the message must begin with saying."""
    return LEAD["loss" if (mutant.verdict, mutant.wrong) == ("fail", "loss") else mutant.verdict]


@pytest.mark.parametrize("sibling", _rows(SIBLINGS))
def test_right_sibling_passes(sibling: Sibling) -> None:
    """What looks like a mutant and is right passes, on every case that decides anything."""
    report = run(sibling, OFTEN)

    assert report.verdict == "pass", report.message
    assert set(report.cases) <= {"pass", "inconclusive"}


@pytest.mark.parametrize("model", MODELS)
def test_model_of_the_table_passes_without_the_fault(model: str) -> None:
    """The BPTT from which the mutants of a model are made is right: only the fault fails."""
    report = bc.verify(Numpy(), [model], 25, QUICK)

    assert report.verdict == "pass", report.message
    assert set(report.cases) <= {"pass", "inconclusive"}


def test_assert_gradients_raises_the_message_of_the_report() -> None:
    """`assert_gradients` raises for a mutant, and the error says what the report says."""
    report = bc.verify(has("h_t")(), ["rnn-tanh"], 10, QUICK)

    with pytest.raises(bc.GradientMismatch) as error:
        bc.assert_gradients(has("h_t")(), ["rnn-tanh"], 10, QUICK)

    assert str(error.value) == report.message
    assert "the gradient of W_hh_l0 is wrong" in report.message


def test_counterexample_and_its_spec_line_fail_again() -> None:
    """The simplest case of a failure fails by itself, and the case of its line does too."""
    subject = has("transpose")()
    report = bc.verify(subject, ["rnn-tanh"], 20, QUICK)
    line = bc.Spec.parse(report.failures[0].spec)

    assert report.counterexample is not None
    assert bc.check(subject, report.counterexample, QUICK).verdict == "fail"
    assert bc.check(subject, line.build(), QUICK).verdict == "fail"
    assert (line.sizes.T, line.sizes.B, line.sizes.D, line.sizes.H) == (1, 1, 1, 2)


def test_missing_term_fails_in_float32() -> None:
    """In float32 a missing term fails too: single precision hides rounding, not formulas."""
    report = bc.verify(has("carry_dh")(), ["rnn-tanh"], oracles=QUICK, dtypes=["float32"])

    assert report.verdict == "fail"
    assert "h0" in {row.parameter for row in report.rows if row.verdict == "fail"}


@pytest.mark.parametrize("fault", ["slope_twice", "mixed_batch"])
def test_term_as_small_as_rounding_fails_and_is_not_imprecise(fault: str) -> None:
    """Where a missing term is as small as rounding, no failure says that it is rounding."""
    report = bc.verify(has(fault)(), ["rnn-tanh"], oracles=QUICK)

    assert [failure.verdict for failure in report.failures] == ["fail"]


def test_tiny_error_in_one_case_is_not_diagnosed_as_clipping() -> None:
    """An entry that is off by 1e-11 in a single case is not explained by a limit for the norm."""
    faulty, chosen = one_entry(-1e-11)(), set[bc.Sizes]()

    def subject(case: bc.Case) -> Any:
        if not chosen and case.sizes.T > 1:
            chosen.add(case.sizes)
        return (faulty if case.sizes in chosen else Numpy())(case)

    report = bc.verify(subject, ["rnn-tanh"], 10, QUICK)

    assert report.cases == {"pass": 9, "fail": 1}
    assert not any("clip" in sentence for sentence in report.failures[0].diagnoses)
    assert {finding.confidence for finding in report.failures[0].findings} <= {"hint"}


def test_cache_whose_key_is_the_shape_is_rejected() -> None:
    """A subject that answers with what it found for other arrays of the same sizes is wrong."""
    report = bc.verify(Stale(), ["rnn-tanh"], 5, QUICK)

    assert report.verdict in ("fail", "contract")


def test_table_has_a_row_for_every_kind_and_every_fault() -> None:
    """Rows have names of their own, every kind and every fault has a row, and there are many."""
    names = [row.name for row in (*MUTANTS, *SIBLINGS)]
    subjects = [m.subject() for m in MUTANTS] + [s.subject() for s in SIBLINGS]
    used = {fault for s in subjects if isinstance(s, Numpy) for fault in s.faults}

    assert len(names) == len(set(names))
    assert set(KINDS) == {mutant.kind for mutant in MUTANTS}
    assert {sibling.kind for sibling in SIBLINGS} <= set(KINDS)
    assert used == set(FAULTS)
    assert len(MUTANTS) >= 100


def test_no_row_of_the_mutants_is_meant_to_pass() -> None:
    """The table has no row with the verdict `pass`: that would be a sibling."""
    assert "pass" not in {mutant.verdict for mutant in MUTANTS}
