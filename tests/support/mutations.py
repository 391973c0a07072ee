"""Valid files made invalid, for fuzzing: bytes and JSON with something in them changed.

Normally a few dozen fixed examples are drawn. `nox -s fuzz` sets `BPTT_CHECK_FUZZ` to a number, and
so many are drawn anew.
"""

from __future__ import annotations

import copy
import os
import unicodedata
from typing import Any

from hypothesis import HealthCheck, Phase, settings, strategies as st

DEEP = "[" * 50_000
HOSTILE_TEXTS = (
    "\x1b[2J\x1b[31mred", "\u202eright to left", "\x00\x07\x9b", "../../etc/passwd", "x" * 10_000,
    "<script>alert(1)</script>", "{{ 7 * 7 }}", "nan", "inf", "-1", "",
)  # fmt: skip
HOSTILE_NUMBERS = (0, -1, 1, 2**31, 2**63 - 1, -(2**63), 10**30, 0.5, 1e308, 1e-320)


def fuzzing(examples: int) -> settings:
    """The settings of a test that is fuzzed: so many fixed examples, or those of a session."""
    count = int(os.environ.get("BPTT_CHECK_FUZZ", "0"))
    return settings(
        max_examples=count or examples,
        derandomize=not count,
        phases=(Phase.generate, Phase.shrink) if count else (Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def mutated_bytes(draw: st.DrawFn, valid: bytes) -> bytes:
    """The bytes with one to four pieces of them changed, left out, repeated or put in."""
    content = valid
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(start + draw(st.sampled_from((0, 1, 2, 4, 8, 64, 10**6))), len(content))
        piece = content[start:end]
        new = draw(
            st.sampled_from((b"", piece * 2, b"\xff" * len(piece), bytes(len(piece))))
            | st.binary(max_size=8)
            | st.just(bytes(byte ^ 1 for byte in piece))
        )
        content = content[:start] + new + content[end:]
    return content


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from((*HOSTILE_NUMBERS, *HOSTILE_TEXTS))
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def like(value: Any) -> st.SearchStrategy[Any]:
    """Values that a reader who looks only at the type takes for such a one."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int | float):
        return st.sampled_from((*HOSTILE_NUMBERS, "nan", "inf", "-inf"))
    if isinstance(value, str):
        return st.sampled_from(HOSTILE_TEXTS)
    return st.just([] if isinstance(value, list) else {})


@st.composite
def mutated_json(draw: st.DrawFn, valid: Any) -> Any:
    """JSON types with one to three values of them replaced, left out, repeated or renamed."""
    whole = [copy.deepcopy(valid)]
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(places(whole))
        match draw(st.sampled_from(("replace", "drop", "repeat", "rename"))):
            case "drop":
                holder.pop(key)
            case "repeat" if isinstance(holder, list):
                holder.extend([holder[key]] * draw(st.integers(1, 3)))
            case "rename" if isinstance(holder, dict):
                holder[draw(st.text(max_size=5))] = holder.pop(key)
            case _:
                holder[key] = draw(st.one_of(*[like(holder[key])] * 4, JSON))
        if not whole:
            return None
    return whole[0]


@st.composite
def places(draw: st.DrawFn, whole: list[Any]) -> tuple[Any, Any]:
    """A container somewhere in JSON types, and the key of something in it."""
    holder: Any = whole
    key: Any = 0
    while isinstance(holder[key], list | dict) and holder[key] and draw(st.integers(0, 15)):
        holder = holder[key]
        keys = range(len(holder)) if isinstance(holder, list) else sorted(holder)
        key = draw(st.sampled_from(list(keys)))
    return holder, key


def told(error: BaseException) -> str:
    """The text of an error, once it is sure that a terminal can show it in a few lines."""
    text = str(error)

    assert text.strip()
    assert len(text) < 5_000
    kinds = {unicodedata.category(character) for character in text.replace("\n", "")}
    assert not any(kind.startswith("C") or kind in ("Zl", "Zp") for kind in kinds)
    text.encode()
    return text
