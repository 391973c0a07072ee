"""A program in any language as a subject: arrays through files, one line of JSON per case.

`docs/protocol.md` is the definition. `exec:COMMAND` starts the program once and talks to it;
`exec1:COMMAND` starts it for every case, with the names of both files as arguments.
"""

from __future__ import annotations

import importlib.util
import itertools
import shlex
import shutil
import sys
import tempfile
import time
import weakref
from dataclasses import asdict, fields
from pathlib import Path
from typing import TypeVar

import msgspec

from ..cases.case import DTYPES, Case
from ..cases.model import Model
from ..cases.result import Result
from ..errors import (
    MissingFramework,
    SubjectFailed,
    SubjectNotFound,
    SubjectTimeout,
    Unsupported,
    clean,
    cut,
    quoted,
    why_no_json,
)
from .processes.child_process import (
    SECONDS_TO_END,
    Child,
    describe_status,
    end_of_stderr,
)
from .program_files import PROTOCOL, read_result, write_case
from .time_limit import LONGEST_WAIT, overtime, seconds_of_call

T = TypeVar("T")

LONGEST_LINE = 2**20
LONGEST_NAME = 80
"""Characters of a name that a program gives itself."""


class ProgramHello(msgspec.Struct):
    """The first line of a program: what it speaks, and what it does."""

    protocol: int
    name: str = ""
    supports: dict[str, list[str | int | bool]] = {}
    dtypes: tuple[str, ...] = ("float64",)
    lengths: bool = False
    truncation: bool = False


class ProgramReply(msgspec.Struct):
    """The line that answers a case: one of `ok`, `unsupported` and `error`."""

    id: int
    ok: bool = False
    unsupported: str | None = None
    error: str | None = None


def program(text: str, seconds: float = LONGEST_WAIT) -> Program | OneShot:
    """The subject of `exec:COMMAND` or `exec1:COMMAND`; it has `seconds` for its hello line.

    Raises:
        SubjectNotFound: there is no such program, or it does not start as the protocol says.
        MissingFramework: safetensors is not installed.
    """
    kind, _, command = text.partition(":")
    words = shlex.split(command)
    if not words:
        raise SubjectNotFound(f"{text!r} names no program: write {kind}:COMMAND.")
    if shutil.which(words[0]) is None:
        raise SubjectNotFound(f"there is no program {words[0]!r} that could be run.")
    if importlib.util.find_spec("safetensors") is None:
        raise MissingFramework(
            "programs exchange safetensors files: pip install 'bptt-check[exec]'."
        )
    return Program(words, text, seconds) if kind == "exec" else OneShot(words, text)


class Program:
    """A long-lived program; one that died or lost the thread is started again for the next case."""

    def __init__(self, command: list[str], address: str, seconds: float = LONGEST_WAIT) -> None:
        self._command, self.address, self._seconds = command, address, seconds
        self._numbers = itertools.count(1)
        self._child: Child | None = None
        try:
            self._hello = self._start()
        except SubjectFailed as error:
            raise SubjectNotFound(f"{shlex.join(command)} {error}.") from error
        self.name = cut(clean(self._hello.name), LONGEST_NAME) or shlex.join(command)

    def supports(self, model: Model) -> bool:
        """Whether every field of the model has one of the values that the hello line allows."""
        values = asdict(model)
        return all(values[field] in allowed for field, allowed in self._hello.supports.items())

    def __call__(self, case: Case) -> Result:
        """What the program answers.

        Raises:
            Unsupported: by its hello line, or for this case.
            SubjectFailed: it gave no answer; the text says what it did instead.
            SubjectTimeout: the limit of the call passed first.
        """
        self._decline(case)
        with _folder() as folder:
            given, answer = Path(folder, "in.safetensors"), Path(folder, "out.safetensors")
            write_case(case, given)
            self._converse(given, answer)
            return read_result(answer)

    def _decline(self, case: Case) -> None:
        """Raise `Unsupported` for what the hello line does not offer."""
        hello = self._hello
        if case.dtype not in hello.dtypes:
            raise Unsupported(f"does {', '.join(hello.dtypes)} only")
        if case.lengths is not None and not hello.lengths:
            raise Unsupported("does not do lengths")
        if case.truncation is not None and not hello.truncation:
            raise Unsupported("does not do truncation")

    def _converse(self, given: Path, answer: Path) -> None:
        """Ask for one case, and believe the line that answers it."""
        try:
            if self._child is None:
                self._hello = self._start()
            number = next(self._numbers)
            request = {"id": number, "in": str(given), "out": str(answer)}
            reply = read_answer(self._reply(msgspec.json.encode(request) + b"\n"), number)
        except BaseException:  # also the limit of time: where it stands now nobody knows
            self._drop()
            raise
        if reply.unsupported is not None:
            raise Unsupported(reply.unsupported)
        if not reply.ok:
            raise SubjectFailed(f"reported an error: {reply.error or 'without saying which'}")

    def _start(self) -> ProgramHello:
        self._child = Child(self._command, _take_line)
        self._finalizer = weakref.finalize(self, self._child.kill)
        try:
            hello = read_hello(self._line(self._seconds))
        except TimeoutError:
            self._drop()
            raise SubjectFailed(f"wrote no hello line within {self._seconds:g} s") from None
        except BaseException:
            self._drop()
            raise
        return hello

    def _reply(self, request: bytes) -> bytes:
        """The line that answers a request."""
        assert self._child is not None
        seconds = seconds_of_call()
        deadline = time.monotonic() + seconds
        try:
            self._child.send(request, seconds)
            return self._line(deadline - time.monotonic())
        except TimeoutError:
            raise SubjectTimeout(overtime(seconds)) from None

    def _line(self, seconds: float) -> bytes:
        """The next line of the program.

        Raises:
            TimeoutError: none came in so many seconds.
            SubjectFailed: it ended instead; the text says how.
        """
        assert self._child is not None
        line = self._child.receive(seconds)
        if line is None:
            ending = self._child.ending()
            raise SubjectFailed(ending + end_of_stderr(self._child.stderr_end))
        return line

    def _drop(self) -> None:
        if self._child is not None:
            self._finalizer()
            self._child = None


