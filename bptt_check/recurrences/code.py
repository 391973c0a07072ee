"""Plain code of a user, whatever it is written in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..cases.recurrences.reference_code import ReferenceCode
from ..errors import SpecError, quoted
from ..subjects.kernels.framework import framework_of
from .explained_code import ExplainedCode


def reference_code(reference: Callable[..., Any]) -> ExplainedCode:
    """The plain code of a function of arrays by name.

    Raises:
        SpecError: it is no function.
    """
    if not callable(reference):
        raise SpecError(f"the reference must be a function, got {quoted(reference)}.")
    return ExplainedCode(_code(reference))


def _code(reference: Callable[..., Any]) -> ReferenceCode:
    framework = framework_of(reference)
    if framework == "torch":
        from .torch_code import TorchCode

        return TorchCode(reference)
    if framework == "jax":
        from .jax_code import JaxCode

        return JaxCode(reference)
    from .numpy_code import NumPyCode

    return NumPyCode(reference)
