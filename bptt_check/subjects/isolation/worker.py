"""The process in which a subject runs: reads requests, calls the subject, writes replies.

The protocol takes over standard input and output before the subject is imported. What the subject
prints, from C too, goes to standard error instead.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import IO, Any

import numpy as np

# Reads answers, when a subject may have forgotten where modules lie.
import numpy.ma  # pyright: ignore[reportUnusedImport]

from ...cases.any_case import AnyCase
from ...cases.contract import Answer, Outcome
from ...cases.model import LAYOUTS
from ...cases.recurrences.inputs import Inputs
from ...cases.recurrences.recurrence import Recurrence, RecurrenceCase
from ...cases.targets import parse_targets
from ...errors import BpttCheckError
from .. import loading
from ..calling import call, call_once
from ..raised import explained, kind_and_line
from ..time_limit import watched_elsewhere
from . import protocol

FUNCTIONS = ("supports", "clip", "clip_by_value", "update")
"""What a subject may offer beside itself."""
ANNOUNCE_AFTER = 0.25
"""Seconds within a request after which a further call is announced."""
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def serve() -> None:
    """Serve the process that started this one until it closes the pipe."""
    requests, replies = take_channel()
    body = protocol.receive(requests)
    if body is None:
        return
    start = protocol.read_request(body)
    assert isinstance(start, protocol.Start)
    prepare_process(start.trace, start.scratch, start.ends_with_parent)
    channel = Channel(replies)
    try:
        subject, inputs = _loaded(start)
        channel.send(_hello(subject))
    except BpttCheckError as error:
        channel.send(protocol.Refused(str(error)))
        return
    watched = Watched(subject, channel, inputs)
    while (body := _next_request(requests)) is not None:
        channel.reply(watched, body)
    os._exit(protocol.PIPES_LOST)  # without what a subject has registered for the end


def _loaded(start: protocol.Start) -> tuple[Callable[..., Any], Inputs | None]:
    """The subject, and of a kernel its inputs."""
    if start.kernel is None:
        return loading.load(start.subject, start.seconds), None
    from ..kernels.kernel import kernel_subject
    from ..kernels.second_order import gradients_of

    kernel, inputs = (loading.load_object(t) for t in (start.subject, start.kernel.inputs))
    like = start.kernel.like
    if start.kernel.order == 2:
        kernel = gradients_of(kernel, inputs.differentiated, like)
    return kernel_subject(kernel, start.kernel.device, like=like), inputs


def _next_request(requests: IO[bytes]) -> bytes | None:
    """The next request; None if there is no more, or no pipe to read it from."""
    try:
        return protocol.receive(requests)
    except (OSError, protocol.GarbledMessage):
        return None


def take_channel() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes of the protocol; standard input is empty now, standard output is standard error."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return requests, replies


def prepare_process(trace_file: str, scratch: str, ends_with_parent: bool) -> None:
    """Leave a traceback when killed, die with the parent, be the one the system kills when memory
    is short, and adopt what loses its parent, so that its memory counts and it ends with us.
    """
    tempfile.tempdir = scratch
    trace = open(trace_file, "w")  # noqa: SIM115  # for as long as the process lives
    faulthandler.enable(trace, all_threads=False)
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, trace, all_threads=False)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    if sys.platform == "linux":
        import ctypes

        prctl = ctypes.CDLL(None).prctl
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if ends_with_parent:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _hello(subject: Callable[..., Any]) -> protocol.Hello:
    wanted = getattr(subject, "targets", None)
    return protocol.Hello(
        functions=tuple(n for n in FUNCTIONS if callable(getattr(subject, n, None))),
        targets=None if wanted is None else tuple(t for m in wanted for t in parse_targets(m)),
        cells=tuple(LAYOUTS),
        within=str(getattr(subject, "within", "")),
        convention=_options(getattr(subject, "convention", None)),
    )


def _options(convention: object) -> dict[str, Any] | None:
    """The options of a convention as plain values; None if there is none."""
    if not is_dataclass(convention) or isinstance(convention, type):
        return None
    return {
        f.name: _options(value)
        if is_dataclass(value)
        else dict(value)  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(value, Mapping)
        else value
        for f in fields(convention)
        for value in [getattr(convention, f.name)]
    }


class Channel:
    """The way back; only the process that opened it may use it, not a fork of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._owner = os.getpid()

    def send(self, message: protocol.Reply) -> None:
        """Send a reply. A fork of the worker that comes back from the subject ends here."""
        if os.getpid() != self._owner:
            os._exit(0)
        frame = protocol.packed(message)
        try:
            self._stream.write(frame)
            self._stream.flush()
        except OSError:
            os._exit(protocol.PIPES_LOST)

    def reply(self, subject: Watched, body: bytes) -> None:
        """Do what a request asks, and send what came of it."""
        try:
            self.send(_carried_out(subject, protocol.read_request(body)))
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the subject's here
            self.send(protocol.Failed(explained(error)))


