"""What a repair starts from."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repairs import SPEC, broken

import bptt_check as bc
from bptt_check.api import load_oracles
from bptt_check.cases.targets import parse_targets
from bptt_check.errors import SpecError
from bptt_check.runs.check import Setup
from bptt_check.runs.repairs.failing import failing_after_all, failing_specs
from bptt_check.runs.run import verify_plan
from bptt_check.runs.target_cases import Plan
from bptt_check.subjects import loading


def test_failing_specs_are_those_of_the_report(tmp_path: Path) -> None:
    """The smallest first, then others of the run; a right subject is refused."""
    options = {"models": [SPEC], "cases": 6, "oracles": ["complex_step"]}
    wrong, right = (
        loading.load(broken(tmp_path, *changes, name=name))
        for name, changes in (
            ("a.py", [("axis=0)\n        grads", "axis=0) * 2\n        grads")]),
            ("b.py", []),
        )
    )
    report = bc.verify(wrong, **options)  # type: ignore[arg-type]
    specs = failing_specs(report.run, report.table)
    passed = bc.verify(right, **options)  # type: ignore[arg-type]

    assert str(specs[0]) == report.failures[0].spec
    assert len(specs) > 2
    with pytest.raises(SpecError, match="nothing to repair"):
        failing_specs(passed.run, passed.table)


def test_a_proof_that_fails_gives_cases(tmp_path: Path) -> None:
    """Also where the smallest failing case has no spec any more; one that passes gives none."""
    axis = ("axis=0)\n        grads", "axis=0) * 2\n        grads")
    wrong, right = broken(tmp_path, axis, name="a.py"), broken(tmp_path, name="b.py")
    plan, setup = Plan(tuple(parse_targets(SPEC)), cases=6), Setup(load_oracles(["complex_step"]))
    failed, passed = (verify_plan(loading.load(text), plan, setup) for text in (wrong, right))

    assert failing_after_all(failed._replace(cases={})) == failing_after_all(failed) != []
    assert failing_after_all(passed) == []
