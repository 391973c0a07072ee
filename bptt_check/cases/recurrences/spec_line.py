"""The line of a case of a recurrence, read back."""

from __future__ import annotations

from ...errors import SpecError, UnknownName, quoted
from .inputs import Inputs

DEFAULTS = {
    "dtype": "float64",
    "regime": "normal",
    "cotangents": "random",
    "layout": "contiguous",
}
"""Words that the line of a spec leaves out where they say this."""


def read_words(own_name: str, inputs: Inputs, text: str) -> tuple[dict[str, int], dict[str, str]]:
    """The sizes and the seed that a line says, and its other words.

    Raises:
        SpecError, UnknownName: a word is unknown, missing or no number.
    """
    name, *words = text.split() or [""]
    if name != own_name:
        raise SpecError(f"the spec is of {quoted(name)}, and the recurrence is {own_name}.")
    pairs = (word.partition("=") for word in words)
    said = {key: value for key, _, value in pairs}
    for word in said:
        if word not in {*inputs.sizes, *DEFAULTS, "seed"}:
            raise UnknownName("word in a spec:", word, [*inputs.sizes, *DEFAULTS, "seed"])
    numbers: dict[str, int] = {}
    for word in (*inputs.sizes, "seed"):
        if not said.get(word, "").isdecimal():
            raise SpecError(f"the spec {quoted(text, 200)} needs a whole number for {word}.")
        numbers[word] = int(said.pop(word))
    tied = inputs.tied({n: numbers[n] for n in inputs.free})
    for word, number in tied.items():
        if numbers[word] != number:
            equal = inputs.sizes[word]
            raise SpecError(f"{word}={numbers[word]}, but {word} equals {equal}: {number}.")
    return numbers, said
