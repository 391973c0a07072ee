"""How often a subject did not come back, and when it is not called any more."""

from __future__ import annotations

IN_A_ROW, IN_ALL = 3, 32
"""Deaths and time-outs on one model after which the subject is not called on that model."""


class Deaths:
    """Counts deaths and time-outs, of each model in a row and in all."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int]] = {}
        self._last: dict[str, str] = {}

    def came_back(self, model: str) -> None:
        """A call on the model came back in time."""
        self._counts[model] = (0, self._of(model)[1])

    def did_not_come_back(self, model: str, of_what: str) -> None:
        """A call on the model did not."""
        in_row, in_all = self._of(model)
        self._counts[model] = (in_row + 1, in_all + 1)
        self._last[model] = of_what

    def reason_given_up(self, model: str) -> str:
        """Why the model's cases are not called any more; "" if they are."""
        in_row, in_all = self._of(model)
        if in_row < IN_A_ROW and in_all < IN_ALL:
            return ""
        times = f"{in_row} times in a row" if in_row >= IN_A_ROW else f"{in_all} times"
        return (
            f"was not called any more on {model}, having run out of time, or ended or damaged its "
            f"process, {times}; the last time it {self._last[model]}"
        )

    def _of(self, model: str) -> tuple[int, int]:
        return self._counts.get(model, (0, 0))
