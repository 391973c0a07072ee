"""Classes and remainders of sizes."""

from __future__ import annotations

import pytest

from bptt_check.cases.recurrences.levels import (
    CLASSES,
    REMAINDERS,
    TILE,
    class_of,
    remainder_name,
    remainder_of,
)


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (1, "1"), (2, "2 to 3"), (3, "2 to 3"), (4, "4 to 8"), (8, "4 to 8"), (9, "9 to 16"),
        (16, "9 to 16"), (17, "17 to 32"), (64, "33 to 64"), (65, "65 to 128"),
        (256, "129 to 256"), (257, "over 256"), (10_000, "over 256"),
    ],
)  # fmt: skip
def test_the_class_of_a_size(size, told):
    assert class_of(size) == told
    assert told in CLASSES


def test_classes_are_in_order_and_each_is_of_some_size():
    assert tuple(dict.fromkeys(class_of(n) for n in range(1, 300))) == CLASSES


@pytest.mark.parametrize(
    ("size", "told"),
    [(1, "below 15"), (14, "below 15"), (15, "15"), (16, "0"), (17, "1"), (18, "others"),
     (31, "15"), (32, "0"), (65, "1"), (130, "others")],
)  # fmt: skip
def test_where_a_size_lies_beside_a_tile(size, told):
    """One step alone is no step beyond a tile."""
    assert remainder_of(size) == told
    assert told in REMAINDERS


def test_the_name_of_a_remainder():
    assert remainder_name("T") == f"T mod {TILE}"
