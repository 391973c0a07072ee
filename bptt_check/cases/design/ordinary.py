"""What a spec has where nothing about it is special: other values hide mistakes, or hardly show."""

from __future__ import annotations

from ..case import Spec

ORDINARY = {
    "regime": "normal",
    "inputs": "random",
    "initial_state": "random",
    "lengths": True,
    "layout": "contiguous",
}
"""Word of a spec to its ordinary value; lengths are ordinary if they are drawn, or not there."""


def special_words(spec: Spec) -> int:
    """How many words of a spec are not ordinary."""
    return sum(getattr(spec, name) not in (value, False) for name, value in ORDINARY.items())
