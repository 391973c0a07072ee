"""What the formulas of a diagnosis say of a subject, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import bptt_check as bc
from bptt_check.diagnosis.finding import Finding
from bptt_check.diagnosis.trials import Trial, trial_of


def trials_of(subject: Callable[..., Any], cases: Sequence[bc.Case]) -> list[Trial]:
    """What a subject answers on some cases; nothing if it does not answer one of them."""
    trials = [trial for case in cases if (trial := trial_of(subject, case)) is not None]
    return trials if len(trials) == len(cases) else []


def sentence_of(
    formula: Callable[[Sequence[Trial]], Finding | None],
    subject: Callable[..., Any],
    cases: Sequence[bc.Case],
) -> str:
    """The sentence of a formula; "" where it explains nothing."""
    finding = formula(trials_of(subject, cases))
    if finding is None:
        return ""
    assert finding.confidence == "certain"
    assert finding.cases == len(cases)
    return finding.sentence
