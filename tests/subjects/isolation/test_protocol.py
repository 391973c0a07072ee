"""Messages between parent and worker: exact, and harmless whoever wrote them."""

from __future__ import annotations

import io
import pickle

import msgspec
import numpy as np
import pytest

import bptt_check as bc
from bptt_check.cases.contract import Accepted, Answer, Breach, FollowUp, Outcome
from bptt_check.cases.follow_up import FollowUpCall, FollowUpKind
from bptt_check.subjects.isolation import protocol, sent_arrays

CASE = bc.Spec.parse("lstm+linear T=3 B=2 D=2 H=2 O=2 k1=2 k2=1 lengths dtype=float32").build()

CALLS = (FollowUpCall(FollowUpKind.SUBSET, ("x", "W_hh_l0")), FollowUpCall(FollowUpKind.THIRD_CALL))


def body_of(message: protocol.Request | protocol.Reply) -> bytes:
    """What a frame carries."""
    body = protocol.receive(io.BytesIO(protocol.packed(message)))
    assert body is not None
    return body


def test_a_case_arrives_as_it_was_sent():
    """Every array to the last bit, and the spec."""
    request = protocol.read_request(body_of(protocol.CallSubject(CASE, 2.5, CALLS, True)))

    assert isinstance(request, protocol.CallSubject)
    assert (request.timeout, request.calls, request.once) == (2.5, CALLS, True)
    got = request.case
    assert (got.model, got.spec, got.truncation) == (CASE.model, CASE.spec, CASE.truncation)
    for name, array in CASE.inputs.items():
        assert got.inputs[name].dtype == np.float32
        assert np.array_equal(got.inputs[name], array)
    assert np.array_equal(got.lengths, CASE.lengths)
    assert np.array_equal(got.cotangent_c_n, CASE.cotangent_c_n)


def test_case_that_arrives_is_not_checked_again(monkeypatch):
    """It was one before; what a field holds is the same, and nobody can write into an array."""
    body = body_of(protocol.CallSubject(CASE, None))
    for kind in (bc.Case, bc.Spec):
        monkeypatch.setattr(kind, "__post_init__", lambda _: pytest.fail("checked again"))
    got = vars(protocol.read_request(body).case)

    assert [(name, type(value)) for name, value in got.items()] == [
        (name, type(value)) for name, value in vars(CASE).items()
    ]
    arrays = [a for a in (*got.values(), *got["params"].values()) if isinstance(a, np.ndarray)]
    assert len(arrays) > len(CASE.params)
    assert all(a.flags.c_contiguous and not a.flags.writeable for a in arrays)


def test_request_of_another_type_is_refused():
    """Types are checked: a worker would see it where the parent is of another version."""
    body = msgspec.msgpack.encode({"type": "CallSubject", "case": 3, "timeout": None})
    with pytest.raises(msgspec.ValidationError, match=r"Expected `object`, got `int`"):
        protocol.read_request(body)


def test_an_answer_arrives_as_it_was_sent():
    """With NaN, infinities and signed zeros; a second answer; breaches; further answers."""
    grads = {"x": np.array([np.nan, np.inf, -0.0]), "i": np.array(3), "e": np.empty((0, 2))}
    result = bc.Result(float("nan"), grads, outputs={"y": np.float32([1, 2])})
    breach = Breach("x", "is bad", np.array([np.inf]))
    late = FollowUp(CALLS[0], Answer(text="was late", outcome=Outcome.TIMED_OUT), 2)
    probed = {"one": Accepted(result, (breach,))}
    sent = Answer(
        result, (breach,), result, (late,), probed, outcome=Outcome.DIED, asked=(CALLS[0].kind,)
    )
    reply = protocol.read_reply(body_of(protocol.Answered(sent)))

    assert isinstance(reply, protocol.Answered)
    got = reply.answer
    assert got.breaches == sent.breaches
    assert np.array_equal(got.breaches[0].value, [np.inf])
    assert got.linear["one"].breaches == sent.breaches
    assert got.linear["one"].result.grads["i"] == 3
    assert np.isnan(got.result.loss)
    for name, array in grads.items():
        assert got.result.grads[name].shape == array.shape
        assert got.result.grads[name].tobytes() == array.tobytes()
    assert got.result.outputs["y"].dtype == np.float32
    (further,) = got.follow_ups
    assert (further.call, further.after) == (late.call, 2)
    assert (further.answer.outcome, further.answer.text) == (Outcome.TIMED_OUT, "was late")
    assert got.outcome is Outcome.DIED
    assert got.asked == sent.asked


def test_the_end_of_a_stream_is_no_frame():
    """Nothing, or half a frame of a process that died writing."""
    whole = protocol.packed(protocol.Began())

    assert protocol.receive(io.BytesIO(b"")) is None
    assert protocol.receive(io.BytesIO(whole[:-1])) is None


@pytest.mark.parametrize("stream", [b"hello world\n12345", b"BPT1" + b"\xff" * 8])
def test_what_is_no_frame_is_refused(stream):
    """Text on the channel, and a length that nothing has."""
    with pytest.raises(protocol.GarbledMessage, match="wrote into the channel"):
        protocol.receive(io.BytesIO(stream))


def array(dtype: bytes, axes: int, shape: bytes, data: bytes) -> msgspec.msgpack.Ext:
    """An array as it would be forged."""
    return msgspec.msgpack.Ext(sent_arrays.ARRAY, dtype + bytes([axes]) + shape + data)


def returned(value: object) -> bytes:
    """A reply with that value in it."""
    return msgspec.msgpack.encode({"type": "Returned", "value": value})


@pytest.mark.parametrize(
    "body",
    [
        pickle.dumps({"type": "Answered"}),
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"type": "Nothing"}),
        msgspec.msgpack.encode({"type": "Answered", "answer": {"text": 3}}),
        msgspec.msgpack.encode({"type": "Answered", "answer": {"outcome": "slept"}}),
        msgspec.msgpack.encode({"type": "Answered", "answer": {"follow_ups": [{"after": 1}]}}),
        returned(array(b"<f8", 1, (2).to_bytes(8, "little"), b"12345678")),
        returned(array(b"|O8", 1, (1).to_bytes(8, "little"), b"12345678")),
        returned(array(b"zzz", 0, b"", b"")),
        returned(array(b"<f8", 200, b"", b"")),
        returned(array(b"<f8", 2, b"\xff" * 16, b"")),
        returned(msgspec.msgpack.Ext(7, b"what")),
        returned(msgspec.msgpack.Ext(sent_arrays.ARRAY, b"")),
    ],
)
def test_what_is_no_reply_is_refused(body):
    """Pickles, other types, arrays that are none: a sentence, and nothing is run or allocated."""
    with pytest.raises(protocol.GarbledMessage, match="gave an answer that cannot be read"):
        protocol.read_reply(body)


@pytest.mark.parametrize("value", [object(), "text", np.array([object()])])
def test_only_numbers_are_sent_as_arrays(value):
    """An array of objects would need pickle."""
    with pytest.raises(TypeError, match="is no array of numbers"):
        protocol.packed(protocol.Returned([np.array([value]) if isinstance(value, str) else value]))
