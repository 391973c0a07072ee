"""The page of common mistakes of the documentation, made from the dictionary.

`python docs/mistakes_page.py docs/mistakes.md` writes it anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bptt_check.cases.case import Spec
from bptt_check.cases.model import Model, Sizes
from bptt_check.diagnosis.mistakes import textbook
from bptt_check.diagnosis.mistakes.dictionary import Entry, all_entries
from bptt_check.diagnosis.mistakes.mistake import KINDS

SHOWN_ON: dict[str, tuple[str, ...]] = {
    "rnn_backward": ("rnn-tanh",),
    "lstm_backward": ("lstm",),
    "gru_after_backward": ("gru",),
    "gru_before_backward": ("gru-reset-before",),
    "layer_backward": ("rnn-tanh", "lstm", "lstm+linear"),
    "loss_backward": ("rnn-tanh", "rnn-tanh+mse+mean", "rnn-tanh+bce", "rnn-tanh+last"),
    "backpropagate": ("lstm+2layers", "lstm+2layers+bidirectional+linear"),
}
"""Function of the textbook to the models on which its mistakes are shown, the simplest first."""
LENGTHS = (1, 2, 3, 5)
"""Steps of the cases on which they are shown."""

HEAD = """# Common mistakes

What people get wrong in backpropagation through time, class by class, the most frequent in public
code first. Each has the line as it should be, the line as it is, the number of its equation in the
[derivations](reference.md), and how it shows: from how many steps on, and in which gradients (of
the model that is named; its initial states are not zero). These are the names that a diagnosis
knows, beside every single edit of the same lines. A bar is a gradient, as in
[the reference](reference.md); `later` is what a state gets from the step after it.

This page is written by `python docs/mistakes_page.py docs/mistakes.md`.
"""


def page() -> str:
    """The text of the page."""
    parts = [HEAD]
    for kind, meaning in KINDS.items():
        rows = [text for entry in _of_kind(kind) for text in _described(entry)]
        if rows:
            parts.append(f"## {kind.capitalize()}\n\n{meaning}.\n")
            parts += rows
    return "\n".join(parts)


def _of_kind(kind: str) -> Iterator[Entry]:
    """The named mistakes of a class; of those that differ in a gate, a number or a cell, one."""
    seen: set[str] = set()
    for entry in all_entries():
        if entry.kind != kind:
            continue
        key = re.sub(r"gate [a-z]\b|after \d steps?|of (tanh|sigmoid)", "", entry.phrase)
        if key not in seen:
            seen.add(key)
            yield entry


def _described(entry: Entry) -> Iterator[str]:
    """One mistake: its name, both lines, how it shows; nothing where no case shows it."""
    trace = next(filter(None, (_trace(entry, name) for name in _models(entry))), "")
    if trace:
        numbers = "".join(f" ({n})" for n in entry.equations)
        title = (
            entry.phrase if entry.phrase[1] == "_" else entry.phrase[0].upper() + entry.phrase[1:]
        )
        yield (
            f"### {title}\n\n```python\n# right{numbers}\n{_lines(entry.right)}\n"
            f"# wrong\n{_lines(entry.wrong)}\n```\n\n{trace}\n"
        )


def _models(entry: Entry) -> tuple[str, ...]:
    return SHOWN_ON[entry.change.function]


def _lines(text: str) -> str:
    return text.replace("; ", "\n")


def _trace(entry: Entry, model: str) -> str:
    """How a mistake shows in a model: from which T, in which gradients; empty if it does not."""
    wrong = {T: wrong_gradients(entry, model, T) for T in LENGTHS}
    shown = [T for T in LENGTHS if wrong[T]]
    if not shown:
        return ""
    most = max((wrong[T] for T in shown), key=len)
    when = f"from T = {shown[0]} on" if shown[-1] == LENGTHS[-1] else f"up to T = {shown[-1]}"
    right = [n for n in _gradients(model) if n not in most]
    told = f"right: {_code(right)}" if right else "none is right"
    return f"Shows {when} in `{model}`; wrong: {_code(most)}; {told}."


def _code(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def wrong_gradients(entry: Entry, model: str, T: int) -> list[str]:
    """Names of the gradients that a mistake changes by more than rounding on a case of T steps."""
    case = Spec(Model.parse(model), Sizes(T=T, B=3, D=2, H=4, O=3), seed=1).build()
    runs = textbook.run_forward(case)
    with np.errstate(all="ignore"):
        edited, right = (textbook.edited_gradients(case, runs, c) for c in ([entry.change], []))
    return [n for n, g in right.items() if np.abs(edited[n] - g).max() > 1e-9 * np.abs(g).max()]


def _gradients(model: str) -> list[str]:
    case = Spec(Model.parse(model), Sizes(T=1, B=1, D=1, H=1, O=2)).build()
    return list(case.inputs)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
