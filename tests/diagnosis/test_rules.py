"""The simplest rule that tells failing cases from passing ones is found."""

from __future__ import annotations

from support.drawn import SMALL, specs_of_target

import bptt_check as bc
from bptt_check.diagnosis.rules import simplest_rule


def test_truncation_that_does_not_divide_is_a_rule() -> None:
    """A last, shorter block is a condition on T and k1."""
    drawn = specs_of_target("lstm+truncated", 60, within=SMALL)
    shorter = [s for s in drawn if s.truncation and s.sizes.T % s.truncation.k1]
    rule = simplest_rule(shorter, [s for s in drawn if s not in shorter])

    assert rule is not None
    assert rule.text == "T is not a multiple of k1"


def test_cases_that_nothing_tells_apart_have_no_rule() -> None:
    """A case that both fails and passes follows no rule."""
    spec = bc.Spec.parse("rnn-tanh T=3 B=2")

    assert simplest_rule([spec], [spec]) is None
