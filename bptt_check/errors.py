"""Every exception this package raises on purpose.

All of them derive from `BpttCheckError`, and each also derives from the built-in exception that a
caller would expect, so that ``except ValueError`` keeps working for bad arguments.

Whatever a subject calls its things, or a file from elsewhere says, stands in their texts. So this
is also where texts of others are made fit to be shown: nothing in them is a command, and none is
without end.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

LONGEST_VALUE = 60
"""Characters of a value inside a sentence."""
LONGEST_LINE = 2000
"""Characters of a line of a message: what is longer is no sentence, and nobody reads it."""
MOST_LISTED = 20
"""Names that a sentence lists."""

_NOT_PLAIN = re.compile("[^ -~]")
_HALF_A_PAIR = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


class BpttCheckError(Exception):
    """Base of all errors of this package: catch it to catch every one of them. Its text can be
    printed, whatever a file or a subject has put into it.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class SpecError(BpttCheckError, ValueError):
    """A model, size, truncation, spec or case that cannot exist. The message says what to
    change.
    """


class BrokenCell(SpecError):
    """The step of a registered cell cannot be run on the arrays of an oracle. The message names its
    line, and what a step may use.
    """


class UnknownName(SpecError):
    """A name that is not in its list (model, oracle, dtype, regime). The message lists the valid
    ones.
    """

    def __init__(self, kind: str, name: object, valid: Iterable[str]) -> None:
        options = sorted(valid)
        close = difflib.get_close_matches(str(name)[:100], options, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"unknown {kind} {quoted(name)}.{hint} Valid: {', '.join(options)}.")


class SubjectNotFound(BpttCheckError, ImportError):
    """The text that names a subject leads nowhere. The message says which part of it failed."""


class MissingFramework(BpttCheckError, ImportError):
    """An oracle needs a framework that is not installed. The message is the command that installs
    it.
    """


class Unsupported(BpttCheckError):
    """Raise this in a subject to decline a case. It is shown as `unsupported`, never counted as
    passed.
    """


class BrokenContract(BpttCheckError, ValueError):
    """What a subject returned cannot be read in the convention it was declared in.

    `parameter` is the input whose gradient it is about.
    """

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class Undecidable(BpttCheckError):
    """An oracle cannot judge this kind of case at all (complex step of a relu). Shown with its
    reason.
    """


class LeftAlone(Undecidable):
    """An oracle leaves a case alone that would take it long. Ask for the oracle by its name, or for
    the case by itself.
    """


class SubjectTimeout(BpttCheckError, TimeoutError):
    """The subject needed more time for one case than the limit given with `timeout`."""


class SubjectFailed(BpttCheckError, RuntimeError):
    """A subject outside of this process gave no answer. The message is a verb phrase that says what
    it did instead: `exited with status 3`.
    """


class ReportError(BpttCheckError, OSError):
    """A report cannot be written or read there. Raised before the run, so that nothing is lost."""


class GradientMismatch(BpttCheckError, AssertionError):
    """Raised by `assert_gradients` and `assert_function`: the message is the explanation of the
    first failure, which explains most cases; `report` is the whole report.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report

    def __str__(self) -> str:
        return clean(Exception.__str__(self), lines=True)  # with lines of code, which are not cut


def clean(text: str, lines: bool = False) -> str:
    """Text in which whatever is no visible character of Unicode stands as an escape: control
    characters, direction marks, other invisible ones, lone surrogates, what has no meaning yet.

    They would reach a terminal as commands, reverse what is read, hide in it, or fail to be written
    at all. All kinds of spaces stay, line breaks and tabs only with `lines`.
    """
    kept = "\n\t" if lines else ""

    def told(match: re.Match[str]) -> str:
        character = match.group()
        if character in kept or character.isprintable() or unicodedata.category(character) == "Zs":
            return character
        return character.encode("unicode_escape").decode()

    return _NOT_PLAIN.sub(told, text)


def cut(text: str, longest: int = LONGEST_LINE) -> str:
    """The text, or its beginning with the number of characters that it has in all."""
    if len(text) <= longest:
        return text
    end = f"... ({len(text):,} characters)"
    return text[: max(longest - len(end), 0)] + end


def printable(text: str) -> str:
    """A message that can do no harm on a terminal: clean, and no line of it longer than
    `LONGEST_LINE`; its line breaks stay.
    """
    return "\n".join(cut(line) for line in clean(text, lines=True).split("\n"))


def one_line(text: str) -> str:
    """Text of others as part of a sentence: without line breaks, and without indentation."""
    return " ".join(text.split())


def quoted(value: object, longest: int = LONGEST_VALUE) -> str:
    """A value of others as part of a sentence: as it would be written in Python, clean and cut."""
    if issubclass(type(value), str):
        text = text_of(value)
        if len(text) > longest:
            return f"{text[:longest]!r}... ({len(text):,} characters)"
        return clean(repr(text))
    try:
        return cut(clean(repr(value)), longest)
    except KeyboardInterrupt:
        raise
    except BaseException:  # foreign objects may have any __repr__
        return f"a {type(value).__name__}"


def text_of(value: object) -> str:
    """`str(value)` as a plain text; of an object that cannot say it, what it is."""
    try:
        return str.__str__(value if isinstance(value, str) else str(value))
    except KeyboardInterrupt:
        raise
    except BaseException:  # foreign objects may have any __str__
        return f"a {type(value).__name__}"


def why(error: Exception) -> str:
    """What a foreign object raised, as part of a sentence."""
    return cut(clean(text_of(error)), 5 * LONGEST_VALUE) or clean(type(error).__name__)


def enumerated(
    names: Iterable[object], most: int = MOST_LISTED, longest: int = LONGEST_VALUE
) -> str:
    """Names with commas between them, the first ones where there are many, with a count."""
    texts = list(names)
    told = [cut(clean(str(name)), longest) for name in texts[:most]]
    left = len(texts) - len(told)
    return ", ".join(told) + (f" and {left:,} more" if left else "")


def why_no_json(content: bytes, error: Exception) -> str:
    """Why bytes could not be read as JSON, said of the bytes where the error does not.

    Args:
        content: the bytes.
        error: what was raised in reading them.
    """
    try:
        content.decode()
    except UnicodeDecodeError as wrong:
        return f"it is not UTF-8: byte 0x{content[wrong.start]:02x} at {wrong.start:,}"
    half = _HALF_A_PAIR.search(content)
    if half:
        return f"it has half of a surrogate pair, {half.group().decode()}"
    return str(error) or type(error).__name__
