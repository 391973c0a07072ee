"""Files called `run.json`: some are none, some are records that no run of ours would be."""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Callable
from typing import Any

from support import made
from support.hostile_cases import saved, zipped
from support.older_runs import version_2

from bptt_check.report import run_json
from bptt_check.runs.measurements import OwnArrays
from bptt_check.runs.records import KindCount, Run
from bptt_check.verdicts.case_kind import CaseKind

MANY = 20_000
LONG = "k" * 10**6
COMMANDS = "\x1b[2J\x1b]0;title\x07\x9b31m\u202eright to left\u2066\u200b\u2028\x00\r"
"""What a terminal obeys, what turns text around, what nobody sees, what ends a line."""
WORDS_OF_OURS = ("verdict", "reason_kind", "kind", "counterexample", "pairs")
"""Fields whose text is one of a few, or is checked."""


@functools.cache
def _run() -> Run:
    return made.failing(
        covered=made.covered(),
        taylor=(made.curve(),),
        own_arrays=(OwnArrays("lstm", {"W_hh_l0": ("W", "V")}),),
        kinds=(KindCount("lstm", CaseKind.WRONG_GRADIENT, 10),),
    ).run


@functools.cache
def _record() -> str:
    return json.dumps(version_2(_run()))


def record() -> dict[str, Any]:
    """A right record that has something of everything, to be changed."""
    return json.loads(_record())


def encoded(data: Any) -> bytes:
    """JSON types as JSON, with NaN and Infinity where they are numbers."""
    return json.dumps(data).encode()


def put(value: Any, *path: str | int) -> bytes:
    """The record with another value there."""
    data: Any = record()
    at = functools.reduce(lambda inner, key: inner[key], path[:-1], data)
    at[path[-1]] = value
    return encoded(data)


def without(name: str) -> bytes:
    """The record without a field."""
    data = record()
    del data[name]
    return encoded(data)


def version_1(**changes: Any) -> bytes:
    """A record of the first version."""
    return encoded({**record(), "schema_version": 1, **changes})


def columns(**changes: Any) -> bytes:
    """A record of this version with other things in its table of rows, or in the table's columns
    where these have such a name.
    """
    data = json.loads(run_json.to_json(_run()))
    own = {name: value for name, value in changes.items() if name in data["rows"]}
    of_columns = {name: value for name, value in changes.items() if name not in own}
    data["rows"] = {**data["rows"], **own}
    data["rows"]["columns"].update(of_columns)
    return encoded(data)


def with_commands(value: Any) -> Any:
    """JSON types with commands in every text and every name that may be anything."""
    if isinstance(value, dict):
        return {k: v if k in WORDS_OF_OURS else with_commands(v) for k, v in value.items()}
    if isinstance(value, list):
        return [with_commands(inner) for inner in value]
    is_text = isinstance(value, str) and value not in ("nan", "inf", "-inf")
    return f"{value}{COMMANDS}" if is_text else value


def commanding() -> bytes:
    """The record with commands in its texts, and in the keys of mappings."""
    data = with_commands(record())
    data["environment"] = {COMMANDS: COMMANDS}
    data["declined"] = {f"gru{COMMANDS}": COMMANDS}
    return encoded(data)


def text(old: str, new: str) -> bytes:
    """The text of the record with a piece of it replaced."""
    assert old in _record()
    return _record().replace(old, new, 1).encode()


def factor(levels: int, **changes: Any) -> list[dict[str, Any]]:
    """The only factor of a record, which has so many levels."""
    names = [str(n) for n in range(levels)]
    own = {"name": "T", "levels": names, "cases": [1] * levels, "pairs": [""] * levels}
    return [{**own, "too_dear": [], **changes}]


def many(entry: dict[str, Any], name: str, count: int = MANY) -> list[dict[str, Any]]:
    """So many entries that differ in the text of one field."""
    return [{**entry, name: f"{entry[name]}{n}"} for n in range(count)]


