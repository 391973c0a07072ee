"""Where the lines of the textbook are derived: equation and section of reference/README.md."""

from __future__ import annotations

from collections.abc import Sequence

from ...cases.model import Model
from .textbook import cell_name

SECTIONS: dict[int, str] = {
    4: "The simple recurrent cell",
    5: "LSTM",
    6: "GRU, reset after the product",
    7: "GRU, reset before the product",
    8: "Losses",
    9: "Layers",
    12: "Two directions",
}
"""Number of a section to its title, of those that derive a line of the textbook."""
OF_CELL: dict[str, int] = {"rnn": 4, "lstm": 5, "gru": 6, "gru-reset-before": 7}
"""Cell to the section that derives its step, and with it the loop over its steps."""
OF_FUNCTION: dict[str, int] = {"loss_backward": 8, "backpropagate": 9}
"""Function of the textbook that all cells share to the section of its lines without a number."""
IN_OTHER_CELLS: dict[str, dict[str, str]] = {
    "4.3": {"lstm": "5.8", "gru": "6.7", "gru-reset-before": "7.8"},
    "4.5": {"lstm": "5.16", "gru": "6.14", "gru-reset-before": "7.15"},
    "4.9": {"lstm": "5.20", "gru": "6.19", "gru-reset-before": "7.20"},
}
"""Equation of the simple recurrent cell that the shared loop cites to that of another cell."""


def equations_of(model: Model, cited: Sequence[str]) -> tuple[str, ...]:
    """The equations that lines cite, in the derivation of a model's own cell."""
    cell = cell_name(model)
    own = (IN_OTHER_CELLS.get(number, {}).get(cell, number) for number in cited)
    return tuple(dict.fromkeys(own))


def place_of(model: Model, function: str, equations: Sequence[str]) -> str:
    """The sections of reference/README.md that derive lines of a function of the textbook.

    Args:
        model: whose backward pass it is.
        function: that has the lines.
        equations: that the lines compute; without any, the section is that of the function.
    """
    sections = [int(number.partition(".")[0]) for number in equations]
    sections = sections or [OF_FUNCTION.get(function, OF_CELL[cell_name(model)])]
    named = [f"section {n} of reference/README.md, {SECTIONS[n]}" for n in dict.fromkeys(sections)]
    return "; ".join(named)
