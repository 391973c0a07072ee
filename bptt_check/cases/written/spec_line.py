"""The readable line of a spec: `lstm T=3 B=1 D=4 H=5 O=3 lengths=full seed=7`, and its way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import SpecError, UnknownName, quoted

SIZES = ("T", "B", "D", "H", "O")
LONGEST_NUMBER = 4000
"""Digits of a number: a little less than Python reads."""
NUMBERS = (*SIZES, "k1", "k2", "seed")
DEFAULTS: dict[str, Any] = {
    "dtype": "float64",
    "regime": "normal",
    "lengths": False,
    "inputs": "random",
    "initial_state": "random",
    "layout": "contiguous",
}
"""Words that a line leaves out where they say this."""


def line_of(
    model: object, sizes: Mapping[str, int], cut: tuple[int, int] | None, values: Mapping[str, Any]
) -> str:
    """The line of a spec: the model, the sizes, whatever is not the default, the seed.

    Args:
        model: prints as its name.
        sizes: T, B, D, H and O.
        cut: k1 and k2, None without truncation.
        values: the seed, and what `DEFAULTS` has a word for.
    """
    words = [str(model), *(f"{name}={value}" for name, value in sizes.items())]
    if cut is not None:
        words += [f"k1={cut[0]}", f"k2={cut[1]}"]
    for name, default in DEFAULTS.items():
        if values[name] != default:
            words.append(name if values[name] is True else f"{name}={values[name]}")
    return " ".join([*words, f"seed={values['seed']}"])


def read_line(text: str) -> tuple[str, dict[str, int], dict[str, Any]]:
    """The model's name, the numbers and the other words of a line.

    Raises:
        SpecError: a word is unknown, stands twice or has no integer where one belongs.
    """
    name, *words = text.split() or [""]
    values: dict[str, str] = {}
    for word in words:
        key, _, value = word.partition("=")
        if key in values:
            raise SpecError(f"{quoted(key)} stands twice in the spec {quoted(text, 200)}.")
        values[key] = value
    unknown = set(values) - {*NUMBERS, *DEFAULTS}
    if unknown:
        raise UnknownName("word in a spec:", min(unknown), [*NUMBERS[:-1], *DEFAULTS, "seed"])
    if ("k1" in values) != ("k2" in values):
        line = quoted(text, 200)
        raise SpecError(f"k1 and k2 belong together; the spec {line} has only one of them.")
    numbers = {key: _integer(key, values[key]) for key in values if key in NUMBERS}
    others: dict[str, Any] = {key: values[key] for key in values if key in DEFAULTS}
    if others.get("lengths") == "":
        others["lengths"] = True
    return name, numbers, others


def _integer(key: str, value: str) -> int:
    if not value.isdecimal():
        raise SpecError(f"{key} in a spec must be a non-negative integer, got {quoted(value)}.")
    if len(value) > LONGEST_NUMBER:
        raise SpecError(
            f"{key} in a spec has at most {LONGEST_NUMBER} digits, got {quoted(value)}."
        )
    return int(value)
