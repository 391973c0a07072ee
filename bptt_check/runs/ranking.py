"""The order of failures: a rare one must not hide what most cases suffer from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

from ..verdicts.case_kind import CaseKind
from ..verdicts.verdict import Verdict
from .records import Failure

AnyFailure = TypeVar("AnyFailure", bound=Failure)


def ranked(failures: Iterable[AnyFailure]) -> list[AnyFailure]:
    """The failures of the kind that explains most cases first; of two that explain as many, the
    worse one.
    """
    of_all = list(failures)
    explained: Counter[tuple[Verdict, CaseKind | None]] = Counter()
    for failure in of_all:
        explained[failure.verdict, failure.kind] += failure.cases + failure.explains_further
    return sorted(of_all, key=lambda f: (-explained[f.verdict, f.kind], f.verdict.rank))
