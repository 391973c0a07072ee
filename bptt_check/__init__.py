"""Verify a hand-written backpropagation through time. See `verify`, `check`, `assert_gradients`."""

from . import cells, strategies
from .api import assert_gradients, check, models, verify
from .case import Case, Result, Sizes, Spec, Truncation
from .errors import BpttCheckError, GradientMismatch, Unsupported
from .flow import GradientFlow, gradient_flow
from .model import Layout, Model
from .records import CaseReport
from .report import Report

__all__ = [
    "BpttCheckError",
    "Case",
    "CaseReport",
    "GradientFlow",
    "GradientMismatch",
    "Layout",
    "Model",
    "Report",
    "Result",
    "Sizes",
    "Spec",
    "Truncation",
    "Unsupported",
    "assert_gradients",
    "cells",
    "check",
    "gradient_flow",
    "models",
    "strategies",
    "verify",
]
