"""The simplest rule that tells cases that fail from those that pass."""

from __future__ import annotations

import pytest
from support.recurrence_specs import spec_of

from bptt_check.runs.recurrences.condition import LEAST, SizeRule, rule_of


@pytest.mark.parametrize(
    ("failing", "passing", "rule"),
    [
        ((17, 18, 40), (1, 8, 16), SizeRule("T", ">", 16)),
        ((1, 2, 3), (4, 8, 16), SizeRule("T", "<", 4)),
        ((5, 5, 5), (4, 6, 16), SizeRule("T", "is", 5)),
        ((8, 24, 40), (12, 28, 4), SizeRule("T", "is a multiple of", 8)),
        ((15, 17, 33), (16, 32, 8), SizeRule("T", "is no multiple of", 2)),
        ((12, 20, 6), (16, 8, 32), SizeRule("T", "is no multiple of", 8)),
    ],
)
def test_a_rule_over_a_size(failing, passing, rule):
    """It holds of every case that fails and of none that passes."""
    assert rule_of([*map(spec_of, failing)], [*map(spec_of, passing)]) == rule


@pytest.mark.parametrize(
    ("word", "bad", "good", "rule"),
    [
        ("layout", ("strided",), ("contiguous",), SizeRule("layout", "is", "strided")),
        (
            "layout",
            ("strided", "expanded"),
            ("contiguous",),
            SizeRule("layout", "is not", "contiguous"),
        ),
        ("dtype", ("bfloat16",), ("float32", "float64"), SizeRule("dtype", "is", "bfloat16")),
        ("regime", ("normal",), ("large", "small"), SizeRule("regime", "is", "normal")),
    ],
)
def test_a_rule_over_a_word(word, bad, good, rule):
    failing = [spec_of(T, **{word: bad[T % len(bad)]}) for T in (4, 5, 7)]
    passing = [spec_of(T, **{word: good[T % len(good)]}) for T in (3, 5, 8)]

    assert rule_of(failing, passing) == rule


def test_a_size_is_told_before_a_word():
    """Where both would do."""
    failing = [spec_of(T, layout="strided") for T in (20, 30, 40)]
    passing = [spec_of(T) for T in (1, 2, 3)]

    assert rule_of(failing, passing) == SizeRule("T", ">", 19)


def test_without_a_rule_none_is_told():
    """Every simple rule is contradicted by a case."""
    same = [spec_of(T) for T in (1, 16, 40)]

    assert rule_of(same, same) is None


@pytest.mark.parametrize(("failing", "passing"), [(LEAST - 1, 9), (9, LEAST - 1), (0, 0)])
def test_of_few_cases_no_rule_is_told(failing, passing):
    """Some rule holds of any two."""
    assert (
        rule_of([spec_of(20 + n) for n in range(failing)], [spec_of(1 + n) for n in range(passing)])
        is None
    )


def test_a_rule_can_be_asked():
    rule = SizeRule("T", ">", 16)

    assert rule.holds(spec_of(17))
    assert not rule.holds(spec_of(16))
    assert SizeRule("layout", "is not", "contiguous").holds(spec_of(1, layout="strided"))
    assert not SizeRule("layout", "is not", "contiguous").holds(spec_of(1))
