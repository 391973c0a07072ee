"""One case or a chunk of them: call the subject, ask the oracles, hand all to the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..cases.case import Case


def trusted_results(oracle: Callable[[Case], Any], cases: Sequence[Case]) -> Iterator[Any]:
    """The results of an oracle: all at once if it has a method `many`, else one by one.

    Where it raised, the exception takes the place of the result.
    """
    many = getattr(oracle, "many", None)
    if many is not None:
        yield from many(cases)
        return
    for case in cases:
        try:
            yield oracle(case)
        except Exception as error:  # shown with its reason in the oracle's rows
            yield error
