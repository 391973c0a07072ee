"""`Within`: what the cases of a subject are limited to, where not everything is meant."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ...errors import SpecError, UnknownName
from ..generate import INITIAL_STATES, INPUTS, LENGTHS, ON_REQUEST, REGIMES
from ..memory_layout import LAYOUTS
from .recipe import SIZES

SizeRange = int | str | tuple[int, ...] | list[int] | range | None
"""One size; the name of another size that it equals; the lowest and the highest; a list of them."""
Words = str | Sequence[str] | None
KINDS_OF_LENGTHS = ("drawn", *LENGTHS)
DENSE = 33
"""Numbers of a range that is taken whole."""


@dataclass(frozen=True)
class Within:
    """What the cases of a verification are limited to; None leaves everything open.

    What is left out is listed in the report under what was not checked.

    Args:
        T, B, D, H, O: a number, `(lowest, highest)`, a list of numbers, or the name of another
            size that this one equals: `O="D"`.
        layers: likewise; without it the layers of the model.
        regimes: names of `regime`.
        inputs: kinds of `inputs`.
        initial_state: kinds of `initial_state`; `"zero c"` is the same as `"zero_c"`.
        layouts: memory layouts.
        lengths: kinds of lengths (`"drawn"`, `"full"`, `"one"`, `"equal"`); False leaves cases with
            lengths out.
        truncation: relations of k1, k2, T and numbers, joined by commas: `"k1 = 1"`, `"k1 = k2"`,
            `"k1 | T"`, `"k2 < T"`; False leaves truncation out.

    Raises:
        SpecError: a value is impossible; the message names it.
    """

    T: SizeRange = None
    B: SizeRange = None
    D: SizeRange = None
    H: SizeRange = None
    O: SizeRange = None
    layers: SizeRange = None
    regimes: Words = None
    inputs: Words = None
    initial_state: Words = None
    layouts: Words = None
    lengths: Words | bool = None
    truncation: str | bool | None = None

    def __post_init__(self) -> None:
        for name in (*SIZES, "layers"):
            _check_size(name, getattr(self, name))
        if self.truncation is True or self.lengths is True:
            raise SpecError(
                "Within leaves things out: truncation and lengths take False, or the kinds that "
                "are meant; a target with +truncated or +lengths has them in every case."
            )
        for name, valid in _WORDS.items():
            value = getattr(self, name)
            if value is None or (name == "lengths" and value is False):
                continue
            words = _words(name, value)
            for word in words:
                if word not in valid:
                    raise UnknownName(f"{name} of Within:", word, valid)
            object.__setattr__(self, name, words)
        if self.truncation is not None and self.truncation is not False:
            relations(str(self.truncation))
        for name in SIZES:
            self._tied_to(name)

    @property
    def ties(self) -> dict[str, str]:
        """A size to the one that it equals, which equals none itself."""
        return {n: to for n in SIZES if (to := self._tied_to(n)) != n}

    def _tied_to(self, name: str) -> str:
        """The size that a size equals in the end; itself if it is free."""
        passed = [name]
        while isinstance(value := getattr(self, passed[-1]), str):
            if value in passed:
                circle = " = ".join((*passed, value))
                raise SpecError(f"sizes of Within equal each other in a circle: {circle}.")
            passed.append(value)
        return passed[-1]

    @classmethod
    def parse(cls, text: str) -> Within:
        """The limits of a line such as `T=1..300 H=8,16 O=D regimes=normal truncation=k1=1`.

        Raises:
            SpecError: a word is unknown, stands twice or has no value.
        """
        known = {f.name: f.name for f in fields(cls)} | _SINGULARS
        values: dict[str, Any] = {}
        for word in text.split():
            key, _, value = word.partition("=")
            if key not in known:
                raise UnknownName("word in within:", key, list(known))
            if known[key] in values:
                raise SpecError(f"{key!r} stands twice in within {text!r}.")
            if not value:
                raise SpecError(f"{key!r} in within {text!r} needs a value.")
            values[known[key]] = _read(known[key], value)
        return cls(**values)

    def over(self, other: Within) -> Within:
        """These limits, and those of another where these say nothing."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(other, **{n: v for n, v in given.items() if v is not None})

    def written(self) -> dict[str, str]:
        """Every limit that is set, and its value as it stands on the command line."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: _written(value) for name, value in given.items() if value is not None}

    def __str__(self) -> str:
        """The line that `parse` reads back."""
        return " ".join(f"{name}={value}" for name, value in self.written().items())


_SINGULARS = {"regime": "regimes", "layout": "layouts"}
_WORDS: dict[str, tuple[str, ...]] = {
    "regimes": (*REGIMES, *ON_REQUEST),
    "inputs": INPUTS,
    "initial_state": INITIAL_STATES,
    "layouts": LAYOUTS,
    "lengths": KINDS_OF_LENGTHS,
}


def _words(name: str, value: Any) -> tuple[str, ...]:
    """The words of a value that may be one of them; "zero c" is spelled with an underscore."""
    listed = (value,) if isinstance(value, str) else _numbers(value)
    if not listed:
        raise SpecError("a list in Within is empty; leave it out, or name what is meant.")
    if not all(isinstance(word, str) for word in listed):
        raise SpecError(f"{name} of Within takes a name or a list of names, got {value!r}.")
    return tuple(word.replace(" ", "_") for word in listed)


def _check_size(name: str, value: Any) -> None:
    """Raise `SpecError` unless a value says which sizes there may be."""
    if value is None:
        return
    if isinstance(value, str):
        if value not in SIZES or value == name or name not in SIZES:
            others = ", ".join(size for size in SIZES if size != name)
            raise SpecError(f"{name} of Within may equal one of {others}; got {value!r}.")
        return
    numbers = _numbers(value)
    if not numbers or not all(type(n) is int and n >= 1 for n in numbers):
        raise SpecError(
            f"{name} of Within must be a positive integer, (lowest, highest), a list of such or "
            f"the name of another size, got {value!r}."
        )
    if isinstance(value, tuple) and len(value) == 2 and value[0] > value[1]:
        raise SpecError(f"{name} of Within is (lowest, highest), got {value!r}.")


def _numbers(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Iterable) else (value,)


def sizes_within(value: SizeRange, usual: Sequence[int], dense: int = DENSE) -> tuple[int, ...]:
    """The sizes that may be drawn.

    Args:
        value: of `Within`; None or the name of another size leaves them as usual.
        usual: what is drawn where nothing is said.
        dense: a range of at most so many numbers is taken whole; of a longer one the usual sizes
            and both ends.
    """
    if value is None or isinstance(value, str):
        return tuple(usual)
    if isinstance(value, tuple) and len(value) == 2:
        low, high = value
        if high - low < dense:
            return tuple(range(low, high + 1))
        return tuple(sorted({low, high, *(n for n in usual if low <= n <= high)}))
    return tuple(sorted(set(_numbers(value))))


Relation = Callable[[int, int, int], bool]
"""Whether it holds for k1, k2 and T."""
_OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "|": lambda a, b: b % a == 0,
}
_RELATION = re.compile(r"\s*(k1|k2|T|\d+)\s*(<=|>=|=|<|>|\|)\s*(k1|k2|T|\d+)\s*")


def relations(text: str) -> tuple[Relation, ...]:
    """The relations of a text such as `k1 = 1, k2 < T`; `k1 | T` says that k1 divides T.

    Raises:
        SpecError: it is none.
    """
    found = [_RELATION.fullmatch(part) for part in text.split(",")]
    for part, match in zip(text.split(","), found, strict=True):
        if match is None or (match[2] == "|" and match[1] == "0"):
            raise SpecError(
                f"truncation of Within holds relations of k1, k2, T and numbers (= < > <= >= |), "
                f"joined by commas, such as 'k1 = 1, k2 < T'; got {part!r}."
            )
    return tuple(_relation(*match.groups()) for match in found if match is not None)


def _relation(left: str, sign: str, right: str) -> Relation:
    def holds(k1: int, k2: int, T: int) -> bool:
        values = {"k1": k1, "k2": k2, "T": T}
        a, b = (values[n] if n in values else int(n) for n in (left, right))
        return _OPERATORS[sign](a, b)

    return holds


def _read(name: str, value: str) -> Any:
    """A value as it stands on the command line."""
    if name == "truncation":
        return False if value == "False" else value
    if name in _WORDS:
        return False if value == "False" else tuple(value.split(","))
    low, dots, high = value.partition("..")
    words = (low, high) if dots else value.split(",")
    if not all(word.isdecimal() for word in words):
        return value
    numbers = [int(word) for word in words]
    return tuple(numbers) if dots else numbers[0] if len(numbers) == 1 else numbers


def _written(value: Any) -> str:
    """A value as it stands on the command line."""
    if isinstance(value, tuple) and len(value) == 2 and all(type(n) is int for n in value):
        return f"{value[0]}..{value[1]}"
    if isinstance(value, (tuple, list, range)):
        return ",".join(map(str, value))
    return str(value).replace(" ", "")


def case_limits(subject: object, given: Within | str | None) -> Within:
    """The limits that an argument gives, and those of the subject where it gives none."""
    limits = [_read_within(w) for w in (given, getattr(subject, "within", None)) if w is not None]
    return limits[0].over(limits[1]) if len(limits) == 2 else limits[0] if limits else Within()


def _read_within(value: object) -> Within:
    if isinstance(value, Within):
        return value
    if isinstance(value, str):
        return Within.parse(value)
    raise SpecError(f"within must be a bptt_check.Within or its line, got {value!r}.")
