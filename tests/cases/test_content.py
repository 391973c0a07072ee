"""Two specs are the same case if every number in it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bptt_check.cases.case import Spec
from bptt_check.cases.content import content_of

LINE = "lstm+linear T=1 B=2 D=2 H=3"


def content(line: str) -> bytes:
    return content_of(Spec.parse(line).build())


@pytest.mark.parametrize("words", ["lengths=full", "lengths=equal", "lengths=one"])
def test_kinds_of_lengths_of_one_step_are_the_same_case(words):
    """All are 1; without lengths it is another one, as a subject is told them."""
    assert content(f"{LINE} {words}") == content(f"{LINE} lengths")
    assert content(f"{LINE} {words}") != content(LINE)


@pytest.mark.parametrize(
    "words",
    [
        "seed=1",
        "initial_state=zero",
        "inputs=alike",
        "layout=fortran",
        "dtype=float32",
        "k1=1 k2=1",
    ],
)
def test_other_words_make_another_case(words):
    """Other numbers, another format or place of them, or another gradient that is asked for."""
    assert content(f"{LINE} {words}") != content(LINE)


def test_a_single_number_or_another_wanted_gradient_makes_another_case():
    """Zeros with other signs differ as well."""
    case = Spec.parse(LINE).build()
    zeros = case.with_inputs({"x": np.zeros_like(case.x)})

    assert content_of(zeros) != content_of(case.with_inputs({"x": -np.zeros_like(case.x)}))
    assert content_of(replace(case, wanted=("x",))) != content_of(case)
    assert content_of(case.with_inputs({})) == content_of(case)
