"""Verify a hand-written backpropagation through time. See `verify`, `check`, `assert_gradients`.

Nothing is imported before it is used: the pytest plugin of this package is loaded in every
pytest run of an environment it is installed in, and must not cost the import of NumPy and
hypothesis there.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import cells, conventions, strategies
    from .api import assert_gradients, check, models, verify
    from .cases.case import Case, Result, Sizes, Spec, Truncation
    from .cases.model import Layout, Model
    from .conventions import Convention
    from .equations.gradient_flow import GradientFlow, gradient_flow
    from .errors import BpttCheckError, GradientMismatch, Unsupported
    from .own_loss.taylor import TaylorTest
    from .own_loss.taylor_of_subject import taylor
    from .own_loss.verify import FunctionReport, assert_function, verify_function
    from .report import Report
    from .runs.records import CaseReport, Finding
    from .subjects.isolation import isolated

_HOME = {
    "api": ("assert_gradients", "check", "models", "verify"),
    "cases.case": ("Case", "Result", "Sizes", "Spec", "Truncation"),
    "conventions": ("Convention",),
    "errors": ("BpttCheckError", "GradientMismatch", "Unsupported"),
    "own_loss.verify": ("FunctionReport", "assert_function", "verify_function"),
    "equations.gradient_flow": ("GradientFlow", "gradient_flow"),
    "subjects.isolation": ("isolated",),
    "cases.model": ("Layout", "Model"),
    "runs.records": ("CaseReport", "Finding"),
    "own_loss.taylor": ("TaylorTest",),
    "report": ("Report",),
    "own_loss.taylor_of_subject": ("taylor",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "BpttCheckError",
    "Case",
    "CaseReport",
    "Convention",
    "Finding",
    "FunctionReport",
    "GradientFlow",
    "GradientMismatch",
    "Layout",
    "Model",
    "Report",
    "Result",
    "Sizes",
    "Spec",
    "TaylorTest",
    "Truncation",
    "Unsupported",
    "assert_function",
    "assert_gradients",
    "cells",
    "check",
    "conventions",
    "gradient_flow",
    "isolated",
    "models",
    "strategies",
    "taylor",
    "verify",
    "verify_function",
]


def __getattr__(name: str) -> Any:
    """Import a public name, or a submodule, when it is first used."""
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    if name in ("cells", "conventions", "strategies"):
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
