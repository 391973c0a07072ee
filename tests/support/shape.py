"""The shape of the package in numbers; `python tests/support/shape.py` prints them and limits.

Everything is read from the syntax trees of `bptt_check/`; nothing is run. The command ends with 1
where a number is beyond its limit.
"""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))

from support.imports import circles, graph, modules, rows_of, unit_of  # noqa: E402 - see above

SENTENCES = {
    *("message", "messages", "sentence", "sentences", "reason", "reasons", "explanation", "gap"),
    *("diagnosis", "advice", "why", "hint", "hints", "headline", "error", "errors", "said"),
}
"""Names, or last words of names, whose values are words for a reader where they are text."""
CUTTING = {
    *("startswith", "endswith", "split", "rsplit", "splitlines", "partition", "rpartition"),
    *("find", "rfind", "index", "removeprefix", "removesuffix", "replace", "count"),
}
"""Methods that look into a string or take it apart."""
PROTOCOLS = {
    "gradients": "what an oracle of a sum of windows has",
    "slopes_along": "what such an oracle has for large cases",
    "too_large": "what an oracle has that leaves large cases alone",
    "differentiate": "what an oracle of a whole case has",
    "main": "where a program starts",
    "from_function": "public: a subject made of a function of torch, or of jax",
    "models": "public: names of models, and the strategy that draws them",
}
"""Names of functions that several modules have because they mean the same there."""


@dataclass(frozen=True)
class Fact:
    """A number of the house, and the largest that it may be (None: it is only told)."""

    name: str
    value: float
    limit: float | None = None
    places: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the number is within its limit."""
        return self.limit is None or self.value <= self.limit


def facts(names: Mapping[str, str], rows: int) -> list[Fact]:
    """All numbers of a package.

    Args:
        names: dotted module name to source.
        rows: of the table of allowed imports.
    """
    units = {unit_of(name) for name in names}
    packages = {unit_of(name) for name in names if name.count(".") > 1}
    edges = graph(names)
    turning = circles(edges)
    sizes = {folder: size for folder, size in folder_sizes(names).items() if folder}
    lengths = list(function_lengths(names))
    return [
        Fact("modules at the top", len(units - packages - {"__init__", "__main__"}), 8),
        Fact("packages at the top", len(packages), 14),
        Fact("rows of the table of allowed imports", rows, 22),
        Fact("levels of imports", levels(edges)),
        Fact("arrows between the units at the top", len(arrows(edges))),
        Fact("circles of files", len(turning), 0, tuple(", ".join(sorted(c)) for c in turning)),
        Fact("lines of the largest folder", max(sizes.values()), 2500, largest(sizes)),
        Fact("lines of the largest file", max(s.count("\n") for s in names.values()), 300),
        Fact("lines of the median function", statistics.median(lengths), 8),
        Fact("lines of the longest function", max(lengths), 50),
        fact_of("class names with two meanings", twice(names, ast.ClassDef)),
        fact_of("names of public functions with two meanings", twice(names, ast.FunctionDef)),
        fact_of("sentences compared, searched or cut", list(compared_sentences(names))),
    ]


def fact_of(name: str, places: list[str]) -> Fact:
    """The number of places, none of which may be."""
    return Fact(name, len(places), 0, tuple(places))


def folder_sizes(names: Mapping[str, str]) -> dict[str, int]:
    """Lines of the files that lie in a folder itself, by its dotted name below the package."""
    sizes: Counter[str] = Counter()
    for name, source in names.items():
        sizes[".".join(name.split(".")[1:-1])] += source.count("\n")
    return dict(sizes)


def largest(sizes: Mapping[str, int]) -> tuple[str, ...]:
    """The folders by size, the largest three."""
    ranked = sorted(sizes.items(), key=lambda pair: -pair[1])
    return tuple(f"{folder} {size}" for folder, size in ranked[:3])


def arrows(edges: Mapping[str, set[str]]) -> set[tuple[str, str]]:
    """Pairs of units of which the one imports the other."""
    pairs = {(unit_of(a), unit_of(b)) for a, to in edges.items() for b in to}
    return {(a, b) for a, b in pairs if a != b}


def levels(edges: Mapping[str, set[str]]) -> int:
    """The number of units on the longest way along the arrows; a circle counts as one."""
    below: dict[str, set[str]] = {}
    for a, b in arrows(edges):
        below.setdefault(a, set()).add(b)
    heights: dict[str, int] = {}

    def height(unit: str, above: tuple[str, ...] = ()) -> int:
        if unit not in heights:
            others = [o for o in below.get(unit, ()) if o not in (*above, unit)]
            heights[unit] = 1 + max((height(o, (*above, unit)) for o in others), default=0)
        return heights[unit]

    return max(height(unit) for unit in {u for pair in arrows(edges) for u in pair})


def function_lengths(names: Mapping[str, str]) -> Iterator[int]:
    """Lines of every function without its docstring."""
    for source in names.values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                body = (
                    node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
                )
                yield 1 + (node.end_lineno or 0) - body[0].lineno


def twice(names: Mapping[str, str], kind: type[ast.AST]) -> list[str]:
    """Public names of that kind which two modules define, with the modules."""
    homes: dict[str, list[str]] = {}
    for name, source in names.items():
        for node in ast.parse(source).body:
            own = getattr(node, "name", "")
            if isinstance(node, kind) and not own.startswith("_") and own not in PROTOCOLS:
                homes.setdefault(own, []).append(name)
    return [f"{own}: {', '.join(of)}" for own, of in sorted(homes.items()) if len(of) > 1]


def compared_sentences(names: Mapping[str, str]) -> Iterator[str]:
    """Places that look into words: compare them, search them, take them apart."""
    for name, source in names.items():
        for node in ast.walk(ast.parse(source)):
            if any(_are_words(part) for part in _looked_into(node)):
                yield f"{name}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)[:70]}"


def _looked_into(node: ast.AST) -> list[ast.expr]:
    """The expressions whose characters a node depends on."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        looks = any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops)
        plain = all(isinstance(s, ast.Constant) and not s.value for s in sides[1:])
        return sides if looks and not plain else []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return [node.func.value] if node.func.attr in CUTTING else []
    cuts = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
    return [node.value] if cuts else []


def _are_words(node: ast.expr) -> bool:
    """Whether an expression is, by its name, a sentence."""
    own = getattr(node, "id", getattr(node, "attr", ""))
    return bool(re.sub(r"^.*_", "", own) in SENTENCES)


def main() -> None:
    """Print every number, and the places of those that are beyond their limit."""
    rows = rows_of((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    told = facts(modules(ROOT / "bptt_check"), len(rows))
    for fact in told:
        limit = "" if fact.limit is None else f"at most {fact.limit:g}"
        print(f"{'' if fact.holds else 'BEYOND':7}{fact.name:45}{fact.value:8g}  {limit}")
        for place in () if fact.holds else fact.places:
            print(f"{'':9}{place}")
    sys.exit(not all(fact.holds for fact in told))


if __name__ == "__main__":
    main()
