"""Verify a hand-written backpropagation through time. See `verify`, `check`, `assert_gradients`.

Nothing is imported before it is used: the pytest plugin of this package is loaded in every
pytest run of an environment it is installed in, and must not cost the import of NumPy and
hypothesis there.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import cells as cells, conventions as conventions, strategies as strategies
    from .against import assert_matches as assert_matches, verify_against as verify_against
    from .api import (
        assert_gradients as assert_gradients,
        check as check,
        models as models,
        repair as repair,
        verify as verify,
    )
    from .cases.case import Case as Case, Sizes as Sizes, Spec as Spec, Truncation as Truncation
    from .cases.design.within import Within as Within
    from .cases.model import Layout as Layout, Model as Model
    from .cases.recurrences.inputs import Inputs as Inputs
    from .cases.recurrences.values import (
        between as between,
        choice as choice,
        integers as integers,
        normal as normal,
        unit as unit,
    )
    from .cases.result import Result as Result
    from .conventions import Convention as Convention
    from .diagnosis.finding import Finding as Finding
    from .equations.gradient_flow import (
        GradientFlow as GradientFlow,
        gradient_flow as gradient_flow,
    )
    from .errors import (
        BpttCheckError as BpttCheckError,
        GradientMismatch as GradientMismatch,
        Unsupported as Unsupported,
    )
    from .own_loss.report import (
        Coverage as Coverage,
        FunctionProgress as FunctionProgress,
        FunctionReport as FunctionReport,
    )
    from .own_loss.taylor import TaylorTest as TaylorTest, taylor_of as taylor_of
    from .own_loss.taylor_of_subject import taylor as taylor
    from .own_loss.verify import (
        assert_function as assert_function,
        verify_function as verify_function,
    )
    from .report import Report as Report
    from .runs.repairs.records import LineEdit as LineEdit, Repair as Repair
    from .subjects.isolation import isolated as isolated
    from .subjects.kernels.vjp import Vjp as Vjp
    from .verdicts.case_report import CaseReport as CaseReport

_MODULES = ("cells", "conventions", "strategies")
_HOME = {
    "against": ("assert_matches", "verify_against"),
    "api": ("assert_gradients", "check", "models", "repair", "verify"),
    "cases.case": ("Case", "Sizes", "Spec", "Truncation"),
    "cases.design.within": ("Within",),
    "cases.model": ("Layout", "Model"),
    "cases.recurrences.inputs": ("Inputs",),
    "cases.recurrences.values": ("between", "choice", "integers", "normal", "unit"),
    "cases.result": ("Result",),
    "conventions": ("Convention",),
    "diagnosis.finding": ("Finding",),
    "equations.gradient_flow": ("GradientFlow", "gradient_flow"),
    "errors": ("BpttCheckError", "GradientMismatch", "Unsupported"),
    "own_loss.report": ("Coverage", "FunctionProgress", "FunctionReport"),
    "own_loss.taylor": ("TaylorTest", "taylor_of"),
    "own_loss.taylor_of_subject": ("taylor",),
    "own_loss.verify": ("assert_function", "verify_function"),
    "report": ("Report",),
    "runs.repairs.records": ("LineEdit", "Repair"),
    "subjects.isolation": ("isolated",),
    "subjects.kernels.vjp": ("Vjp",),
    "verdicts.case_report": ("CaseReport",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

# type checkers read the block above, in which every name stands as itself
__all__ = sorted([*_MODULE_OF, *_MODULES])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Import a public name, or a submodule, when it is first used."""
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
