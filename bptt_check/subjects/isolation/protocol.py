"""What parent and worker say to each other, as bytes.

MessagePack in frames, decoded into exactly the declared types: a subject shares its process with
the worker and could forge any message, so nothing here can name code to run (no pickle), and
arrays are numbers of a known type and shape or the message is refused.
"""

from __future__ import annotations

import struct
from typing import IO, Any, TypeVar, get_type_hints

import msgspec

from ...cases.any_case import AnyCase
from ...cases.case import Case, Spec
from ...cases.contract import Answer
from ...cases.follow_up import FollowUpCall
from ...cases.model import Model
from ...cases.targets import Target
from .sent_arrays import from_wire, only_arrays, to_wire

T = TypeVar("T")
MAGIC = b"BPT1"
"""Starts each frame, so that bytes which are none of ours are noticed."""
LARGEST = 2**34
"""Bytes of the largest message; what claims more is no message."""
LARGEST_REPLY, REPLY_FOR_REQUEST = 2**30, 64
"""Bytes of the largest reply to nothing, and how many more for each byte of a request."""
PIPES_LOST = 211
"""Exit status of a worker that can read or write no more messages."""
_HEAD = struct.Struct("<4sQ")


class GarbledMessage(Exception):
    """What came is no message of ours."""


class KernelStart(msgspec.Struct):
    """What a subject that is a kernel needs beside itself: the address of its inputs, the device
    where it runs, the framework whose arrays it gets if it does not say, and whether it is its
    gradients that are differentiated (order 2).
    """

    inputs: str
    device: str
    like: str
    order: int = 1


class Start(msgspec.Struct, tag=True):
    """The first message: which subject, where a dying worker leaves its traceback, whether the
    worker is to end with the parent by the system's own means, a folder for temporary files, how
    many seconds a program has for its hello line, and what it needs if it is a kernel.
    """

    subject: str
    trace: str
    scratch: str
    ends_with_parent: bool
    seconds: float
    kernel: KernelStart | None = None


class SentRecurrence(msgspec.Struct):
    """A case of a recurrence without what only the parent needs: spec, reference, outputs."""

    name: str
    dtype: str
    layout: str
    arrays: dict[str, Any]
    cotangents: dict[str, Any]
    wanted: tuple[str, ...] | None


class CallKernel(msgspec.Struct, tag=True):
    """The same as `CallSubject` of a kernel on a case of its recurrence."""

    case: SentRecurrence
    timeout: float | None
    calls: tuple[FollowUpCall, ...] = ()
    once: bool = False


class CallSubject(msgspec.Struct, tag=True):
    """`calling.call` of the subject on a case, or `calling.call_once`.

    Without a limit the worker sets no alarm of its own, which would cost more than small cases do.
    """

    case: Case
    timeout: float | None
    calls: tuple[FollowUpCall, ...] = ()
    once: bool = False


class Supports(msgspec.Struct, tag=True):
    """`subject.supports(model)`."""

    model: Model


class CallFunction(msgspec.Struct, tag=True):
    """A function of the subject's, such as `clip`, on dicts of arrays and numbers."""

    function: str
    arguments: list[Any]


Request = Start | CallSubject | CallKernel | Supports | CallFunction


class Hello(msgspec.Struct, tag=True):
    """The subject is loaded: which functions it offers, its `targets` and `within`, every cell that
    is registered where it runs, and the options of its convention, if it has one.
    """

    functions: tuple[str, ...]
    targets: tuple[Target, ...] | None
    cells: tuple[str, ...]
    within: str = ""
    convention: dict[str, Any] | None = None


class Refused(msgspec.Struct, tag=True):
    """The subject cannot be loaded."""

    message: str


class Began(msgspec.Struct, tag=True):
    """Another call of the subject begins within the same request: time counts anew."""


class Answered(msgspec.Struct, tag=True):
    """The reply to `CallSubject`.

    Args:
        answer: what came of it.
        damaged: whether something raised outside of the subject: in the code that calls it.
    """

    answer: Answer
    damaged: bool = False


