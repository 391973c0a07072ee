"""The table of a run as Parquet, through DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ..runs.records import SCHEMA_VERSION
from ..verdicts.row import Row

SQL = {"str": "varchar", "float": "double", "int": "bigint", "bool": "boolean"}
NUMPY = {"float": np.float64, "int": np.int64, "bool": np.bool_}
TYPES: dict[str, str] = {"check": "str", "model": "str", "spec": "str"} | {
    f.name: str(f.type) for f in fields(Row) if str(f.type) in SQL
}
"""Column to Python type: known beforehand, so that an empty table has the types of a full one."""


def write(path: Path, table: Mapping[str, Sequence[Any]]) -> None:
    """Write a dict of columns of equal length; NaN and infinity stay what they are."""
    import duckdb

    columns = {name: _array(name, values) for name, values in table.items()}
    chosen = ", ".join(_column(name) for name in columns)
    target = str(path).replace("'", "''")
    options = (
        f"format parquet, compression zstd, kv_metadata {{schema_version: '{SCHEMA_VERSION}'}}"
    )
    with duckdb.connect(":memory:") as connection:
        connection.register("given", columns)
        connection.execute(f"copy (select {chosen} from given) to '{target}' ({options})")


def _array(name: str, values: Sequence[Any]) -> Any:
    kind = TYPES.get(name, "str")
    if kind == "str":
        return np.array([str(v) for v in values], dtype=object)
    return np.array(values, dtype=NUMPY[kind])


def _column(name: str) -> str:
    """The expression of a column; DuckDB reads NumPy's NaN as NULL, which it is not."""
    quoted = '"' + name.replace('"', '""') + '"'
    kind = TYPES.get(name, "str")
    value = f"coalesce({quoted}, 'nan'::double)" if kind == "float" else quoted
    return f"cast({value} as {SQL[kind]}) as {quoted}"
