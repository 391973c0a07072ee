"""A case from what names it: a spec, its line, or a file."""

from __future__ import annotations

import os
import tempfile

from ..errors import SpecError, quoted
from .case import Case, Spec

SAVED = ".npz"
"""How the name of a saved case ends."""


def read_case(given: Case | Spec | str) -> Case:
    """The case that is given, or that a spec, its line or a file stands for.

    Raises:
        SpecError: the line is no spec, there is no such file, or it holds no case.
    """
    if isinstance(given, Case):
        return given
    if isinstance(given, Spec):
        return given.build()
    if not isinstance(given, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        what = "case must be a Case, a Spec, the line of one ('lstm T=1') or an .npz file"
        raise SpecError(f"{what}, got {quoted(given)}.")
    if not given.endswith(SAVED):
        return Spec.parse(given).build()
    try:
        return Case.load(given)
    except FileNotFoundError:
        raise SpecError(f"there is no file {given}.") from None


def save_temporarily(case: Case) -> str:
    """The new file, in the folder for temporary files, that a case was saved to; "" if it could
    not be.
    """
    try:
        handle, name = tempfile.mkstemp(SAVED, "bptt_check_case_")
        os.close(handle)
        case.save(name)
    except OSError:
        return ""
    return name
