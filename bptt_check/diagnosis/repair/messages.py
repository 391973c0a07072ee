"""What a repair and the process that runs edited code say to each other.

The frames are those of `subjects.isolation.protocol`: decoded into exactly these types. What comes
back are numbers and names, never arrays: an edited subject could forge them, and nothing is
believed of an edit before the whole check has passed in a fresh process.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...subjects.isolation.protocol import GarbledMessage

Right = list[int]
"""The places, among the blocks of a case, of those that are right."""


class FunctionText(msgspec.Struct, frozen=True):
    """The text of one function that no other function holds.

    Args:
        file: its module's, as the code of a running function names it.
        owners: the classes around it, the outermost first.
        line: on which it begins in that file.
        text: from its `def` to its end, with the indentation that it has there.
    """

    file: str
    owners: tuple[str, ...]
    line: int
    text: str

    def in_its_place(self) -> str:
        """The text of a module that has it alone, in the same classes and on the same line."""
        heads = [f"{' ' * n}class {name}:" for n, name in enumerate(self.owners)]
        heads = heads or (["if 1:"] if self.text[:1] in " \t" else [])
        above = "\n" * max(self.line - 1 - len(heads), 0)
        return above + "\n".join([*heads, self.text])


class Begin(msgspec.Struct, tag=True):
    """The first message: which subject, on which specs, where a dying process leaves its traceback,
    its folder for temporary files, whether it is to end with its parent, and how many seconds a
    call of the unedited subject may take.
    """

    subject: str
    specs: tuple[str, ...]
    trace: str
    scratch: str
    ends_with_parent: bool
    seconds: float


class Observe(msgspec.Struct, tag=True):
    """Run the subject as it stands on a case, and tell what its own functions do."""

    case: int


class Rebase(msgspec.Struct, tag=True):
    """From now on the subject has these functions in place of its own."""

    functions: tuple[FunctionText, ...]


class TryEdits(msgspec.Struct, tag=True):
    """Run the subject with each of some edits, on cases in this order, so many seconds a call.

    A case is left out once an earlier one shows that the edit is no step ahead.
    """

    edits: tuple[FunctionText, ...]
    order: tuple[int, ...]
    seconds: float


class ProbeEdits(msgspec.Struct, tag=True):
    """Run the subject with each of some edits on one case, and tell what changes."""

    edits: tuple[FunctionText, ...]
    case: int
    seconds: float


class Probed(msgspec.Struct, tag=True):
    """The blocks that each edit changes, whether they are right or not; None where it gives no
    answer.
    """

    changed: tuple[Right | None, ...]


class Begun(msgspec.Struct, tag=True):
    """The subject is loaded and was called.

    Args:
        cases: places, among the specs, of those that it took.
        blocks: of each of these, every gradient and gate that is judged, the loss first.
        right: of each of these, which blocks are right.
        seconds: of a call on each.
        steps: of each.
        files: of all functions that it ran.
        errors: of each, what it raised; "" if nothing.
    """

    cases: tuple[int, ...]
    blocks: tuple[tuple[tuple[str, int], ...], ...]
    right: tuple[Right, ...]
    seconds: tuple[float, ...]
    steps: tuple[int, ...]
    files: tuple[str, ...]
    errors: tuple[str, ...]


class LineSeen(msgspec.Struct):
    """What was seen just before a line ran, in its first few turns.

    Args:
        file, function, line: where; the function by its qualified name.
        shapes: text of a local or of an expression of that function to its shape; "int" is an
            integer; "list", "tuple" and "dict" are these.
    """

    file: str
    function: str
    line: int
    shapes: dict[str, tuple[int, ...] | str]


class LinesObserved(msgspec.Struct, tag=True):
    """What a run did, line by line in the order of the first turns; the file and the line where it
    raised first, if it did; and what its values are in the textbook's words.
    """

    lines: tuple[LineSeen, ...]
    raised: tuple[str, int] | None = None
    departures: tuple[Departure, ...] = ()


class Departure(msgspec.Struct):
    """What a value of the subject is in the textbook's words, as long as it is that.

    Args:
        file, function, line: the statement that gives the value.
        name: what has it.
        quantity: of the textbook, with a minus if it is negated; "" if it never is one of these.
        held: turns, from the first on, in which it is.
        turns: in which the statement ran.
        when: the first value of the run that is not it, counted from 1; 0 if there is none.
        first: the same of the first value of all.
    """

    file: str
    function: str
    line: int
    name: str
    quantity: str
    held: int
    turns: int
    when: int = 0
    first: int = 0

    @property
    def is_known(self) -> bool:
        """Whether the value is the textbook's in every turn."""
        return self.held == self.turns


class Rebased(msgspec.Struct, tag=True):
    """Which blocks are right now."""

    right: tuple[Right, ...]


class EditOutcome(msgspec.Struct, tag=True):
    """What came of one edit: on each case on which it was called which blocks are right."""

    number: int
    right: tuple[tuple[int, Right], ...] = ()
    error: str = ""


class TriedAll(msgspec.Struct, tag=True):
    """The end of the replies to `TryEdits`: whether the subject without edits is what it was."""

    healthy: bool


class NotBegun(msgspec.Struct, tag=True):
    """Instead of a reply: why there is none."""

    message: str


Request = Begin | Observe | Rebase | TryEdits | ProbeEdits
Reply = Begun | LinesObserved | Rebased | EditOutcome | TriedAll | Probed | NotBegun
_requests = msgspec.msgpack.Decoder(Request)
_replies = msgspec.msgpack.Decoder(Reply)


def request_in(body: bytes) -> Any:
    """The request in a frame."""
    return _requests.decode(body)


def reply_in(body: bytes) -> Any:
    """The reply in a frame.

    Raises:
        GarbledMessage: it is none.
    """
    try:
        return _replies.decode(body)
    except Exception as error:  # its bytes come from the process of edited code
        raise GarbledMessage(f"gave an answer that cannot be read: {error}") from error
