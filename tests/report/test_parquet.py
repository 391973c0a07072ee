"""The table of a run as Parquet: exact, typed, and telling its version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import made

from bptt_check.report import parquet
from bptt_check.report.run_json import SCHEMA_VERSION


def read(path: Path, query: str) -> list[Any]:
    """Lines that DuckDB finds in a Parquet file."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        return connection.execute(query, [str(path)]).fetchall()


def test_the_table_is_exact(tmp_path: Path) -> None:
    """Every column of every line is in Parquet as it was, NaN and infinities too."""
    path = tmp_path / "it's a table.parquet"
    parquet.write_table(path, made.table(3))
    lines = read(path, "select * from read_parquet($1)")

    assert len(lines) == 3
    want = [column[0] for column in made.table().values()]
    assert all(repr(w) == repr(g) for w, g in zip(want, lines[0], strict=True))


def test_an_empty_table_has_the_types_of_a_full_one(tmp_path: Path) -> None:
    """So that tables of several runs can be read as one."""
    types: list[list[Any]] = []
    for length in (0, 1):
        path = tmp_path / f"{length}.parquet"
        parquet.write_table(path, made.table(length))
        types.append(
            read(path, "select column_name, column_type from (describe from read_parquet($1))")
        )

    assert types[0] == types[1]
    assert ("max_abs", "DOUBLE") in types[0]
    assert ("entries", "BIGINT") in types[0]


def test_the_table_carries_its_version(tmp_path: Path) -> None:
    """Whoever finds the file alone can tell what it is."""
    parquet.write_table(tmp_path / "a.parquet", made.table())

    found = read(tmp_path / "a.parquet", "select key, value from parquet_kv_metadata($1)")
    assert (b"schema_version", str(SCHEMA_VERSION).encode()) in found
