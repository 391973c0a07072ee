"""How far a run is, told where nobody looks at a bar."""

from __future__ import annotations

from bptt_check.cli.progress import lines
from bptt_check.runs.records import Progress


def test_progress_is_a_line_per_tenth() -> None:
    """A log of CI gets ten lines, whatever the number of cases."""
    said: list[str] = []
    advance = lines(said.append)
    for done in range(1, 1001):
        advance(Progress(done, 1000, "lstm", 3))

    assert len(said) == 10
    assert said[0] == " 10 %  100 of 1,000 cases, 3 failing"
    assert said[-1].startswith("100 %")
