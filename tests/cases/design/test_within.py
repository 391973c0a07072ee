"""Limits of cases: each limits one thing, reads back what it writes, and refuses what is none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from support.drawn import design_of, k1, k2

import bptt_check as bc
from bptt_check.cases.case import Spec
from bptt_check.cases.design.recipe import SIZES
from bptt_check.cases.design.within import KINDS_OF_LENGTHS, Within, sizes_within
from bptt_check.cases.generate import INITIAL_STATES, INPUTS, REGIMES
from bptt_check.cases.memory_layout import LAYOUTS
from bptt_check.errors import SpecError, UnknownName

NAME = "lstm+mse+truncated+lengths"
"""Has everything that can be limited."""
WORDS = ("regime", "inputs", "initial_state", "layout", "lengths")

Test = Callable[[Spec], Any]


LIMITS: tuple[tuple[Within, set[str], Test], ...] = (
    (Within(T=7), {"T"}, lambda s: s.sizes.T == 7),
    (Within(T=(1, 300)), set(), lambda s: True),
    (Within(T=(20, 40)), {"T"}, lambda s: 20 <= s.sizes.T <= 40),
    (Within(B=[2, 5]), {"B"}, lambda s: s.sizes.B in (2, 5)),
    (Within(D=range(3, 6)), {"D"}, lambda s: s.sizes.D in (3, 4, 5)),
    (Within(H=(8, 16, 32)), {"H"}, lambda s: s.sizes.H in (8, 16, 32)),
    (Within(H=1), {"H"}, lambda s: s.sizes.H == 1),
    (Within(O="D"), {"O"}, lambda s: s.sizes.O == s.sizes.D),
    (Within(D="H"), {"D"}, lambda s: s.sizes.D == s.sizes.H),
    (Within(T="B"), {"T"}, lambda s: s.sizes.T == s.sizes.B),
    (Within(layers=2), {"layers"}, lambda s: s.model.layers == 2),
    (Within(layers=(1, 3)), {"layers"}, lambda s: s.model.layers in (1, 2, 3)),
    (Within(regimes="normal"), {"regime"}, lambda s: s.regime == "normal"),
    (Within(regimes=["tiny", "sparse"]), {"regime"}, lambda s: s.regime in ("tiny", "sparse")),
    (Within(inputs="random"), {"inputs"}, lambda s: s.inputs == "random"),
    (Within(inputs=("zero", "alike")), {"inputs"}, lambda s: s.inputs in ("zero", "alike")),
    (Within(initial_state="zero"), {"initial_state"}, lambda s: s.initial_state == "zero"),
    (Within(initial_state="zero c"), {"initial_state"}, lambda s: s.initial_state == "zero_c"),
    (Within(layouts="contiguous"), {"layout"}, lambda s: s.layout == "contiguous"),
    (Within(layouts=["offset", "strided"]), {"layout"}, lambda s: s.layout[:3] in ("off", "str")),
    (Within(lengths="full"), {"lengths"}, lambda s: s.lengths == "full"),
    (Within(lengths=["drawn", "one"]), {"lengths"}, lambda s: s.lengths in (True, "one")),
    (Within(truncation="k1 = 1"), {"cut"}, lambda s: k1(s) == 1),
    (Within(truncation="k1 = k2"), {"cut"}, lambda s: k1(s) == k2(s)),
    (Within(truncation="k1 | T"), {"cut"}, lambda s: s.sizes.T % k1(s) == 0),
    (Within(truncation="k2 < T, k1 >= 2"), {"cut"}, lambda s: k2(s) < s.sizes.T and k1(s) >= 2),
)  # fmt: skip
"""Limits, what they limit, and what holds within them."""


@functools.cache
def drawn(within: str) -> tuple[Spec, ...]:
    """The cases of a run within limits."""
    return tuple(design_of(NAME, 0, within).specs(100))


def variety(field: str, specs: tuple[Spec, ...]) -> set[Any]:
    """What a field has in some specs, in a few classes."""
    if field in SIZES:
        return {min(getattr(spec.sizes, field), 12) for spec in specs}
    if field == "cut":
        return {((k1(s) > k2(s)) - (k1(s) < k2(s)), k1(s) == 1, s.sizes.T % k1(s)) for s in specs}
    return {s.model.layers if field == "layers" else getattr(s, field) for s in specs}


@pytest.mark.parametrize(("within", "limited", "holds"), LIMITS, ids=[str(w[0]) for w in LIMITS])
def test_limit_holds_in_every_case(within: Within, limited: set[str], holds: Test) -> None:
    """And outside of it there are cases, of which it keeps some."""
    assert all(map(holds, drawn(str(within))))
    if limited and "layers" not in limited:
        assert not all(map(holds, drawn("")))


@pytest.mark.parametrize(("within", "limited", "holds"), LIMITS, ids=[str(w[0]) for w in LIMITS])
def test_limit_limits_nothing_else(within: Within, limited: set[str], holds: Test) -> None:
    """Every word is still drawn, and sizes of all classes, in about as many cases."""
    specs = drawn(str(within))
    for field in WORDS:
        if field not in limited:
            expected = variety(field, drawn(""))
            if field == "layout" and within.inputs and "alike" not in within.inputs:
                expected -= {"expanded"}  # only what is alike can be
            assert variety(field, specs) == expected, field
    for field in SIZES:
        if field not in limited:
            assert len(variety(field, specs)) >= 0.7 * len(variety(field, drawn(""))), field
    if limited.isdisjoint({"cut", "T"}):
        assert len(variety("cut", specs)) >= 0.5 * len(variety("cut", drawn("")))


def test_limits_hold_together() -> None:
    """Of several things at once."""
    line = "T=2..9 H=4,8 O=D layers=1..2 regimes=normal,tiny truncation=k1=k2 lengths=full"
    specs = drawn(line)

    assert all(2 <= s.sizes.T <= 9 and s.sizes.H in (4, 8) for s in specs)
    assert all(s.sizes.O == s.sizes.D and k1(s) == k2(s) for s in specs)
    assert {s.regime for s in specs} == {"normal", "tiny"}
    assert {s.model.layers for s in specs} == {1, 2}
    assert {s.lengths for s in specs} == {"full"}


# --- written and read ---------------------------------------------------------------------------

NUMBERS = st.integers(1, 600)
RANGES = st.tuples(NUMBERS, NUMBERS).map(lambda pair: (min(pair), max(pair)))
LISTS = st.lists(NUMBERS, min_size=2, max_size=4)
RELATIONS = st.lists(
    st.sampled_from(["k1=1", "k1=k2", "k1|T", "k2<T", "k1<=k2", "k2>=T", "k1>3"]),
    min_size=1,
    max_size=3,
).map(",".join)


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...] | None]:
    """None, or a few words."""
    return st.none() | st.lists(st.sampled_from(values), min_size=1, unique=True).map(tuple)


@st.composite
def withins(draw: st.DrawFn) -> Within:
    """Any limits; a size equals only one that comes after it, so that there is no circle."""
    sizes: dict[str, Any] = {}
    for n, name in enumerate(SIZES):
        after = [st.sampled_from(SIZES[n + 1 :])] if n + 1 < len(SIZES) else []
        sizes[name] = draw(st.one_of(st.none(), NUMBERS, RANGES, LISTS, *after))
    return Within(
        **sizes,
        layers=draw(st.none() | NUMBERS | RANGES | LISTS),
        regimes=draw(some(REGIMES)),
        inputs=draw(some(INPUTS)),
        initial_state=draw(some(INITIAL_STATES)),
        layouts=draw(some(LAYOUTS)),
        lengths=draw(st.just(False) | some(KINDS_OF_LENGTHS)),
        truncation=draw(st.none() | st.just(False) | RELATIONS),
    )


@settings(max_examples=200, deadline=None)
@given(withins())
def test_line_reads_back_as_what_was_written(within: Within) -> None:
    """Whatever is limited; a line without words limits nothing."""
    assert Within.parse(str(within)) == within
    assert (str(within) == "") == (within == Within())


@pytest.mark.parametrize(
    ("within", "line"),
    [
        (Within(), ""),
        (Within(T=(1, 300), H=[8, 16], O="D"), "T=1..300 H=8,16 O=D"),
        (Within(H=(8, 16, 32)), "H=8,16,32"),
        (Within(D=range(2, 5)), "D=2,3,4"),
        (Within(initial_state="zero c"), "initial_state=zero_c"),
        (Within(truncation="k1 = 1, k2 < T"), "truncation=k1=1,k2<T"),
        (Within(truncation=False, lengths=False), "lengths=False truncation=False"),
        (Within(regimes=["normal", "tiny"]), "regimes=normal,tiny"),
    ],
)
def test_line_is_what_stands_on_a_command_line(within: Within, line: str) -> None:
    """No word of it has a space in it, and read back it limits the same."""
    assert str(within) == line
    assert str(Within.parse(line)) == line
    assert within.written() == dict(word.split("=", 1) for word in line.split())


def test_one_may_say_regime_and_layout() -> None:
    """As the words of a spec are."""
    assert Within.parse("regime=tiny layout=offset") == Within(regimes="tiny", layouts="offset")


def test_limits_of_a_call_go_before_those_of_a_subject() -> None:
    """Of the same thing; the others stay."""
    own = Within(T=3, initial_state="zero")

    assert Within(T=(1, 9), H=2).over(own) == Within(T=(1, 9), H=2, initial_state="zero")
    assert Within().over(own) == own


@pytest.mark.parametrize(
    ("value", "sizes"),
    [
        (None, (1, 2, 50, 100)),
        ("H", (1, 2, 50, 100)),
        (7, (7,)),
        ([9, 3, 3], (3, 9)),
        ((3, 5), (3, 4, 5)),
        ((5, 5), (5,)),
        (range(2, 4), (2, 3)),
        ((2, 60), (2, 50, 60)),
        ((60, 400), (60, 100, 400)),
    ],
)
def test_sizes_of_a_value(value: Any, sizes: tuple[int, ...]) -> None:
    """A short range is taken whole; of a long one the usual sizes and both ends."""
    assert sizes_within(value, (1, 2, 50, 100)) == sizes


def test_within_is_public() -> None:
    """For `verify`, and as an attribute of a subject."""
    assert bc.Within is Within


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"T": 0}, r"T of Within must be a positive integer.*got 0\."),
        ({"T": -3}, r"T of Within must be a positive integer.*got -3\."),
        ({"B": 2.0}, r"B of Within must be a positive integer.*got 2.0\."),
        ({"B": True}, r"B of Within must be a positive integer.*got True\."),
        ({"D": []}, r"D of Within must be a positive integer.*got \[\]\."),
        ({"H": [4, "D"]}, r"H of Within must be a positive integer.*got \[4, 'D'\]\."),
        ({"H": (9, 3)}, r"H of Within is \(lowest, highest\), got \(9, 3\)\."),
        ({"H": (0, 3)}, r"H of Within must be a positive integer.*got \(0, 3\)\."),
        ({"O": "X"}, r"O of Within may equal one of T, B, D, H; got 'X'\."),
        ({"O": "O"}, r"O of Within may equal one of T, B, D, H; got 'O'\."),
        ({"layers": "T"}, r"layers of Within may equal one of .*; got 'T'\."),
        ({"layers": 0}, r"layers of Within must be a positive integer.*got 0\."),
        ({"D": "H", "H": "D"}, r"equal each other in a circle: D = H = D\."),
        ({"T": "B", "B": "D", "D": "T"}, r"in a circle: T = B = D = T\."),
        ({"regimes": []}, "a list in Within is empty"),
        ({"truncation": "k3 = 1"}, r"relations of k1, k2, T and numbers.*got 'k3 = 1'\."),
        ({"truncation": "k1 == 1"}, r"relations of k1, k2, T and numbers.*got 'k1 == 1'\."),
        ({"truncation": "k1 = 1,"}, r"relations of k1, k2, T and numbers.*got ''\."),
        ({"truncation": "0 | T"}, r"relations of k1, k2, T and numbers.*got '0 | T'\."),
        ({"truncation": ""}, "relations of k1, k2, T and numbers"),
        ({"truncation": 3}, r"relations of k1, k2, T and numbers.*got '3'\."),
        ({"truncation": True}, "truncation and lengths take False, or the kinds"),
        ({"lengths": True}, "truncation and lengths take False, or the kinds"),
        ({"lengths": 3}, r"lengths of Within takes a name or a list of names, got 3\."),
        ({"regimes": False}, r"regimes of Within takes a name or a list of names, got False\."),
        ({"inputs": ["zero", 1]}, r"inputs of Within takes a name .*, got \['zero', 1\]\."),
    ],
)
def test_impossible_value_is_refused(given: dict[str, Any], message: str) -> None:
    """At once, and the message names it."""
    with pytest.raises(SpecError, match=message):
        Within(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"regimes": "hot"}, "unknown regimes of Within: 'hot'"),
        ({"inputs": ["zero", "nul"]}, "unknown inputs of Within: 'nul'"),
        ({"initial_state": "zero_x"}, "unknown initial_state of Within: 'zero_x'"),
        ({"layouts": "C"}, "unknown layouts of Within: 'C'"),
        ({"lengths": "short"}, "unknown lengths of Within: 'short'"),
    ],
)
def test_unknown_word_is_refused(given: dict[str, Any], message: str) -> None:
    """With those that there are."""
    with pytest.raises(UnknownName, match=message):
        Within(**given)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("T=1..300 speed=9", "unknown word in within: 'speed'"),
        ("T", "'T' in within 'T' needs a value"),
        ("H=", "'H' in within 'H=' needs a value"),
        ("T=1 H=2 T=3", "'T' stands twice in within 'T=1 H=2 T=3'"),
        ("regime=tiny regimes=normal", "'regimes' stands twice"),
        ("T=3..1", r"T of Within is \(lowest, highest\), got \(3, 1\)"),
        ("T=..3", r"T of Within may equal one of B, D, H, O; got '\.\.3'"),
        ("T=1.5", r"T of Within may equal one of B, D, H, O; got '1\.5'"),
        ("T=0", "T of Within must be a positive integer"),
        ("regimes=normal,hot", "unknown regimes of Within: 'hot'"),
        ("truncation=k1~1", "relations of k1, k2, T and numbers"),
    ],
)
def test_line_that_is_none_is_refused(line: str, message: str) -> None:
    """The message names the word."""
    with pytest.raises(SpecError, match=message):
        Within.parse(line)


@pytest.mark.parametrize("given", [{"T": 1}, {"H": (1, 1)}, {"O": "D", "D": "H"}, {"layers": [1]}])
def test_least_values_are_taken(given: dict[str, Any]) -> None:
    """Siblings of what is refused."""
    assert Within(**given).written()
