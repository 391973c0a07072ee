"""What parent and worker say to each other, as bytes.

MessagePack in frames, decoded into exactly the declared types: a subject shares its process with
the worker and could forge any message, so nothing here can name code to run (no pickle), and
arrays are numbers of a known type and shape or the message is refused.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import IO, Any

import msgspec
import numpy as np

from ...cases.case import Case
from ...cases.contract import Answer
from ...cases.follow_up import FollowUpCall
from ...cases.model import Model
from ...cases.targets import Target

ARRAY = 1
"""Code of the MessagePack extension that is an array: dtype, number of axes, shape, bytes."""
MAGIC = b"BPT1"
"""Starts each frame, so that bytes which are none of ours are noticed."""
LARGEST = 2**34
"""Bytes of the largest message; what claims more is no message."""
_HEAD = struct.Struct("<4sQ")
_SHAPE_AT = 4


class GarbledMessage(Exception):
    """What came is no message of ours."""


class Start(msgspec.Struct, tag=True):
    """The first message: which subject, where a dying worker leaves its traceback, whether the
    worker is to end with the parent by the system's own means, and a folder for temporary files.
    """

    subject: str
    trace: str
    scratch: str
    ends_with_parent: bool


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


Request = Start | CallSubject | Supports | CallFunction


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
    """The reply to `CallSubject`."""

    answer: Answer


class Returned(msgspec.Struct, tag=True):
    """The reply to `Supports` and `CallFunction`."""

    value: Any


class Failed(msgspec.Struct, tag=True):
    """Instead of a reply: a verb phrase that says what the subject did."""

    error: str


Reply = Hello | Refused | Began | Answered | Returned | Failed


def packed(message: Request | Reply) -> bytes:
    """One frame: magic, length of the message, message."""
    body = _encoder.encode(message)
    return _HEAD.pack(MAGIC, len(body)) + body


def receive(stream: IO[bytes]) -> bytes | None:
    """Read the body of one frame; None at the end of the stream.

    Raises:
        Garbled: what stands there is no frame.
    """
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, length = _HEAD.unpack(head)
    if magic != MAGIC or length > LARGEST:
        raise GarbledMessage("wrote into the channel of its worker")
    body = stream.read(length)
    return body if len(body) == length else None


def read_request(body: bytes) -> Request:
    """The request in a frame."""
    return _requests.decode(body)


def read_reply(body: bytes) -> Reply:
    """The reply in a frame.

    Raises:
        Garbled: it is none, or holds something that belongs to no reply.
    """
    try:
        return _replies.decode(body)
    except Exception as error:  # a subject that forges messages can raise any of them
        raise GarbledMessage(f"gave an answer that cannot be read: {error}") from error


def _to_wire(value: Any) -> Any:
    """Anything NumPy reads as numbers becomes an array; a mapping becomes a dict."""
    if isinstance(value, Mapping):
        return dict(value)
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{type(value).__name__} is no array of numbers")
    shape = struct.pack(f"<{array.ndim}Q", *array.shape)
    head = array.dtype.newbyteorder("<").str.encode().ljust(3) + bytes([array.ndim])
    plain = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return msgspec.msgpack.Ext(ARRAY, head + shape + plain.tobytes())


def _from_wire(code: int, data: memoryview) -> np.ndarray:
    """A read-only array."""
    axes = data[_SHAPE_AT - 1] if code == ARRAY and len(data) >= _SHAPE_AT else 255
    start = _SHAPE_AT + 8 * axes
    if axes > 32 or len(data) < start:
        raise ValueError("it holds something that is no array")
    dtype = np.dtype(bytes(data[: _SHAPE_AT - 1]).decode("ascii"))
    shape = struct.unpack_from(f"<{axes}Q", data, _SHAPE_AT)
    if dtype.kind not in "fiub" or len(data) != start + dtype.itemsize * math.prod(shape):
        raise ValueError(f"it holds an array of {dtype} that is none of shape {shape}")
    return np.frombuffer(bytes(data[start:]), dtype).reshape(shape)


def _is_array(_: Any, value: Any) -> Any:
    """Only arrays have types of ours that MessagePack does not know."""
    if not isinstance(value, np.ndarray):
        raise ValueError("it holds something else where an array belongs")
    return value


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_wire)
_requests = msgspec.msgpack.Decoder(Request, ext_hook=_from_wire, dec_hook=_is_array)
_replies = msgspec.msgpack.Decoder(Reply, ext_hook=_from_wire, dec_hook=_is_array)
