"""What `bptt-check against` leaves is what any run does: records, a page, a counterexample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.command_line import invoke
from support.own_kernel import PROGRAM

from bptt_check.report.folder import load_run

NAMED = ("own.py:reference", "own.py:INPUTS", "--cases", "30", "--no-isolate")


@pytest.fixture(autouse=True)
def _program() -> None:
    """In the working directory, beside which a run finds it."""
    Path("own.py").write_text(PROGRAM, encoding="utf-8")


def test_a_kernel_that_got_worse_is_told_by_compare():
    """Gradient by gradient and oracle by oracle, as for built-in models."""
    right = invoke("against", "own.py:RIGHT", *NAMED, "--report", "right")
    wrong = invoke("against", "own.py:WRONG", *NAMED, "--report", "wrong")
    worse, fixed = invoke("compare", "right", "wrong"), invoke("compare", "wrong", "right")

    assert [done.exit_code for done in (right, wrong, worse, fixed)] == [0, 1, 1, 0]
    assert worse.stdout.startswith("WORSE  ")
    told = [line.split(":")[0].split() for line in worse.stdout.splitlines()]
    told = {tuple(words[1:4]) for words in told if words and words[0] == "worse"}
    assert {("reference", "x", "reference"), ("reference", "decay", "reference")} <= told
    assert not any(words[1].startswith("output") for words in told)
    assert fixed.stdout.startswith("OK  nothing got worse")


def test_the_page_is_rendered_again_from_the_records():
    """With the same verdict, and the same bytes."""
    invoke("against", "own.py:WRONG", *NAMED, "--report", "wrong")
    before = Path("wrong/index.html").read_bytes()
    Path("wrong/index.html").unlink()
    again = invoke("report", "wrong")

    assert again.exit_code == 0
    assert Path("wrong/index.html").read_bytes() == before


def test_the_counterexample_holds_the_arrays_of_the_smallest_case():
    invoke("against", "own.py:WRONG", *NAMED, "--report", "wrong")
    run = load_run(Path("wrong"))
    (failure,) = run.failures

    assert failure.spec.startswith("reference T=17 B=1 ")
    with np.load(Path("wrong", failure.counterexample)) as arrays:
        assert arrays["x"].shape == (17, 1)
        assert {"x", "decay", "cotangent of output[0]", "cotangent of output[1]"} <= set(arrays)
