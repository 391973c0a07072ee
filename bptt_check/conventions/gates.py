"""Orders of gates, as letters or as words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..cases.model import LAYOUTS, Model, families
from ..errors import SpecError

CANDIDATE = ("g", "n")
"""What the contract calls the gate that is no gate: the new content of an LSTM, of a GRU."""
CALLED: dict[str, tuple[str, ...]] = {
    "i": ("in", "input"),
    "f": ("forget",),
    "o": ("out", "output"),
    "r": ("reset",),
    "z": (),
    "candidate": (*"acghjn", "candidate", "cand", "cell", "content", "memory", "modulation", "new"),
    "the rest": ("u", "update"),
}
"""What others write. An update gate is z of a GRU, but i or the candidate of some LSTMs: it is the
gate that no other word stands for."""
MEANING = {word: gate for gate, words in CALLED.items() for word in (gate, *words)}

Order = str | Mapping[str, str]


def letters(order: str) -> tuple[str, ...]:
    """`ifog` by letter, or gates of longer names by blanks."""
    return tuple(order.split()) if " " in order else tuple(order)


def permutation(order: Sequence[str], gates: tuple[str, ...]) -> list[int] | None:
    """Index of each word's gate in the contract's order; None if these are other gates."""
    meant = [meaning(word, gates) for word in order]
    left = [gate for gate in gates if gate not in meant]
    if len(left) == 1:
        meant = [left[0] if gate == "the rest" else gate for gate in meant]
    return [gates.index(gate) for gate in meant] if sorted(meant) == sorted(gates) else None


def meaning(word: str, gates: tuple[str, ...]) -> str:
    """The gate that a word stands for in a cell; the word itself if none, and "the rest"."""
    if word in gates:
        return word
    gate = MEANING.get(word.lower(), word)
    return next((g for g in gates if g in CANDIDATE), word) if gate == "candidate" else gate


def is_gate(word: str) -> bool:
    """Whether a word stands for a gate of some cell."""
    known = (model.layout.gates for model in families().values())
    return word in MEANING or any(word in gates for gates in known)


def same_gate(word: str, other: str) -> bool:
    """Whether two words stand for one gate."""
    return word == other or MEANING.get(word, word) == MEANING.get(other, other)


def order_for(order: Order, model: Model) -> tuple[str, ...] | None:
    """The words of a convention for a model; None if it names other gates.

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
            raise SpecError(
                f"gate_order {text!r} is an order of no cell's gates ({all_gates}).{_advice(text)}"
            )


def _advice(text: str) -> str:
    """What to do where a word is not known."""
    words = letters(text)
    unknown = [word for word in words if not is_gate(word.lower())]
    if not unknown or len(words) == len(text):
        return ""
    known = ", ".join(sorted(word for word in MEANING if len(word) > 1 and word.isalpha()))
    return (
        f" {unknown[0]!r} is not known as the name of a gate; known are letters and {known}. Give "
        "the order in these, and what an array is called in names={'W_hh_f': 'my_forget'}."
    )
