"""Numbers as two characters: rounded up by less than 5 %, never across a power of ten."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bptt_check.report.columns.levels import DIGITS, levels, numbers_of_levels, text_of_levels


def read_back(*numbers: float) -> list[float]:
    """The numbers as they are read from their text."""
    return numbers_of_levels(text_of_levels(numbers), "here")


def test_a_number_is_rounded_up_by_less_than_one_level() -> None:
    """Over all powers of ten that have levels."""
    numbers = 10.0 ** np.random.default_rng(0).uniform(-30, 32, 2_000)
    found = np.array(read_back(*numbers))

    assert np.all(found >= numbers)
    assert np.all(found < 1.05 * numbers)


@pytest.mark.parametrize("power", range(-30, 33))
def test_a_power_of_ten_is_exact_and_what_is_above_it_stays_above(power: int) -> None:
    """The budget is one: what is over it must not look as if it were not."""
    limit = float(f"1e{power}")
    below, at, above = read_back(math.nextafter(limit, 0), limit, math.nextafter(limit, math.inf))

    assert at == limit
    assert below == limit
    assert above > limit


def test_numbers_without_a_level() -> None:
    """Zero, NaN and infinity are there; what is smaller or larger goes to the next one."""
    zero, tiny, huge, infinite, negative = read_back(0.0, 5e-324, 1e40, math.inf, -1.0)

    assert (zero, tiny, huge, infinite, negative) == (0.0, 1e-30, math.inf, math.inf, 0.0)
    assert math.isnan(*read_back(math.nan))


def test_every_level_is_itself_when_it_is_read_back() -> None:
    """A record that is read and written again is the same."""
    own = levels()[len(DIGITS) :]

    assert read_back(*own) == own.tolist()


@pytest.mark.parametrize("shape", [[], [[]], [[1.0], []], [[[1.0, 10.0], [0.1]], [], [[]]]])
def test_lists_keep_their_shape(shape: Any) -> None:
    """Those of a vector, of a grid, and empty ones."""
    assert numbers_of_levels(text_of_levels(shape), "here") == shape


@pytest.mark.parametrize(
    "text", ["a", "a!", "aé", "a\u1234", None, 3, {"a": 1}, ["aa", 3], "\x1b["]
)
def test_what_is_no_text_of_levels_is_refused(text: Any) -> None:
    """With the place where it is."""
    with pytest.raises(ValueError, match=r"^here has .{1,100}, which is no text of levels$"):
        numbers_of_levels(text, "here")
