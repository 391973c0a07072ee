"""Results of differentiators, and the names of subjects."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from support.right import right

from bptt_check.cases.case import Case
from bptt_check.cases.result import Result, name_of


def test_outputs_and_bounds_of_a_result_are_optional():
    """Outputs and bounds are optional."""
    result = Result(1.0, {})

    assert result.outputs is None
    assert result.bounds is None


class Plain:
    """A subject that is an object."""

    def __call__(self, case: Case) -> Any: ...


class Named(Plain):
    """A subject that has a name."""

    name = "my kernel"


class NamedEmpty(Plain):
    """A subject whose name is no name."""

    name = ""


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (right, "right"),
        (Named(), "my kernel"),
        (Plain(), "Plain"),
        (NamedEmpty(), "NamedEmpty"),
        (partial(right), "partial"),
        (Plain().__call__, "Plain.__call__"),
    ],
)
def test_the_name_of_a_subject_is_its_own_or_that_of_its_function(subject, name):
    """Its own `name`, or that of the function or class."""
    assert name_of(subject) == name
