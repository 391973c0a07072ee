"""Lines of a program in the place of its hello line, or of the answer to case 7."""

from __future__ import annotations

import json
from typing import Any

LONG = "k" * 10**6


def hello(**changes: Any) -> bytes:
    """A hello line with changes."""
    return json.dumps({"protocol": 1, "name": "mine", **changes}).encode()


def answer(**changes: Any) -> bytes:
    """The answer to case 7 with changes."""
    return json.dumps({"id": 7, "ok": True, **changes}).encode()


NO_JSON = {
    "nothing": (b"", "Input data was truncated"),
    "words": (b"epoch 1: loss 0.3", "wrote 'epoch 1: loss 0.3' where its "),
    "half": (b'{"protocol": 1, "id": 7', "Input data was truncated"),
    "two values": (b'{"protocol": 1, "id": 7} {}', "trailing"),
    "not UTF-8": (b'{"name": "\xff"}', "it is not UTF-8: byte 0xff at 10"),
    "Latin-1": ('{"name": "é", "error": "é"}'.encode("latin1"), "it is not UTF-8: byte 0xe9"),
    "UTF-16": ("{}".encode("utf-16-le"), "where its "),
    "byte order mark": (b"\xef\xbb\xbf{}", "where its "),
    "half a pair": (rb'{"name": "\ud800", "error": "\ud800"}', r"half of a surrogate pair, \ud800"),
    "commands": (b"\x1b[2J\x1b[31m", "wrote '\\x1b[2J\\x1b[31m' where its "),
    "text turned around": ("\u202e{}".encode(), "wrote '\\u202e{}' where its "),
    "zeros": (bytes(200), "characters) where its "),
    "nested": (b"[" * 100_000, "(100,000 characters) where its "),
    "nested objects": (b'{"a":' * 50_000, "(250,000 characters) where its "),
    "NaN": (b'{"protocol": NaN, "id": NaN}', "where its "),
    "list": (b"[]", "Expected `object`"),
    "null": (b"null", "Expected `object`"),
    "a long text": (json.dumps(LONG).encode(), "(1,000,002 characters) where its "),
}
"""What is wrong with a line wherever it stands, to its bytes and what is said of it."""

HELLOS = {
    "no protocol": (b"{}", "missing required field `protocol`"),
    "protocol of a word": (hello(protocol="1"), "Expected `int`, got `str` - at `$.protocol`"),
    "protocol of truth": (hello(protocol=True), "Expected `int`, got `bool`"),
    "another protocol": (hello(protocol=-1), "speaks version -1 of the protocol"),
    "a long protocol": (hello(protocol=10**3000), "(3,"),
    "no name": (hello(name=None), "Expected `str`, got `null` - at `$.name`"),
    "supports of a list": (hello(supports=["rnn"]), "Expected `object`, got `array`"),
    "supports of a word": (hello(supports={"cell": "rnn"}), "Expected `array`, got `str`"),
    "unknown field": (hello(supports={"\x1b[31m": []}), "values of '\\x1b[31m', which is no field"),
    "a long field": (hello(supports={LONG: []}), "(1,000,000 characters), which is no field"),
    "many fields": (
        hello(supports={f"f{n}": [] for n in range(20_000)}),
        "'f0', which is no field",
    ),
    "unknown dtype": (hello(dtypes=["\u202efloat8"]), "offers the dtype '\\u202efloat8'; valid:"),
    "a long dtype": (hello(dtypes=[LONG]), "(1,000,000 characters); valid: float64"),
    "dtypes of a word": (hello(dtypes="float64"), "Expected `array`, got `str`"),
    "lengths of a word": (hello(lengths="yes"), "Expected `bool`, got `str` - at `$.lengths`"),
}
"""The same for hello lines alone."""

ANSWERS = {
    "no id": (b"{}", "missing required field `id`"),
    "id of a word": (answer(id="seven"), "Expected `int`, got `str` - at `$.id`"),
    "another case": (answer(id=8), "answered case 8 when it was asked case 7"),
    "a case before all": (answer(id=-1), "answered case -1 when it was asked case 7"),
    "a long id": (answer(id=10**3000), "(3,"),
    "ok of a word": (answer(ok="yes"), "Expected `bool`, got `str` - at `$.ok`"),
    "error of a list": (answer(error=[]), "Expected `str | null`, got `array` - at `$.error`"),
}
"""The same for answers alone."""
