"""Every exception this package raises on purpose.

All of them derive from `BpttCheckError`, and each also derives from the built-in exception that a
caller would expect, so that ``except ValueError`` keeps working for bad arguments.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from .foreign_text import clean, printable, shown


class BpttCheckError(Exception):
    """Base of all errors of this package: catch it to catch every one of them. Its text can be
    printed, whatever a file or a subject has put into it.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class SpecError(BpttCheckError, ValueError):
    """A model, size, truncation, spec or case that cannot exist. The message says what to
    change.
    """


class BrokenCell(SpecError):
    """The step of a registered cell cannot be run on the arrays of an oracle. The message names its
    line, and what a step may use.
    """


class UnknownName(SpecError):
    """A name that is not in its list (model, oracle, dtype, regime). The message lists the valid
    ones.
    """

    def __init__(self, kind: str, name: object, valid: Iterable[str]) -> None:
        options = sorted(valid)
        close = difflib.get_close_matches(str(name)[:100], options, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"unknown {kind} {shown(name)}.{hint} Valid: {', '.join(options)}.")


class SubjectNotFound(BpttCheckError, ImportError):
    """The text that names a subject leads nowhere. The message says which part of it failed."""


class MissingFramework(BpttCheckError, ImportError):
    """An oracle needs a framework that is not installed. The message is the command that installs
    it.
    """


class Unsupported(BpttCheckError):
    """Raise this in a subject to decline a case. It is shown as `unsupported`, never counted as
    passed.
    """


class BrokenContract(BpttCheckError, ValueError):
    """What a subject returned cannot be read in the convention it was declared in.

    `parameter` is the input whose gradient it is about.
    """

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class Undecidable(BpttCheckError):
    """An oracle cannot judge this kind of case at all (complex step of a relu). Shown with its
    reason.
    """


class SubjectTimeout(BpttCheckError, TimeoutError):
    """The subject needed more time for one case than the limit given with `timeout`."""


class SubjectFailed(BpttCheckError, RuntimeError):
    """A subject outside of this process gave no answer. The message is a verb phrase that says what
    it did instead: `exited with status 3`.
    """


class ReportError(BpttCheckError, OSError):
    """A report cannot be written or read there. Raised before the run, so that nothing is lost."""


class GradientMismatch(BpttCheckError, AssertionError):
    """Raised by `assert_gradients` and `assert_function`: the message is the explanation of the
    first failure, which explains most cases; `report` is the whole report.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report

    def __str__(self) -> str:
        return clean(Exception.__str__(self), lines=True)  # with lines of code, which are not cut