class OneShot:
    """A program that is started for every case: `COMMAND in.safetensors out.safetensors`."""

    def __init__(self, command: list[str], address: str) -> None:
        self._command, self.address = command, address
        self.name = shlex.join(command)

    def __call__(self, case: Case) -> Result:
        """What the program answers; raises like `Program`."""
        with _folder() as folder:
            given, answer = Path(folder, "in.safetensors"), Path(folder, "out.safetensors")
            write_case(case, given)
            self._run(given, answer)
            return read_result(answer)

    def _run(self, given: Path, answer: Path) -> None:
        seconds = seconds_of_call()
        deadline = time.monotonic() + seconds
        child = Child([*self._command, str(given), str(answer)], _take_line)
        try:
            child.end_input()
            while (line := child.receive(deadline - time.monotonic())) is not None:
                print(clean(line.decode("utf-8", "replace")), file=sys.stderr)
            status = child.status(SECONDS_TO_END)
        except TimeoutError:
            raise SubjectTimeout(overtime(seconds)) from None
        finally:
            child.kill()
        if status != 0:
            ending = "did not end" if status is None else describe_status(status)
            raise SubjectFailed(ending + end_of_stderr(child.stderr_end))


def _folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for two files, which a program may do anything to."""
    return tempfile.TemporaryDirectory(prefix="bptt_check", ignore_cleanup_errors=True)


def _take_line(came: bytearray, ended: bool) -> bytes | None:
    """Take one line off, without its end; what stands after the last one is a line, too."""
    end = came.find(b"\n", 0, LONGEST_LINE)
    if end < 0:
        if len(came) >= LONGEST_LINE:
            raise SubjectFailed(f"wrote a line of more than {LONGEST_LINE} bytes")
        if not (ended and came):
            return None
        end = len(came)
    line = bytes(came[:end])
    del came[: end + 1]
    return line.rstrip(b"\r")


def _decoded(line: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except Exception as error:  # of JSON, of UTF-8, of nesting: the line may hold anything
        what = quoted(line.decode("utf-8", "backslashreplace"), 80)
        name = "hello line" if kind is ProgramHello else "answer"
        why = why_no_json(line, error)
        raise SubjectFailed(f"wrote {what} where its {name} belongs: {why}") from error


def read_hello(line: bytes) -> ProgramHello:
    """The first line of a program.

    Raises:
        SubjectFailed: it is none, or means nothing here.
    """
    hello = _decoded(line, ProgramHello)
    _check(hello)
    return hello


def read_answer(line: bytes, number: int) -> ProgramReply:
    """The line of a program that answers the case of a number.

    Raises:
        SubjectFailed: it is none, or answers another case.
    """
    reply = _decoded(line, ProgramReply)
    if reply.id != number:
        raise SubjectFailed(f"answered case {reply.id} when it was asked case {number}")
    return reply


def _check(hello: ProgramHello) -> None:
    """Raise `SubjectFailed` for a hello line that means nothing here."""
    if hello.protocol != PROTOCOL:
        raise SubjectFailed(
            f"speaks version {hello.protocol} of the protocol; this bptt-check speaks {PROTOCOL}"
        )
    valid = [field.name for field in fields(Model)]
    unknown = [name for name in hello.supports if name not in valid]
    if unknown:
        raise SubjectFailed(
            f"says that it supports values of {quoted(unknown[0])}, which is no field of a model; "
            f"valid: {', '.join(valid)}"
        )
    unknown = [name for name in hello.dtypes if name not in DTYPES]
    if unknown:
        raise SubjectFailed(f"offers the dtype {quoted(unknown[0])}; valid: {', '.join(DTYPES)}")
