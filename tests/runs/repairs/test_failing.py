"""What a repair starts from."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repairs import SPEC, broken

import bptt_check as bc
from bptt_check.errors import SpecError
from bptt_check.runs.repairs.failing import failing_specs
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
