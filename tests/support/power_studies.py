"""Mutants of the sample, and a study with one outcome of every kind."""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from pathlib import Path

import pytest

from bptt_check.cases.targets import parse_targets
from bptt_check.mutation import Mutant, mutants
from bptt_check.power.process_pool import ProgressLines, WorkerPool
from bptt_check.power.records import (
    CheckerResult,
    FalseAlarm,
    FalseAlarms,
    FormulaComparison,
    FormulaGap,
    GapKind,
    MutantOutcome,
    OutcomeKind,
    Power,
)
from bptt_check.verdicts.verdict import Verdict

SAMPLE = f"{Path(__file__).with_name('mutation_sample.py')}:loss_and_grads"
ORACLES = ("complex_step",)
HERE = WorkerPool(None, 0)
"""This process: a test that patches a module is seen by its tasks."""
TARGET = parse_targets("rnn-identity+linear")[0]
needs_flint = pytest.mark.skipif(find_spec("flint") is None, reason="needs python-flint")


def silent_progress() -> ProgressLines:
    """Progress that prints nothing."""
    return ProgressLines(every=1e9)


def sample_mutant(ending: str) -> Mutant:
    """The mutant of the sample whose name ends so."""
    (mutant,) = [m for m in mutants(SAMPLE) if m.name.endswith(ending)]
    return mutant


CAUGHT = MutantOutcome(
    "m.f:1 y: a -> b", "p.m.f", "swap name", 1, "y = a", "y = b", ("1.2",), OutcomeKind.CAUGHT,
    Verdict.FAIL, "lstm", {"harness": 1, "torch": 7}, ("jax", "torch"), 3,
    {"zero state: gradcheck": CheckerResult.PASSED},
)  # fmt: skip
STOPPED = dataclasses.replace(
    CAUGHT, name="m.f:2", verdict=Verdict.ERROR, first={"harness": 1}, able=()
)
EQUIVALENT = dataclasses.replace(
    CAUGHT,
    name="m.g:3",
    function="p.m.g",
    kind=OutcomeKind.EQUIVALENT,
    verdict=None,
    first={},
    comparison=FormulaComparison(None, 60, 3),
)
MISSED = dataclasses.replace(
    EQUIVALENT,
    name="m.g:4 <b>",
    kind=OutcomeKind.MISSED,
    comparison=FormulaComparison(FormulaGap(GapKind.GRADIENT, gradient="x", spec="lstm T=2")),
)
ALARM = FalseAlarm("torch.nn", Verdict.FAIL, "lstm T=1", "the message")
STUDY = Power(
    "p:f", ("torch", "jax"), 100, (CAUGHT, STOPPED, EQUIVALENT, MISSED),
    FalseAlarms({"a": 5}, {"pass": 2}, (ALARM,)),
    {"zero state: gradcheck": (1, 4)}, {"mutants": 60.0}, command="bptt-check power p:f",
)  # fmt: skip
