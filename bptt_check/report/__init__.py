"""A run, ready to be read: in the terminal, as JSON, as Parquet, as HTML. Records only, no recomputation."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..records import Record


@dataclass(frozen=True, eq=False)
class Report(Record):
    """A `Record` with its outputs."""

    @classmethod
    def of(cls, record: Record) -> "Report":
        """The report of a record."""
        return cls(**{f.name: getattr(record, f.name) for f in fields(Record)})

    @property
    def message(self) -> str:
        """The explanation of the worst failure, or what was left undecided; fits a screen."""
        return self.failures[0].message if self.failures else self.verdict