def names(start: str) -> list[str]:
    """Many names."""
    return [f"{start}{n}" for n in range(MANY)]


ROW, FAILURE = ("rows", 0), ("failures", 0)
HISTOGRAM, WORST = ("error_histograms", 0), ("worst_entries", 0)
CASE = (*FAILURE, "counterexample")
COVERED = ("covered", "factors")

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "not written whole"),
    "space": (lambda: b" \n\t", "not written whole"),
    "words": (lambda: b"hello", "is not JSON (JSON is malformed"),
    "half": (lambda: _record().encode()[:2000], "not written whole"),
    "all but the end": (lambda: _record().encode().rstrip()[:-1], "not written whole"),
    "twice": (lambda: 2 * _record().encode(), "not written whole"),
    "byte order mark": (lambda: b"\xef\xbb\xbf" + _record().encode(), "is not JSON"),
    "UTF-16": (lambda: _record().encode("utf-16"), "it is not UTF-8: byte 0xff at 0"),
    "Latin-1": (lambda: text('"subject"', '"\xe9"').decode().encode("latin1"), "byte 0xe9"),
    "gzip": (lambda: gzip.compress(_record().encode()), "it is not UTF-8: byte 0x8b at 1"),
    "a case": (lambda: zipped(saved()), "is not JSON"),
    "zeros": (lambda: bytes(5000), "is not JSON"),
    "half a pair": (lambda: text(': "subject"', r': "\ud800"'), r"pair, \ud800"),
    "halves in wrong order": (lambda: text(': "subject"', r': "\udc00\ud800"'), "half of a surr"),
    "surrogate as bytes": (lambda: text(': "subject"', ': "@"').replace(b"@", b"\xed\xa0\x80"), ""),
    "nested": (lambda: b"[" * 100_000, "is not JSON"),
    "nested objects": (lambda: b'{"a":' * 100_000, "is not JSON"),
    "nested rows": (lambda: text('"rows": [', f'"rows": {"[" * 900}{"]" * 900}, "x": ['), "$.rows"),
    "NaN": (lambda: put(float("nan"), *ROW, "max_abs"), "is not JSON"),
    "Infinity": (lambda: put(float("inf"), "seconds"), "is not JSON"),
    "comment": (lambda: b"// mine\n" + _record().encode(), "is not JSON"),
    "comma too much": (lambda: text('"seed": 0,', '"seed": 0,,'), "is not JSON"),
    "other quotes": (lambda: _record().replace('"', "'").encode(), "is not JSON"),
    "long number": (lambda: text('"seed": 0', f'"seed": {"9" * 5000}'), "more than 4,000 digits"),
    "list": (lambda: b"[]", "no schema_version"),
    "null": (lambda: b"null", "no schema_version"),
    "number": (lambda: b"3", "no schema_version"),
    "empty object": (lambda: b"{}", "no schema_version"),
    "version of a word": (lambda: put("2", "schema_version"), "no schema_version"),
    "version of truth": (lambda: put(True, "schema_version"), "no schema_version"),
    "later version": (lambda: put(99, "schema_version"), "schema_version 99; this bptt_check"),
    "long version": (lambda: put(10**3000, "schema_version"), "(3,001 characters); this"),
    "version 0": (lambda: put(0, "schema_version"), "has schema_version 0, which never existed"),
    "negative version": (lambda: put(-1, "schema_version"), "which never existed"),
    "first version without failures": (lambda: version_1(failures=None), "not the record"),
    "first version, other rows": (lambda: version_1(rows=[3]), "not the record"),
    "no verdict": (lambda: without("verdict"), "required field `verdict`"),
    "no rows": (lambda: without("rows"), "required field `rows`"),
    "unknown verdict": (lambda: put("perfect", "verdict"), "enum value 'perfect'"),
    "verdict of a list": (lambda: put([], "verdict"), "$.verdict"),
    "commands as verdict": (lambda: put("\x1b[31mred", "verdict"), "enum value '\\x1b[31mred'"),
    "subject of a number": (lambda: put(3, "subject"), "$.subject"),
    "models of a text": (lambda: put("lstm", "models"), "$.models"),
    "seed of a word": (lambda: put("x", "seed"), "$.seed"),
    "rows of an object": (lambda: put({}, "rows"), "$.rows"),
    "row of nothing": (lambda: put(None, *ROW), "$.rows"),
    "row of an unknown verdict": (lambda: put("fine", *ROW, "verdict"), "enum value 'fine'"),
    "row of many cases": (lambda: put("many", *ROW, "cases"), "$.rows"),
    "row of an unknown kind": (lambda: put("a whim", *ROW, "reason_kind"), "enum value 'a whim'"),
    "index of words": (lambda: put(["a"], *ROW, "worst_index"), "worst_index"),
    "number out of range": (lambda: put(10**400, *ROW, "max_abs"), "out of range"),
    "failure of an unknown kind": (lambda: put("odd", *FAILURE, "kind"), "enum value 'odd'"),
    "findings of texts": (lambda: put(["a"], *FAILURE, "findings"), "findings"),
    "path upwards": (lambda: put("../../etc/passwd", *CASE), "is no counterexample"),
    "path from the root": (lambda: put("/etc/passwd", *CASE), "'/etc/passwd' is no"),
    "path that turns": (lambda: put("counterexamples/../../x.npz", *CASE), "is no count"),
    "path of another kind": (lambda: put("counterexamples/x.html", *CASE), "is no count"),
    "path of a script": (lambda: put("javascript:alert(1)", *CASE), "is no counterexample"),
    "path of commands": (
        lambda: put("counterexamples/\x1b[2J.npz", *CASE), "is no counterexample"
    ),
    "long path": (
        lambda: put(f"counterexamples/{LONG}.html", *CASE), "characters) is no counter"
    ),
    "cases below zero": (lambda: put({"pass": -1}, "cases"), "no counts of verdicts"),
    "cases of other verdicts": (lambda: put({"fine": 1}, "cases"), "no counts of verdicts"),
    "cases under a long name": (lambda: put({LONG: 1}, "cases"), "no counts of verdicts"),
    "many oracles": (lambda: put(names("o"), "oracles"), "it has 20,000 oracles; a run"),
    "times of many oracles": (
        lambda: put({"oracles": dict.fromkeys(names("o"), 1.0)}, "stages"), "times of 20,000 orac"
    ),
    "many oracles left out": (lambda: put({"oracles": names("o")}, "quick"), "left out so many"),
    "time of an unknown stage": (
        lambda: put({"seconds": {"napping": 1.0}}, "stages"), "enum value 'napping'"
    ),
    "many packages": (
        lambda: put(dict.fromkeys(names("p"), "1"), "environment"), "it has 20,000 environment"
    ),
    "histogram of triples": (lambda: put([[1, 2, 3]], *HISTOGRAM, "budgets"), "budgets"),
    "histogram of words": (lambda: put("many", *HISTOGRAM, "ulps"), "ulps"),
    "endless histogram": (lambda: put([[-(10**9), 1]], *HISTOGRAM, "ulps"), "beyond the range"),
    "length without a number": (lambda: put([[1]], *HISTOGRAM, "by_length"), "by_length"),
    "errors of a word": (lambda: put("none", *WORST, "errors"), "errors"),
    "block of one": (lambda: put([1], *WORST, "block"), "block"),
    "no way along time": (lambda: put(None, *WORST, "over_time"), "over_time"),
    "levels without pairs": (lambda: put(factor(3, pairs=[]), *COVERED), "do not fit its levels"),
    "levels without cases": (lambda: put(factor(3, cases=[1]), *COVERED), "cases of 'T' do not"),
    "endless levels": (lambda: put(factor(MANY), *COVERED), "it has 20,000 levels of factors"),
    "unknown marks": (lambda: put(["3-?", "29!", "00-"], *COVERED, 0, "pairs"), "have a mark '?'"),
    "shorter curve": (lambda: put([1.0], "taylor", 0, "remainders"), "as many remainders as steps"),
    "endless curve": (lambda: put(10**9, "taylor", 0, "last"), "as many remainders as steps"),
    "endless table": (lambda: columns(length=10**30), "its tables hold more than"),
    "shorter column": (lambda: columns(model=["lstm"]), "$.rows.model has 1 values for 2 records"),
    "infinity in a column": (lambda: columns(max_abs=[float("inf"), 1.0]), "is not JSON"),
    "number out of range in a column": (lambda: columns(max_abs=[10**400, 1]), "out of range"),
    "check of nothing": (lambda: put([None], "checks"), "$.checks"),
}  # fmt: skip
"""What is wrong with a file, to how it is made and what is said of it."""

