"""What the stages of a case cost, for lstm, in chunks as a run has them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bptt_reference import loss_and_grads

import bptt_check as bc
from bptt_check.cases.design.design import EVERYTHING, Design
from bptt_check.cases.follow_up import calls_in_turn
from bptt_check.cases.targets import parse_targets
from bptt_check.equations.conditioning import conditioning
from bptt_check.oracles import defaults
from bptt_check.runs.check import trusted_results
from bptt_check.runs.target_cases import CHUNK
from bptt_check.subjects.calling import call as call_subject
from bptt_check.verdicts.budget import Tolerance
from bptt_check.verdicts.judge import judge

from ..child import call
from ..effort import Effort
from ..rows import STAGES, Measured

MODEL = "lstm"


def measure(effort: Effort) -> Iterator[Measured]:
    """A row per stage; each round is a new process."""
    rounds = [call(f"{__name__}:stages_of", cases=effort.cases) for _ in range(effort.rounds)]
    for stage in STAGES:
        amounts = [1e3 * one[stage] for one in rounds]
        ratios = [one[stage] / one["reference"] for one in rounds]
        yield Measured(f"stage/{stage}", amounts, ratios)


def stages_of(cases: int) -> dict[str, float]:
    """Seconds per case of every stage, and of one call of the reference."""
    drawn, spent = _timed(lambda: _drawn(seed=0, cases=cases))
    oracles = defaults()
    for oracle in oracles:  # what is compiled once
        _of_oracle(oracle, _drawn(seed=1, cases=CHUNK))
    found = {"draw": spent}
    answers, found["subject"] = _timed(lambda: _answers(drawn))
    results = {}
    for oracle in oracles:
        results[oracle.name], found[oracle.name] = _timed(lambda o=oracle: _of_oracle(o, drawn))
    found["rounding"], found["judging"] = _judged(drawn, answers, results)
    _, found["reference"] = _timed(lambda: [loss_and_grads(case) for case in drawn])
    return {stage: seconds / cases for stage, seconds in found.items()}


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.process_time()
    result = work()
    return result, time.process_time() - begin


def _drawn(seed: int, cases: int) -> list[bc.Case]:
    (target,) = parse_targets(MODEL)
    return [spec.build() for spec in Design(target, ("float64",), seed, EVERYTHING).specs(cases)]


def _answers(cases: Sequence[bc.Case]) -> list[Any]:
    """With all that a run asks of a subject."""
    return [
        call_subject(loss_and_grads, case, None, calls_in_turn(n, case))
        for n, case in enumerate(cases)
    ]


def _of_oracle(oracle: Any, cases: Sequence[bc.Case]) -> list[Any]:
    starts = range(0, len(cases), CHUNK)
    return [r for n in starts for r in trusted_results(oracle, cases[n : n + CHUNK])]


def _judged(
    cases: Sequence[bc.Case], answers: Sequence[Any], results: dict[str, list[Any]]
) -> tuple[float, float]:
    """Seconds of the rounding model, which the judge remembers, and of judging."""
    rounding, judging = 0.0, 0.0
    for n, case in enumerate(cases):
        _, spent = _timed(lambda c=case: conditioning(c, "float64"))
        rounding += spent
        trusted = {name: of_cases[n] for name, of_cases in results.items()}
        _, spent = _timed(
            lambda c=case, n=n, t=trusted: judge(c, answers[n], t, Tolerance(), "reference")
        )
        judging += spent
    return rounding, judging
