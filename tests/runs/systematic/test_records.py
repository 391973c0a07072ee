"""When two models have the same error."""

from __future__ import annotations

import pytest
from support.shared_errors import shared_error

from bptt_check.runs.systematic.records import SystematicError, have_same_errors
from bptt_check.runs.systematic.slope import RegressorKind
from bptt_check.verdicts.verdict import Verdict

ERROR, OTHER = shared_error(), shared_error(parameter="x", estimate=-0.1)


@pytest.mark.parametrize(
    "same",
    [
        shared_error(model="lstm+mse", spec="another", share=0.5, cases=40, strength=9.0),
        shared_error(estimate=0.0209),
        shared_error(estimate=0.03, uncertainty=0.002),
    ],
)
def test_errors_of_one_mistake_are_the_same(same: SystematicError) -> None:
    """As far as they are known; in whatever order they were found."""
    assert have_same_errors([ERROR], [same])
    assert have_same_errors([ERROR, OTHER], [OTHER, same])


@pytest.mark.parametrize(
    "other",
    [
        shared_error(estimate=0.022),
        shared_error(estimate=-0.02),
        shared_error(dtype="float16"),
        shared_error(models=2),
        shared_error(parameter="W_hh_l1"),
        shared_error(kind=RegressorKind.GATE, name="f"),
        shared_error(verdict=Verdict.IMPRECISE),
    ],
)
def test_errors_of_another_mistake_are_others(other: SystematicError) -> None:
    """And one more or less is another, too."""
    assert not have_same_errors([ERROR], [other])
    assert not have_same_errors([ERROR, OTHER], [ERROR])
