"""The table of all rows of a run: written to a temporary file by blocks, so that the memory that a
run takes does not grow with its cases.
"""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import IO, Any

from ..records import TABLE

BLOCK = 4_096
"""Rows that are kept in memory, at most about 2 MB of them."""


class RowTable(Mapping[str, list[Any]]):
    """One column per name of `TABLE`; a column is read when it is asked for.

    Args:
        block: rows that are kept in memory.
    """

    def __init__(self, block: int = BLOCK) -> None:
        self._block = block
        self._last: list[tuple[Any, ...]] = []
        self._places: list[dict[str, tuple[int, int]]] = []
        """Of each block in the file where its columns begin, and how long they are."""

    def append(self, cells: tuple[Any, ...]) -> None:
        """Add a row: its cells in the order of `TABLE`."""
        self._last.append(cells)
        if len(self._last) < self._block:
            return
        try:
            self._places.append(self._written(list(zip(*self._last, strict=True))))
            self._last = []
        except OSError:  # a full disk: they stay in memory, and are not packed for every row
            self._block *= 2

    def _written(self, columns: list[tuple[Any, ...]]) -> dict[str, tuple[int, int]]:
        """Where columns lie after they were written."""
        places: dict[str, tuple[int, int]] = {}
        self._file.seek(0, 2)
        for name, column in zip(TABLE, columns, strict=True):
            packed = pickle.dumps(column)
            places[name] = self._file.tell(), len(packed)
            self._file.write(packed)
        self._file.flush()
        return places

    @cached_property
    def _file(self) -> IO[bytes]:
        """Without a name, so that nothing is left of it."""
        file = tempfile.TemporaryFile(prefix="bptt-check-")  # noqa: SIM115 - closed with the table
        weakref.finalize(self, file.close)
        return file

    def __getitem__(self, name: str) -> list[Any]:
        number = TABLE.index(name) if name in TABLE else None
        if number is None:
            raise KeyError(name)
        column: list[Any] = []
        for place in self._places:
            start, size = place[name]
            self._file.seek(start)
            column += pickle.loads(self._file.read(size))
        return column + [cells[number] for cells in self._last]

    def __iter__(self) -> Iterator[str]:
        return iter(TABLE)

    def __len__(self) -> int:
        return len(TABLE)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and copied as what it holds."""
        return dict, (dict(self),)
