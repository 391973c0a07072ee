"""What a repair is, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

MOST_LINES = 10
"""Suspicious lines that a record names."""
LINES = {"lines": True}
"""Marks a text whose line breaks are meant; see `cleaning.cleaned`."""


@dataclass(frozen=True)
class LineEdit:
    """One edit of a line.

    Args:
        file: as the user has it, from the present folder.
        line: on which it begins, from 1, in the file before this edit.
        before, after: what is changed, as it was and as it is; of an edit in a line the line.
        operator: the kind of edit.
    """

    file: str
    line: int
    before: str = field(metadata=LINES)
    after: str = field(metadata=LINES)
    operator: str


@dataclass(frozen=True)
class Verified:
    """What a repair has passed: so many fresh cases of each model, by these oracles."""

    cases: int
    oracles: tuple[str, ...]
    models: tuple[str, ...]
    dtypes: tuple[str, ...]
    seed: int


@dataclass(frozen=True)
class Repair:
    """The edit of a subject's own source that makes its gradients right.

    Args:
        diff: of all files, unified, with paths as the user has them.
        edits: in the order in which they are made.
        verified: what it has passed; None of edits that explain only a part of what is wrong.
        tried: how many edits were tried.
        also: other edits that would do in place of the last one: on every small case of the search
            they give the same, to rounding.
        remaining: gradients that are still wrong with it, `model gradient`; empty of a repair.
        seconds: that the search took, without the check before and the proof after it.
        files: path of each changed file to its text; empty in records.
    """

    diff: str = field(metadata=LINES)
    edits: tuple[LineEdit, ...]
    verified: Verified | None
    tried: int
    also: tuple[LineEdit, ...] = ()
    remaining: tuple[str, ...] = ()
    seconds: float = 0.0
    files: dict[str, str] = field(default_factory=dict[str, str], repr=False)

    def __str__(self) -> str:
        return self.diff


@dataclass(frozen=True)
class TracedValue:
    """What a value of the subject is in the textbook's words, as long as it is that.

    Args:
        file, line, name: the statement that gives the value, and what has it.
        quantity: such as `h_t_bar`, with a minus if it is negated; "" if it is none.
        held: turns of the statement, from the first on, in which it is.
        turns: in which it ran.
    """

    file: str
    line: int
    name: str
    quantity: str
    held: int
    turns: int


@dataclass(frozen=True)
class SourceExcerpt:
    """A part of a file of the subject's own, with the lines that a search is about.

    Args:
        file: as the user has it.
        first: number of its first line, from 1.
        text: as it was before any edit.
        marked: numbers of the lines that a repair changes; without one that of the most suspicious.
    """

    file: str
    first: int
    text: str = field(metadata=LINES)
    marked: tuple[int, ...]

    @property
    def numbers(self) -> range:
        """Of its lines."""
        return range(self.first, self.first + self.text.count("\n") + 1)


@dataclass(frozen=True)
class Searched:
    """What came of a search.

    Args:
        repair: None where no edit makes a gradient right that was wrong.
        tried: how many edits were tried.
        lines: the lines, `file:line`, that reach most of what is wrong and least of what is right.
        seconds: that it took.
        trace: what the values of a run on a small failing case are, in the order of the run.
        excerpts: the functions of these lines.
        why_not: why nothing could be searched; "" where something was.
        check: the check that it belongs to, where several are reported together.
    """

    repair: Repair | None = None
    tried: int = 0
    lines: tuple[str, ...] = ()
    seconds: float = 0.0
    trace: tuple[TracedValue, ...] = ()
    excerpts: tuple[SourceExcerpt, ...] = ()
    why_not: str = ""
    check: str = ""

    @property
    def departure(self) -> TracedValue | None:
        """The value of the most suspicious line that is not the textbook's in every turn."""
        first = self.lines[0] if self.lines else ""
        found = (v for v in self.trace if f"{v.file}:{v.line}" == first and v.held < v.turns)
        return next(found, None)

    def recorded(self) -> Searched:
        """What `run.json` holds of it: of its sources the excerpts, and the trace of these."""
        shown = {(e.file, line) for e in self.excerpts for line in e.numbers}
        repair = None if self.repair is None else replace(self.repair, files={})
        trace = tuple(value for value in self.trace if (value.file, value.line) in shown)
        return replace(self, repair=repair, trace=trace, lines=self.lines[:MOST_LINES])
