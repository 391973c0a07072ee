"""When a kernel fails: the simplest rule over sizes and words that tells the cases apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...cases.recurrences.levels import TILE
from ...cases.recurrences.recurrence import DEFAULTS, RecurrenceSpec

LEAST = 3
"""Cases on each side of a rule."""
MULTIPLES = (2, 4, 8, TILE, 32, 64, 128)


@dataclass(frozen=True)
class SizeRule:
    """A rule about one size or word of a case.

    Args:
        name: of the size or word.
        relation: `>`, `<`, `=`, `is a multiple of`, `is no multiple of`, `is`, `is not`.
        value: beside which it is held.
    """

    name: str
    relation: str
    value: int | str

    def holds(self, spec: RecurrenceSpec) -> bool:
        """Whether it holds of a case."""
        return _TESTS[self.relation](_read(spec, self.name), self.value)


_TESTS: Mapping[str, Callable[[object, object], bool]] = {
    ">": lambda a, b: isinstance(a, int) and isinstance(b, int) and a > b,
    "<": lambda a, b: isinstance(a, int) and isinstance(b, int) and a < b,
    "is a multiple of": lambda a, b: isinstance(a, int) and isinstance(b, int) and a % b == 0,
    "is no multiple of": lambda a, b: isinstance(a, int) and isinstance(b, int) and a % b != 0,
    "is": lambda a, b: a == b,
    "is not": lambda a, b: a != b,
}


def rule_of(
    failing: Sequence[RecurrenceSpec], passing: Sequence[RecurrenceSpec]
) -> SizeRule | None:
    """The simplest rule that holds of all that fail and of none that pass; None if there is none,
    or too few cases lie on one side.
    """
    if len(failing) < LEAST or len(passing) < LEAST:
        return None
    for rule in _rules(failing):
        if all(map(rule.holds, failing)) and not any(map(rule.holds, passing)):
            return rule
    return None


def _rules(failing: Sequence[RecurrenceSpec]) -> Iterator[SizeRule]:
    """Rules that hold of cases that fail, the simplest first."""
    for name in failing[0].sizes:
        values = [spec.sizes[name] for spec in failing]
        yield SizeRule(name, "is", values[0])
        yield SizeRule(name, ">", min(values) - 1)
        yield SizeRule(name, "<", max(values) + 1)
        for multiple in MULTIPLES:
            yield SizeRule(name, "is a multiple of", multiple)
            yield SizeRule(name, "is no multiple of", multiple)
    for word, plain in DEFAULTS.items():
        yield SizeRule(word, "is", getattr(failing[0], word))
        yield SizeRule(word, "is not", plain)


def _read(spec: RecurrenceSpec, name: str) -> object:
    return spec.sizes[name] if name in spec.sizes else getattr(spec, name)
