"""The Python source of a package: its modules, who imports whom, and where text stands in it."""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import SubjectNotFound, one_line


@dataclass(frozen=True)
class Source:
    """One module: its dotted name, its file as it is shown, and its text."""

    name: str
    file: str
    text: str
    is_package: bool = False


@functools.cache
def sources(root: str) -> dict[str, Source]:
    """Dotted name to source of every module of a top-level package, or of one module or file.

    Raises:
        SubjectNotFound: there is no such package, or it is not made of Python files.
    """
    if root.endswith(".py"):
        return {Path(root).stem: Source(Path(root).stem, root, _read(Path(root)))}
    spec = importlib.util.find_spec(root)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise SubjectNotFound(f"{root!r} is no package of Python files that could be edited.")
    if spec.submodule_search_locations is None:
        path = Path(spec.origin)
        return {root: Source(root, path.name, _read(path))}
    folder = Path(spec.origin).parent
    return {s.name: s for s in _modules(root, folder)}


def _modules(root: str, folder: Path) -> Iterator[Source]:
    for path in sorted(folder.rglob("*.py")):
        parts = [root, *path.relative_to(folder).with_suffix("").parts]
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        file = f"{root}/{path.relative_to(folder).as_posix()}"
        yield Source(name, file, _read(path), is_package)


def _read(path: Path) -> str:
    if not path.is_file():
        raise SubjectNotFound(f"there is no file {path}.")
    try:
        return importlib.util.decode_source(path.read_bytes())  # as an import reads it
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise SubjectNotFound(
            f"the source {path} cannot be read: {one_line(str(error))}."
        ) from error


def dependents(all_sources: Mapping[str, Source], changed: str) -> set[str]:
    """The changed module, every module that imports it, directly or not, and their packages."""
    imports = {name: _imports(source, all_sources) for name, source in all_sources.items()}
    affected = {changed}
    while True:
        parents = {n.rpartition(".")[0] for n in affected} - {""}
        more = {name for name, others in imports.items() if others & affected} | parents
        if more <= affected:
            return affected
        affected |= more


def _imports(source: Source, known: Mapping[str, Source]) -> set[str]:
    """Modules of the same package that a module imports anywhere."""
    package = source.name if source.is_package else source.name.rpartition(".")[0]
    imported: set[str] = set()
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = importlib.util.resolve_name("." * node.level + base, package)
            imported |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return imported & set(known) - {source.name}


@functools.cache
def tree_of(source: Source) -> ast.Module:
    """The syntax tree of a module; nobody may change it."""
    return ast.parse(source.text)


class Text:
    """The text of a module by position: syntax trees count lines from 1 and columns in bytes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where a node begins and ends in the text."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._offset(node.lineno, node.col_offset), self._offset(
            node.end_lineno, node.end_col_offset
        )

    def text_of(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def _offset(self, line: int, column: int) -> int:
        before = self.lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(before)

    def start_of(self, line: int) -> int:
        """The offset at which a line, counted from 1, begins."""
        return self._starts[line - 1]

    def line_at(self, offset: int) -> int:
        """The number of the line, from 1, that holds an offset."""
        return self.text.count("\n", 0, offset) + 1
