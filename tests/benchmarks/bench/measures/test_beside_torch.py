"""What `reference_speed.py` writes becomes rows."""

from __future__ import annotations

import pytest

from benchmarks.bench.measures.beside_torch import PRODUCTS, rows_of
from benchmarks.bench.rows import SIZES, SPECS, Measured, row_of
from benchmarks.bench.spread import Spread


def written(size: tuple[int, ...], torch: float, products: float) -> dict[str, object]:
    """The record of one size."""
    quartiles = {
        name: {"lower quartile": ratio - 0.1, "median": ratio, "upper quartile": ratio + 0.3}
        for name, ratio in (("ratio to torch.nn.LSTM", torch), (PRODUCTS, products))
    }
    milliseconds = {"reference": 5.0, "torch.nn.LSTM": 10.0}
    return {"size": list(size), "dtype": "float32", "milliseconds": milliseconds, **quartiles}


def test_every_size_is_a_row_and_the_largest_has_its_products():
    """Quartiles are those that were written, not quartiles of them."""
    rows = list(rows_of({"speed": [written(SIZES[0], 0.5, 1.5), written(SIZES[3], 0.2, 9.0)]}))

    assert [row.key for row in rows] == [
        "reference/float32/100,64,256,256",
        "products/float32",
        "reference/float32/8,3,4,5",
    ]
    assert {row.key for row in rows} <= set(SPECS)
    assert row_of(rows[1]).ratio == Spread(1.4, 1.5, 1.8)
    assert rows[0] == Measured(rows[0].key, [5.0], Spread(0.4, 0.5, 0.8))


def test_a_record_without_the_peer_is_refused():
    """A row without a ratio would be compared with nothing, and nobody would see it."""
    record = written(SIZES[3], 0.2, 9.0)
    del record["ratio to torch.nn.LSTM"]

    with pytest.raises(KeyError, match=r"ratio to torch\.nn\.LSTM"):
        list(rows_of({"speed": [record]}))
