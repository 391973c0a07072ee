"""What no case shows by itself, as a test of all of them that can be pasted into a file and run."""

from __future__ import annotations

from collections.abc import Sequence

from ...cases.written.reproduction import Origin, run_arguments
from ..counterexample_test import UNKNOWN
from ..target_cases import Plan


def pasted_test_of_run(origin: Origin, models: Sequence[str], plan: Plan) -> str:
    """The source of a test that fails for as long as the cases of a plan show the error together.

    Args:
        origin: of the subject.
        models: whose cases show it.
        plan: of the run that found it.

    Returns:
        A whole module.
    """
    arguments = run_arguments(models, plan.cases, plan.dtypes, plan.seed, str(plan.within))
    lines = [
        *(origin.lines or UNKNOWN),
        "",
        "",
        "def test_gradients() -> None:",
        '    """Each case may pass: it is all of them together that were wrong."""',
        "    bc.assert_gradients(",
        "        subject,",
        *(f"        {argument}," for argument in arguments),
        "    )",
    ]
    return "\n".join(lines) + "\n"