class Watched:
    """A subject that announces its calls, so that time is counted for each of them, and counts
    those that raised.

    Calls that follow quickly upon another are not announced, which would cost more than they do.
    """

    def __init__(
        self, subject: Callable[..., Any], channel: Channel, inputs: Inputs | None = None
    ) -> None:
        self._subject, self._channel, self.inputs = subject, channel, inputs
        self.last_announced = 0.0
        self.raised = 0

    def __call__(self, case: AnyCase) -> Any:
        """What the subject returns."""
        if time.monotonic() - self.last_announced > ANNOUNCE_AFTER:
            self._channel.send(protocol.Began())
            self.last_announced = time.monotonic()
        try:
            return self._subject(case)
        except BaseException:
            self.raised += 1
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subject, name)


def _carried_out(subject: Watched, request: protocol.Request) -> protocol.Reply:
    subject.last_announced = time.monotonic()
    if isinstance(request, protocol.CallSubject | protocol.CallKernel):
        before, answer = subject.raised, _called(subject, request)
        answers = (answer, *(f.answer for f in answer.follow_ups))
        raised = sum(a.outcome is Outcome.RAISED for a in answers)
        return protocol.Answered(answer, damaged=raised > subject.raised - before)
    if isinstance(request, protocol.Supports):
        return protocol.Returned(bool(subject.supports(request.model)))
    assert isinstance(request, protocol.CallFunction)
    arguments = [_writable(value) for value in request.arguments]
    return protocol.Returned(_plain(getattr(subject, request.function)(*arguments)))


def _called(subject: Watched, request: protocol.CallSubject | protocol.CallKernel) -> Answer:
    """What came of it; a KeyboardInterrupt is the subject's own, since Ctrl-C never comes here."""
    limit = request.timeout if hasattr(signal, "SIGALRM") else None
    try:
        with watched_elsewhere(request.timeout):
            case = _case_of(subject, request)
            if request.once:
                return call_once(subject, case, limit)
            return call(subject, case, limit, request.calls)
    except KeyboardInterrupt as error:
        return Answer(outcome=Outcome.RAISED, text=explained(error), place=kind_and_line(error))


def _case_of(subject: Watched, request: protocol.CallSubject | protocol.CallKernel) -> AnyCase:
    """The case of a request; of a recurrence with the inputs that were loaded here."""
    if isinstance(request, protocol.CallSubject):
        return request.case
    assert subject.inputs is not None
    sent = request.case
    return RecurrenceCase(
        Recurrence(sent.name, subject.inputs, None),
        sent.arrays,
        sent.dtype,
        cotangents=sent.cotangents,
        layout=sent.layout,
        wanted=sent.wanted,
    )


def _writable(value: Any) -> Any:
    """Arrays off the wire are read-only; a subject gets its own."""
    if isinstance(value, Mapping):
        return {name: np.array(array) for name, array in value.items()}
    return value


def _plain(value: Any) -> Any:
    """A dict as it is, of anything else only what it is called: the caller complains of it."""
    if not isinstance(value, Mapping):
        raise TypeError(f"must return a dict of arrays, got {type(value).__name__}")
    return {str(name): array for name, array in value.items() if array is not None}
