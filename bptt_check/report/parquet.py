"""The table of a run as Parquet, through DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..runs.records import TABLE_TYPES
from .run_json import SCHEMA_VERSION

SQL = {"str": "varchar", "float": "double", "int": "bigint", "bool": "boolean"}
NUMPY = {"float": np.float64, "int": np.int64, "bool": np.bool_}


def write_table(path: Path, table: Mapping[str, Sequence[Any]]) -> None:
    """Write a dict of columns of equal length; NaN and infinity stay what they are.

    The types of the columns are known beforehand, so that an empty table has those of a full one.

    Raises:
        OSError: it cannot be written.
    """
    import duckdb

    columns = {name: array_of(name, values) for name, values in table.items()}
    chosen = ", ".join(_column(name) for name in columns)
    target = str(path).replace("'", "''")
    options = (
        f"format parquet, compression zstd, kv_metadata {{schema_version: '{SCHEMA_VERSION}'}}"
    )
    with duckdb.connect(":memory:") as connection:
        connection.register("given", columns)
        try:
            connection.execute(f"copy (select {chosen} from given) to '{target}' ({options})")
        except duckdb.IOException as error:
            raise OSError(str(error)) from error


def array_of(name: str, values: Sequence[Any]) -> Any:
    """A column of the type that it has in every table."""
    kind = TABLE_TYPES.get(name, "str")
    if kind == "str":
        return np.array([str(v) for v in values], dtype=object)
    return np.array(values, dtype=NUMPY[kind])


def _column(name: str) -> str:
    """The expression of a column; DuckDB reads NumPy's NaN as NULL, which it is not."""
    quoted = '"' + name.replace('"', '""') + '"'
    kind = TABLE_TYPES.get(name, "str")
    value = f"coalesce({quoted}, 'nan'::double)" if kind == "float" else quoted
    return f"cast({value} as {SQL[kind]}) as {quoted}"
