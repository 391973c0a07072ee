"""The one right subject and the one right oracle of the tests, for every model that there is.

They take the gradient by the NumPy tape, so that a test of the harness needs neither a framework
nor the reference, and also has a right answer for a cell that was registered a moment ago.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bptt_check.cases.case import Case
from bptt_check.cases.result import Result
from bptt_check.equations.exact import exact_gradients, exact_loss
from bptt_check.errors import Undecidable


def right(case: Case) -> tuple[float, dict[str, Any]]:
    """The right loss, and the right gradients in the dtype of the case's arrays."""
    return exact_loss(case), {n: g.astype(case.stored) for n, g in exact_gradients(case).items()}


@dataclass(frozen=True)
class RightOracle:
    """An oracle that is right: loss and gradients of a case in float64.

    Args:
        name: under which it stands in rows and messages.
        refuses: which cases it cannot decide.
    """

    name: str = "exact"
    refuses: Callable[[Case], bool] = lambda case: False

    def __call__(self, case: Case) -> Result:
        """The right result.

        Raises:
            Undecidable: the case is one that this oracle refuses.
        """
        if self.refuses(case):
            raise Undecidable("not for this one")
        return Result(exact_loss(case), exact_gradients(case))
