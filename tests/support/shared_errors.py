"""Records of errors that all cases share, made by hand."""

from __future__ import annotations

from typing import Any

from support import made

import bptt_check as bc
from bptt_check.runs.records import FailureWithCase, KindCount
from bptt_check.runs.systematic.records import SystematicError, SystematicFloor
from bptt_check.runs.systematic.sentences import row_reason, systematic_message
from bptt_check.runs.systematic.slope import RegressorKind
from bptt_check.verdicts.case_kind import CaseKind
from bptt_check.verdicts.verdict import Reason, Verdict

COMMAND = "bptt-check run subject --model lstm --dtype bfloat16 --cases 100 --seed 0"
TEST = "def test_gradients():\n    bc.assert_gradients(subject, ['lstm'])\n"


def shared_error(**changes: Any) -> SystematicError:
    """W_hh_l0 of an LSTM in bfloat16, which is 1.02 of what it must be."""
    given: dict[str, Any] = {
        "verdict": Verdict.FAIL, "model": "lstm", "dtype": "bfloat16", "parameter": "W_hh_l0",
        "kind": RegressorKind.WHOLE, "name": "", "estimate": 0.02, "uncertainty": 0.0001,
        "share": 0.99, "cases": 51, "strength": 6.9, "chance": 1e-9, "spec": made.SPEC,
    }  # fmt: skip
    return SystematicError(**{**given, **changes})


def floor(**changes: Any) -> SystematicFloor:
    """Of W_hh_l0 of an LSTM in bfloat16: three thousandths."""
    given: dict[str, Any] = {
        "model": "lstm", "parameter": "W_hh_l0", "dtype": "bfloat16", "cases": 80,
        "estimate": 1e-5, "uncertainty": 1e-4, "floor": 0.003,
    }  # fmt: skip
    return SystematicFloor(**{**given, **changes})


def shared_failure(*errors: SystematicError, **changes: Any) -> FailureWithCase:
    """The failure that tells of some errors of a model."""
    told = errors or (shared_error(),)
    first, again = told[0], changes.get("reproduction", COMMAND)
    given: dict[str, Any] = {
        "verdict": first.verdict, "model": first.model, "parameter": first.parameter,
        "message": str(systematic_message(told, [first.model], again)), "reproduction": again,
        "cases": first.cases, "kind": CaseKind.SYSTEMATIC, "test_code": TEST, "shared": told,
    }  # fmt: skip
    return made.failure(**{**given, **changes})


def shared_row(error: SystematicError, **changes: Any) -> Any:
    """A row of its gradient, within its budgets in each case."""
    given = {
        "model": error.model, "parameter": error.parameter, "verdict": error.verdict,
        "reason": row_reason(error), "reason_kind": Reason.SYSTEMATIC,
    }  # fmt: skip
    return made.row(**{**given, **changes})


def with_shared_error(*errors: SystematicError, **changes: Any) -> bc.Report:
    """A run that found errors in one model which no case has by itself."""
    told = errors or (shared_error(),)
    given: dict[str, Any] = {
        "verdict": told[0].verdict, "models": ("lstm",),
        "rows": (made.row(parameter="b_h_l0"), *(shared_row(error) for error in told)),
        "failures": (shared_failure(*told),), "systematic": told,
        "cases": {"pass": 92, "inconclusive": 8},
        "kinds": (
            KindCount("lstm", CaseKind.RIGHT, 92), KindCount("lstm", CaseKind.UNDECIDED, 8),
        ),
    }  # fmt: skip
    return made.report(**{**given, **changes})


def with_floors(**changes: Any) -> bc.Report:
    """A run that passed, and says which errors it would have found."""
    floors = (
        floor(),
        floor(parameter="x", floor=0.001),
        floor(parameter="b_y", floor=0.002),
        floor(dtype="float16", floor=2e-4),
        floor(parameter="W_hh", floor=5e-4, models=4),
    )
    rows = tuple(made.row(parameter=p, floor_any=0.09) for p in ("W_hh_l0", "x", "b_y"))
    return made.report(**{"rows": rows, "systematic_floors": floors, **changes})
