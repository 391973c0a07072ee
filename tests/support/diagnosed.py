"""What the formulas of a diagnosis say of a subject, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import bptt_check as bc
from bptt_check.diagnosis.facts import Fact
from bptt_check.diagnosis.trials import Trial, trial_of
from bptt_check.diagnosis.wording import words_of


def trials_of(subject: Callable[..., Any], cases: Sequence[bc.Case]) -> list[Trial]:
    """What a subject answers on some cases; nothing if it does not answer one of them."""
    trials = [trial for case in cases if (trial := trial_of(subject, case)) is not None]
    return trials if len(trials) == len(cases) else []


def sentence_of(
    formula: Callable[[Sequence[Trial]], Fact | None],
    subject: Callable[..., Any],
    cases: Sequence[bc.Case],
) -> str:
    """The sentence of a formula; "" where it explains nothing."""
    fact = formula(trials_of(subject, cases))
    return words_of(fact) if fact else ""
