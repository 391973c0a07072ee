"""What a fault is: one edit of the text of a right implementation, and the kind of mistake."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

RIGHT = Path(__file__).parent / "right"


@dataclass(frozen=True)
class Kind:
    """A kind of mistake, and in how many public implementations it was met.

    The counts are of 208 hand-written recurrent backward passes in 106 public projects, of which 63
    were wrong; some have several mistakes.
    """

    name: str
    count: int
    what: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("carry", 19, "a recurrent path, or one of several, is dropped or not carried"),
        Kind("index", 17, "another step's array: h_t for h_{t-1}, a wrap at -1, a shift"),
        Kind("convention", 15, "clipped inside the loop, divided by B twice or not at all"),
        Kind("activation", 14, "a slope that is forgotten, of the wrong value or function"),
        Kind("boundary", 9, "the first or last step's term is missing or from another array"),
        Kind("wrong variable", 8, "another gate's delta, another array of the same shape"),
        Kind("accumulation", 8, "assigned instead of added, summed over too much, never written"),
        Kind("aliasing", 7, "a stored value is changed before the backward pass reads it"),
        Kind("other forward", 5, "the backward pass is right for another forward pass"),
        Kind("loss placement", 4, "the error enters at steps where there is no loss, or twice"),
        Kind("transpose", 3, "a square matrix where its transpose belongs"),
        Kind("truncation", 3, "the window is one step short, or counted from the wrong place"),
        Kind("partial", 3, "parameters are right, the gradient of x or of h0 is wrong"),
        Kind("regulariser or clamp", 3, "a penalty's gradient without a penalty, a clamped value"),
    )
}
"""Kind of mistake by name, most frequent first."""


@dataclass(frozen=True)
class Fault:
    """One edit: `old`, which occurs once in a right implementation, becomes `new`.

    Args:
        implementation: the name of a file in `right/`, without its ending.
        kind: one of `KINDS`.
        name: what is wrong, in a few words, unique in its implementation.
        old: text of one line, or a whole line with its end where a statement is left out.
        new: what stands there instead.
        what: one sentence.
    """

    implementation: str
    kind: str
    name: str
    old: str
    new: str
    what: str

    @property
    def line(self) -> int:
        """The line of the right implementation, from 1, in which it is."""
        return self._before.count("\n") + 1

    @property
    def start(self) -> int:
        """Where its old text begins in the right implementation."""
        return len(self._before)

    @property
    def is_gap(self) -> bool:
        """Whether it leaves out whole lines, so that none is there to be wrong."""
        return not self.new and self.old.endswith("\n")

    @property
    def _before(self) -> str:
        text = right_text(self.implementation)
        if not self.old or text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.old!r} is not there exactly once.")
        return text[: text.index(self.old)]


@dataclass(frozen=True)
class Broken:
    """An implementation with one fault or more."""

    faults: tuple[Fault, ...]

    @property
    def implementation(self) -> str:
        """Which of the right ones is broken."""
        (name,) = {fault.implementation for fault in self.faults}
        return name

    @property
    def name(self) -> str:
        """The implementation, and what is wrong with it."""
        return f"{self.implementation}: {', '.join(f.name for f in self.faults)}"

    @property
    def text(self) -> str:
        """The broken source."""
        text = right_text(self.implementation)
        for fault in sorted(self.faults, key=lambda f: f.start, reverse=True):
            text = text[: fault.start] + fault.new + text[fault.start + len(fault.old) :]
        return text

    @property
    def lines(self) -> tuple[tuple[int, ...], ...]:
        """Of each fault, in the order of the text, the lines of the broken source that hold it.

        Where a statement is missing these are the lines before and after the gap.
        """
        found: list[tuple[int, ...]] = []
        moved = 0
        for fault in sorted(self.faults, key=lambda f: f.start):
            first, more = fault.line + moved, fault.new.count("\n")
            last = first + more - fault.new.endswith("\n")
            found.append((first - 1, first) if fault.is_gap else tuple(range(first, last + 1)))
            moved += more - fault.old.count("\n")
        return tuple(found)


@functools.cache
def right_text(implementation: str) -> str:
    """The source of a right implementation."""
    return (RIGHT / f"{implementation}.py").read_text("utf-8")
