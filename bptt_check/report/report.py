"""A run, ready to be read: in the terminal, as JSON, as Parquet, as HTML.

Nothing is computed again here: a `Report` becomes a `document.Run`, which is what `run.json` holds,
and every page and every sentence is made of that. So a run read back from its folder says the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from ..runs.records import Record
from . import document
from .document import Run
from .sentences import message


@dataclass(frozen=True, eq=False)
class Report(Record):
    """A `Record` with its outputs."""

    @classmethod
    def of(cls, record: Record) -> Report:
        """The report of a record."""
        return cls(**{f.name: getattr(record, f.name) for f in fields(Record)})

    @property
    def document(self) -> Run:
        """The run as plain data, without arrays: what every output is made of."""
        return document.of(self)

    @property
    def message(self) -> str:
        """The explanation of the worst failure, or what was left undecided; fits a screen."""
        return message(self.document)

    def to_json(self, path: str | Path) -> None:
        """Write the content of `run.json` to a file; counterexamples are in `to_folder` only.

        Raises:
            ReportError: the file cannot be written.
        """
        from . import folder as store

        store.write_file(Path(path), store.to_json(self.document))

    def to_html(self, folder: str | Path) -> Path:
        """Write `index.html`, one page that needs nothing else, into a folder; returns its path.

        Raises:
            ReportError: the folder cannot be written, or holds a foreign `index.html`.
        """
        from . import folder as store

        store.prepare(folder)
        return store.write_page(folder, self.document)

    def to_folder(self, folder: str | Path) -> Path:
        """Write the page, `run.json`, `results.parquet` and `counterexamples/*.npz`.

        Returns:
            The path of the page.

        Raises:
            ReportError: the folder cannot be written, or holds foreign files of these names.
        """
        from . import folder as store
        from .bundle import bundle

        store.prepare(folder)
        return store.write_folder(folder, bundle(self))


def load(folder: str | Path) -> Run:
    """The run that `Report.to_folder` wrote, from its `run.json`.

    Raises:
        ReportError: there is no run, or not one that this version can read; says what to do.
    """
    from . import folder as store

    return store.load(folder)


__all__ = ["Report", "Run", "load", "message"]
