"""Who imports whom: read from the syntax trees, module names in strings included."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path

PACKAGE = "bptt_check"
EVERYTHING = "everything"
"""The row of what may import whatever it likes."""
_DOTTED = re.compile(rf"\b{PACKAGE}(?:\.[a-z]\w*)+")


def rows_of(page: str) -> dict[str, str]:
    """The table of allowed imports on a page: unit to the units that it may import.

    A row is `| `unit` | unit unit ... |`; "nothing" is an empty one, "everything" stays a word.
    """
    _, _, table = page.partition("| room | may import |\n| --- | --- |\n")
    rows = [re.fullmatch(r"\| `(\w+)` \| ([\w ]+) \|", line) for line in table.splitlines()]
    lines = itertools.takewhile(lambda row: row is not None, rows)
    return {row[1]: "" if row[2] == "nothing" else row[2] for row in lines if row}


def root_of(package: object) -> Path:
    """The folder of an imported package."""
    return Path(str(package.__file__)).parent  # type: ignore[attr-defined]


def modules(root: Path) -> dict[str, str]:
    """Dotted module name to source, of every file of a package; `__init__` keeps its name."""
    files = sorted(root.rglob("*.py"))
    return {
        ".".join([root.name, *p.relative_to(root).with_suffix("").parts]): p.read_text("utf-8")
        for p in files
    }


def imported(source: str, module: str) -> Iterator[str]:
    """Full dotted names that the source of `module` imports anywhere, relative ones resolved."""
    package = module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def named_in_strings(source: str, module: str) -> Iterator[str]:
    """Dotted names of this package in the strings of a source that are no docstrings.

    A module's own packages are left out: they are imported before it whatever it says, and the
    group of the entry points has the name of one. So are public names, which messages have.
    """
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            for dotted in _DOTTED.findall(node.value):
                if not module.startswith(f"{dotted}."):
                    yield dotted


def reached(source: str, module: str, units: Container[str]) -> set[str]:
    """Everything of this package that a source imports or names in a string.

    A string counts where it names one of `units`; `bptt_check.verify` in a message names none.
    """
    ours = {n for n in imported(source, module) if n.split(".")[0] == PACKAGE}
    return ours | {n for n in named_in_strings(source, module) if unit_of(n) in units}


def unit_of(dotted: str) -> str:
    """`bptt_check.oracles.torch` belongs to the row `oracles`."""
    return [*dotted.split("."), "__init__"][1]


def file_of(dotted: str, names: Mapping[str, str]) -> str:
    """The module that holds what a dotted name means: itself, or the nearest package or module."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        name = ".".join(parts[:end])
        if name in names:
            return name
        if f"{name}.__init__" in names:
            return f"{name}.__init__"
    return dotted


def graph(names: Mapping[str, str]) -> dict[str, set[str]]:
    """Each module to those that its source reaches."""
    units = {unit_of(name) for name in names}
    return {
        name: {file_of(other, names) for other in reached(source, name, units)} - {name}
        for name, source in names.items()
    }


def circles(edges: Mapping[str, set[str]]) -> list[set[str]]:
    """The sets of modules each of which reaches every other of its set, the largest first."""
    reach = {name: _reachable(name, edges) for name in edges}
    found = {
        frozenset(o for o in reach[n] if n in reach.get(o, ())) for n in edges if n in reach[n]
    }
    return sorted((set(circle) for circle in found), key=lambda c: (-len(c), sorted(c)))


def _reachable(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    """What is reached in one step or more."""
    seen: set[str] = set()
    waiting = list(edges[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += edges.get(name, ())
    return seen