ODD: dict[str, Callable[[], bytes]] = {
    "commands everywhere": commanding,
    "unknown fields": lambda: put({"x": [1]}, "mine"),
    "a name twice": lambda: text('"seed": 0', '"seed": 0, "seed": 7, "subject": "first"'),
    "other seed": lambda: put(-(10**30), "seed"),
    "time that ran backwards": lambda: put("-inf", "seconds"),
    "stages that ran backwards": lambda: put({"seconds": {"judging": "-inf"}}, "stages"),
    "an oracle that took for ever": lambda: put({"oracles": {"<b>": "inf"}}, "stages"),
    "counts below zero": lambda: put(-5, *ROW, "cases"),
    "a spec that is none": lambda: put("lstm T=?", *FAILURE, "spec"),
    "an index elsewhere": lambda: put([-1, 10**12], *ROW, "worst_index"),
    "markup": lambda: put("<script>alert(1)</script>{{ 7 * 7 }}", "subject"),
    "half a histogram": lambda: put([], *HISTOGRAM, "budgets"),
    "an entry of another shape": lambda: put([10**9], *WORST, "shape"),
    "ragged paths": lambda: put([[1.0], []], "flows", 0, "paths"),
    "truncation to nothing": lambda: put("lstm k1=0 k2=0", "flows", 0, "spec"),
    "the same as itself": lambda: put("lstm", *FAILURE, "same_as"),
    "a long name": lambda: put({LONG: LONG}, "declined"),
    "a long subject": lambda: put(LONG, "subject"),
    "many names of an array": lambda: put(names("W"), "own_arrays", 0, "names", "W_hh_l0"),
    "commands in columns": lambda: columns(model={"every": COMMANDS}, **{COMMANDS: [1, 2]}),
    "no models": lambda: put([], "models"),
}
"""What is odd in a record that can be shown."""


def crowded(what: str, count: int = MANY) -> bytes:
    """The record with so many of something."""
    data = record()
    row, failure = data["rows"][1], data["failures"][0]
    check = {f: data[f] for f in ("verdict", "subject", "seed", "cases", "declined", "seconds")}
    target = data["covered"]["targets"][0]
    declined = [f"m{n}" for n in range(count)]
    changes: dict[str, Any] = {
        "models": {"rows": many(row, "model", count), "models": [f"lstm{n}" for n in range(count)]},
        "gradients": {"rows": many({**row, "parameter": "W"}, "parameter", count)},
        "failures": {"failures": many(failure, "model", count)},
        "declined models": {"declined": dict.fromkeys(declined, "no"), "models": declined},
        "reasons": {"declined": {name: name for name in declined}, "models": declined},
        "tests": {"checks": many({**check, "check": "t", "models": ["lstm"]}, "check", count)},
        "targets": {"covered": {**data["covered"], "targets": many_targets(target, count)}},
    }[what]
    return encoded({**data, **changes})


def many_targets(target: list[Any], count: int) -> list[list[Any]]:
    """So many targets, of each of which too few cases were decided."""
    return [[f"lstm{n}", 10, 1, *target[3:]] for n in range(count)]