class Returned(msgspec.Struct, tag=True):
    """The reply to `Supports` and `CallFunction`."""

    value: Any


class Failed(msgspec.Struct, tag=True):
    """Instead of a reply: a verb phrase that says what the subject did."""

    error: str


Reply = Hello | Refused | Began | Answered | Returned | Failed


def request_of(
    case: AnyCase, limit: float | None, calls: tuple[FollowUpCall, ...], once: bool
) -> CallSubject | CallKernel:
    """The request for a case of either kind."""
    if isinstance(case, Case):
        return CallSubject(case, limit, calls, once)
    sent = SentRecurrence(
        case.model.name, case.dtype, case.layout, case.arrays, case.cotangents, case.wanted
    )
    return CallKernel(sent, limit, calls, once)


def packed(message: msgspec.Struct) -> bytes:
    """One frame: magic, length of the message, message."""
    body = _encoder.encode(message)
    return _HEAD.pack(MAGIC, len(body)) + body


def receive(stream: IO[bytes]) -> bytes | None:
    """Read the body of one frame; None at the end of the stream.

    Raises:
        GarbledMessage: what stands there is no frame.
    """
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length = _length(head, LARGEST)
    body = stream.read(length)
    return body if len(body) == length else None


def largest_reply(request: bytes) -> int:
    """Bytes of the largest reply to a request: nothing that a worker says takes all memory."""
    return LARGEST_REPLY + REPLY_FOR_REQUEST * len(request)


def take(came: bytearray, largest: int) -> bytes | None:
    """Take the body of the first frame off what came; None if it is not whole.

    Raises:
        GarbledMessage: what stands there is no frame, or one of more than `largest` bytes.
    """
    if not MAGIC.startswith(bytes(came[: len(MAGIC)])):
        raise GarbledMessage("wrote into the channel of its worker")
    if len(came) < _HEAD.size:
        return None
    end = _HEAD.size + _length(came[: _HEAD.size], largest)
    if len(came) < end:
        return None
    body = bytes(memoryview(came)[_HEAD.size : end])
    del came[:end]
    return body


def _length(head: bytes | bytearray, largest: int) -> int:
    magic, length = _HEAD.unpack(head)
    if magic != MAGIC or length > largest:
        raise GarbledMessage("wrote into the channel of its worker")
    return length


def read_request(body: bytes) -> Request:
    """The request in a frame; its case was checked where it was made, and is not checked again."""
    request: Any = _requests.decode(body)
    if not isinstance(request, _SentCall):
        return request
    case = msgspec.structs.asdict(request.case)
    case["spec"] = case["spec"] and _unchecked(Spec, msgspec.structs.asdict(case["spec"]))
    return CallSubject(_unchecked(Case, case), request.timeout, request.calls, request.once)


def read_reply(body: bytes) -> Reply:
    """The reply in a frame.

    Raises:
        GarbledMessage: it is none, or holds something that belongs to no reply.
    """
    try:
        return _replies.decode(body)
    except Exception as error:  # its bytes come from the subject's process: nothing is sure of them
        raise GarbledMessage(f"gave an answer that cannot be read: {error}") from error


def _sent(kind: type, tag: str | None = None, **other: Any) -> Any:
    """A record with the fields of another, some of another type, that checks nothing but types."""
    hints = get_type_hints(kind) | other
    return msgspec.defstruct(f"_Sent{kind.__name__}", list(hints.items()), tag=tag)


def _unchecked(kind: type[T], values: dict[str, Any]) -> T:
    """A frozen record of values that have been one before."""
    made = object.__new__(kind)
    vars(made).update(values)
    return made


_SentCall = _sent(CallSubject, "CallSubject", case=_sent(Case, spec=_sent(Spec) | None))
_encoder = msgspec.msgpack.Encoder(enc_hook=to_wire)
_requests = msgspec.msgpack.Decoder(
    Start | _SentCall | CallKernel | Supports | CallFunction,
    ext_hook=from_wire,
    dec_hook=only_arrays,
)
_replies = msgspec.msgpack.Decoder(Reply, ext_hook=from_wire, dec_hook=only_arrays)
