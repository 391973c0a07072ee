"""Subjects that are called in another process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ..cases.any_case import AnyCase
from ..cases.contract import Answer
from ..cases.follow_up import FollowUpCall
from ..cases.result import Result

Calls = Sequence[FollowUpCall]
"""What to ask after the first two calls, in this order."""


class RemoteSubject(ABC):
    """A subject that is called in another process, by that process's own `call`."""

    name: str

    @abstractmethod
    def call(
        self,
        case: AnyCase,
        timeout: float | None = None,
        calls: Calls = (),
        once: bool = False,
    ) -> Answer:
        """The same as `calling.call` of the subject, or with `once` as `calling.call_once`."""

    @abstractmethod
    def __call__(self, case: AnyCase) -> Result:
        """The result for a case."""
