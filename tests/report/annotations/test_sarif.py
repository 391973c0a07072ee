"""Remarks as SARIF 2.1.0."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bptt_check.cli import cli
from bptt_check.report.annotations.annotation import Annotation
from bptt_check.report.annotations.sarif import RULES, to_sarif
from bptt_check.verdicts.verdict import Verdict

WRONG = """
import numpy as np
from bptt_reference import loss_and_grads as right


def doubled(case):
    loss, grads = right(case)
    return loss, {**grads, "b_y": 2 * grads["b_y"]}
"""


def test_a_remark_is_a_result_on_its_line() -> None:
    """Of a rule that is described; a path is a URI."""
    told = [Annotation("t", "x", "fail", "my code/rnn.py", 3), Annotation("t", "x", "imprecise")]
    data = json.loads(to_sarif(told, "1.2"))
    (run,) = data["runs"]
    first, second = run["results"]

    assert data["version"] == "2.1.0"
    assert run["tool"]["driver"]["version"] == "1.2"
    assert (first["ruleId"], first["level"], second["level"]) == ("fail", "error", "warning")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "my%20code/rnn.py"
    assert place["region"] == {"startLine": 3}
    assert "locations" not in second


def test_every_failing_verdict_is_a_rule() -> None:
    """And no other."""
    assert {*RULES} == {str(v) for v in Verdict if v.failing}


@pytest.mark.parametrize("service", ["github", "none"])
def test_a_run_writes_the_file_and_marks_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    """Beside its usual output, and on the other stream."""
    (tmp_path / "my_rnn.py").write_text(WRONG)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(
        cli,
        [
            *("run", "my_rnn.py:doubled", "--model", "rnn-tanh", "--cases", "3", "--no-isolate"),
            *("--oracle", "complex_step", "--sarif", "out.sarif", "--annotations", service),
        ],
    )
    (result,) = json.loads((tmp_path / "out.sarif").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]

    assert done.exit_code == 1
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("my_rnn.py", 6)
    assert ("::error file=my_rnn.py,line=6,title=" in done.stderr) is (service == "github")
    assert "::error" not in done.stdout


def test_a_file_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that passed does not pass without it."""
    monkeypatch.chdir(tmp_path)
    arguments = ["run", "bptt_reference:loss_and_grads", "--model", "rnn-tanh", "--cases", "2"]
    done = CliRunner().invoke(
        cli, [*arguments, "--oracle", "complex_step", "--no-isolate", "--sarif", "no/such/x.sarif"]
    )

    assert done.exit_code == 2
    assert "could not be written" in done.stderr
