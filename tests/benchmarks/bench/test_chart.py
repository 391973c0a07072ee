"""Exponents, and the figure that shows them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks.bench.chart import drawing, exponent
from benchmarks.bench.record import Growth


@pytest.mark.parametrize("power", [0, 1, 2])
def test_exponent_is_the_power_of_the_larger_half(power):
    """An overhead that counts for small sizes alone does not hide it."""
    sizes = [1, 2, 4, 8]

    assert exponent(sizes, [50.0, 50.0, 4.0**power, 8.0**power]) == pytest.approx(power, abs=1e-12)


def test_one_size_has_no_exponent():
    """No line goes through one point."""
    with pytest.raises(ValueError, match="no slope goes through 1 point; measure two sizes"):
        exponent([4], [1.0])


def test_figure_has_a_panel_for_each_axis_and_a_mark_for_each_size():
    """It is well-formed, and its title says the exponents."""
    growth = Growth("T", (4, 8, 16), (1.0, 2.0, 4.0), (0.1, 0.4, 1.6))
    text = drawing([growth, Growth("cases", (1, 10), (5.0, 5.0), (5.0, 5.0))])
    tags = [element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()]

    assert (tags.count("polyline"), tags.count("circle"), tags.count("rect")) == (4, 5, 5 + 1)
    assert "exponents of verify: T 1.00, cases 0.00</title>" in text
