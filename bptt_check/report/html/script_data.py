"""What the script of the page must know beside the record of the run."""

from __future__ import annotations

from typing import Any

from ...cases.written.reproduction import reproduction
from ...runs.records import Run
from ...verdicts.verdict import Reason, Verdict
from .. import grouping
from ..called import called_in
from . import matrix
from .sections import profiled_models

SPEC = "{spec}"
"""What stands for the spec in what the script types; a shell needs quotes around it as well."""


def page_data(run: Run) -> dict[str, Any]:
    """What the script must know beside the run: orders, marks and the models, the worst first."""
    return {
        "order": grouping.ORDER,
        "decided": [v for v in Verdict if v.decided],
        "failing": [v for v in Verdict if v.failing],
        "marks": matrix.MARKS,
        "limits": matrix.LIMITS,
        "notOffered": Reason.NOT_OFFERED,
        "systematic": Reason.SYSTEMATIC,
        "names": called_in(run).names,
        "again": reproduction(SPEC, run.origin),
        "spec": SPEC,
        "models": [
            {
                "check": m.check,
                "model": m.model,
                "verdict": m.verdict,
                "parameters": [g.parameter for g in m.gradients],
            }
            for m in profiled_models(run)
        ],
    }
