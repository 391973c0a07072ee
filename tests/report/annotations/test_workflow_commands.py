"""Remarks as lines that services read."""

from __future__ import annotations

import pytest

from bptt_check.report.annotations.annotation import Annotation
from bptt_check.report.annotations.workflow_commands import service_of, workflow_commands

REMARK = Annotation("W_hh, b_h: wrong", "FAIL 100 %\nbelow", "fail", "a;b,c.py", 23)


@pytest.mark.parametrize(
    ("variables", "service"),
    [
        ({"GITHUB_ACTIONS": "true"}, "github"),
        ({"TF_BUILD": "True"}, "azure"),
        ({"GITHUB_ACTIONS": "false"}, ""),
        ({}, ""),
    ],
)
def test_the_service_is_known_by_its_variable(variables: dict[str, str], service: str) -> None:
    """Which has to say yes."""
    assert service_of(variables) == service


def test_github_gets_an_error_on_the_line() -> None:
    """What would end a property or the line is escaped."""
    (line,) = workflow_commands([REMARK], "github")

    assert line == (
        "::error file=a;b%2Cc.py,line=23,title=bptt_check%3A W_hh%2C b_h%3A wrong"
        "::FAIL 100 %25%0Abelow"
    )


def test_azure_gets_an_issue_on_the_line() -> None:
    """With the title, which is all it shows."""
    (line,) = workflow_commands([REMARK], "azure")

    assert line == (
        "##vso[task.logissue type=error;sourcepath=a%3Bb,c.py;linenumber=23]"
        "bptt_check: W_hh, b_h: wrong"
    )


def test_without_a_line_or_a_service_less_is_said() -> None:
    """No place, and nothing at all."""
    nowhere = Annotation("t", "x", "error")

    assert workflow_commands([nowhere], "github") == ["::error title=bptt_check%3A t::x"]
    assert workflow_commands([nowhere], "azure") == ["##vso[task.logissue type=error]bptt_check: t"]
    assert workflow_commands([nowhere], "") == []
