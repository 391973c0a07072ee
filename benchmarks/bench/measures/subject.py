"""The reference as a subject that measures what its calls take."""

from __future__ import annotations

import time
from typing import Any

from bptt_reference import loss_and_grads, supports


class Timed:
    """A subject: the reference, and the processor time of all its calls.

    Args:
        seconds: of all calls together.
        calls: how many there were.
    """

    name = "bptt_reference"
    supports = staticmethod(supports)

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0

    def __call__(self, case: Any) -> Any:
        """Loss and gradients."""
        begin = time.process_time()
        answer = loss_and_grads(case)
        self.seconds += time.process_time() - begin
        self.calls += 1
        return answer

    @property
    def mean(self) -> float:
        """Seconds of one call."""
        return self.seconds / self.calls
