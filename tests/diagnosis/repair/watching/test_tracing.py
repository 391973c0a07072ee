"""Where a value of a run departs from the textbook's."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repairs import RIGHT, broken

from bptt_check.diagnosis.repair import EditRunner
from bptt_check.diagnosis.repair.messages import Departure

SPEC = "rnn-tanh T=3 B=2 D=4 H=5 O=6"


def traced(subject: str) -> dict[str, Departure]:
    """What the values of a run are, by the text of their lines."""
    path = Path(subject.rpartition(":")[0])
    lines = path.read_text().splitlines()
    with EditRunner(subject, [SPEC]) as runner:
        return {lines[d.line - 1].strip(): d for d in runner.observe(0).departures}


def test_every_value_of_a_right_backward_pass_is_the_textbooks(tmp_path: Path) -> None:
    """In every step, whatever it is called."""
    found = traced(broken(tmp_path))
    named = {d.name: d.quantity for d in found.values()}

    assert all(d.is_known for d in found.values() if d.turns == 3)
    assert named["a_bar"] == "a_t_bar"
    assert named["grads['W_hh_l0']"] == "W_hh_bar"


@pytest.mark.parametrize(
    ("before", "after", "line", "held"),
    [
        ("h_bar = a_bar @ p", "h_bar = 0.9 * a_bar @ p", "h_bar = h_bar + y_bar", 1),
        ("a_bar.T @ h[t]\n", "a_bar.T @ h[t + 1]\n", 'grads["W_hh_l0"] +=', 0),
        ("(1.0 - h[t + 1] ** 2)", "(1.0 - h[t + 1])", "a_bar = h_bar", 0),
    ],
)
def test_the_line_where_a_value_departs_is_told(
    tmp_path: Path, before: str, after: str, line: str, held: int
) -> None:
    """After so many turns in which it was right; nothing before it departs."""
    found = traced(broken(tmp_path, (before, after)))
    (departed,) = [d for text, d in found.items() if text.startswith(line)]
    earlier = [d for d in found.values() if d.turns == 3 and 0 < d.when < departed.when]

    assert (departed.held, departed.turns) == (held, 3)
    assert all(d.line == RIGHT[: RIGHT.index(before)].count("\n") + 1 for d in earlier)


def test_a_cell_of_ones_own_has_no_textbook() -> None:
    """Nothing is told of it, and nothing fails."""
    subject = f"{Path(__file__).parents[4] / 'examples' / 'minimal_gated_unit.py'}:broken"
    with EditRunner(subject, ["mgu T=2 B=2 D=3 H=3 O=2"]) as runner:
        observed = runner.observe(0)

    assert observed.lines
    assert observed.departures == ()
