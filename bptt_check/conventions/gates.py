"""Orders of gates, as letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..cases.model import LAYOUTS, Model, families
from ..errors import SpecError

CANDIDATE = ("g", "n")
"""What the contract calls the gate that is no gate: the new content of an LSTM, of a GRU."""
OTHER_LETTERS = {"u": "z", **dict.fromkeys("acghjn", "candidate")}
"""What others write: u for the update gate; a, c, g, h, j or n for the candidate."""

Order = str | Mapping[str, str]


def letters(order: str) -> tuple[str, ...]:
    """`ifog` by letter, or gates of longer names by blanks."""
    return tuple(order.split()) if " " in order else tuple(order)


def permutation(order: Sequence[str], gates: tuple[str, ...]) -> list[int] | None:
    """Index of each letter's gate in the contract's order; None if these are other gates."""
    meant = [_meant(letter, gates) for letter in order]
    return [gates.index(gate) for gate in meant] if sorted(meant) == sorted(gates) else None


def _meant(letter: str, gates: tuple[str, ...]) -> str:
    """The gate that a letter stands for in a cell; the letter itself if none."""
    if letter in gates:
        return letter
    other = OTHER_LETTERS.get(letter, letter)
    return next((g for g in gates if g in CANDIDATE), letter) if other == "candidate" else other


def order_for(order: Order, model: Model) -> tuple[str, ...] | None:
    """The letters of a convention for a model; None if it names other gates.

    A cell with a single gate, or one that a mapping does not mention, keeps the contract's order.
    """
    gates = model.layout.gates
    chosen = order.get(model.cell, "") if isinstance(order, Mapping) else order
    if not chosen or len(gates) == 1:
        return gates
    return None if permutation(letters(chosen), gates) is None else letters(chosen)


def check_order(order: Order) -> None:
    """Raise `SpecError` for an order of gates that no cell has."""
    given = order.items() if isinstance(order, Mapping) else [(None, order)]
    for cell, text in given:
        if cell is not None and cell not in LAYOUTS:
            raise SpecError(f"gate_order is for a cell {cell!r}; cells: {', '.join(LAYOUTS)}.")
        known = {m.cell: m.layout.gates for m in families().values() if cell in (None, m.cell)}
        if text and not any(permutation(letters(text), gates) for gates in known.values()):
            all_gates = ", ".join(f"{c}: {' '.join(gates)}" for c, gates in known.items())
            raise SpecError(f"gate_order {text!r} is an order of no cell's gates ({all_gates}).")
