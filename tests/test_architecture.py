"""Data flows one way: who may import whom, and what `import bptt_check` may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bptt_reference
import pytest

import bptt_check

EVERYTHING = "everything"
MAY_IMPORT: dict[str, str] = {
    # what is judged
    "errors": "",
    "model": "errors",
    "draw": "model",
    "arrays": "",
    "precision": "",
    "cells": "arrays errors model",
    "given": "errors model precision",
    "case": "draw errors given model precision",
    # truth
    "network": "arrays case cells model",
    "rounding": "",
    "tape": "arrays rounding",
    "roundoff": "case network precision rounding tape",
    "watch": "arrays",
    "oracles": "arrays case cells errors model network precision roundoff tape",
    # foreign code
    "process": "",
    "subjects": "arrays case errors model network oracles process",
    "again": "subjects",
    "contract": "case",
    "memory": "",
    "linear": "case contract precision",
    "calling": "case contract errors linear memory",
    "targets": "case errors model",
    "conventions": "calling case errors model network tape targets",
    "isolation": "calling case errors model process subjects targets",
    # judgement
    "session": "",
    "strategies": "case draw errors model",
    "compare": "case precision",
    "verdict": "case compare precision roundoff",
    "disagreement": "case verdict",
    "explain": "again case disagreement model verdict",
    "slopes": "",
    "function": "calling case compare contract errors explain precision roundoff slopes verdict",
    "own_loss": "arrays calling case function network precision verdict",
    "lossy": "case precision roundoff",
    "training_step": "case compare precision verdict",
    "evidence": "case verdict",
    "records": "case evidence verdict",
    "spreads": "case evidence records verdict",
    "profiles": "arrays case evidence network oracles records verdict",
    "nonfinite": "case contract network precision rounding tape watch",
    "breaches": "calling case contract linear nonfinite roundoff signatures verdict",
    "measured": "arrays case compare errors network roundoff verdict",
    "judgement": (
        "breaches calling case disagreement evidence explain lossy measured own_loss records "
        "roundoff training_step verdict"
    ),
    # diagnosis
    "signatures": "arrays calling case conventions network tape",
    "which_convention": "case conventions model signatures",
    "clipped_in_loop": "case signatures tape",
    "which_truncation": "calling case network precision roundoff tape",
    "flow": "case cells errors network records tape",
    "remainder": "errors model records",
    "second_opinion": "arrays calling case errors network precision remainder roundoff watch",
    "showcase": "case flow records second_opinion targets",
    "shrink": "case strategies",
    "diagnosis": (
        "calling case clipped_in_loop model mutation network precision records roundoff "
        "signatures which_convention which_truncation"
    ),
    "failures": (
        "case conventions diagnosis explain judgement records shrink strategies training_step"
    ),
    "run": (
        "calling case evidence explain failures judgement profiles records showcase shrink "
        "spreads strategies targets verdict"
    ),
    # measuring the harness
    "mutation": "case errors model subjects targets",
    "power": EVERYTHING,
    # reading and calling
    "report": "again case errors evidence model records remainder verdict",
    "scaffold": "errors",
    "api": EVERYTHING,
    "cli": EVERYTHING,
    "gallery": EVERYTHING,
    "pytest_checks": "again report",
    "pytest_plugin": EVERYTHING,
    "__main__": EVERYTHING,
    "__init__": EVERYTHING,
}
"""Module (or package, whose files may import each other) to the modules it may import."""

ONLY_IN = {
    "hypothesis": {"strategies", "shrink", "run"},  # the latter two for its types
    "torch": {"oracles", "subjects", "power"},
    "jax": {"oracles", "subjects", "power"},
    "flint": {"oracles", "power"},
    "bptt_reference": set[str](),
}
"""Foreign module to the modules of ours that may import it."""

HEAVY = ("torch", "jax", "duckdb", "jinja2", "rich", "click", "msgspec", "flint")


def root_of(package: object) -> Path:
    """The folder of an imported package."""
    return Path(str(package.__file__)).parent  # type: ignore[attr-defined]


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


def unit_of(dotted: str) -> str:
    """`bptt_check.oracles.torch` belongs to the row `oracles`."""
    return [*dotted.split("."), "__init__"][1]


def modules(root: Path) -> dict[str, str]:
    """Dotted module name to source, of every file of a package; `__init__` keeps its name."""
    files = sorted(root.rglob("*.py"))
    return {
        ".".join([root.name, *p.relative_to(root).with_suffix("").parts]): p.read_text("utf-8")
        for p in files
    }


def violations(name: str, source: str, units: set[str]) -> list[str]:
    """Imports of a module of bptt_check that its row of the table does not have."""
    unit = unit_of(name)
    if MAY_IMPORT.get(unit) == EVERYTHING:
        return []
    allowed = {unit, *MAY_IMPORT[unit].split()}
    wanted = {n for n in imported(source, name) if n.split(".")[0] == "bptt_check"}
    inside = {unit_of(n) if unit_of(n) in units else "__init__" for n in wanted}
    return [f"{name} imports {other}" for other in sorted(inside - allowed)]


def foreign(name: str, source: str) -> list[str]:
    """Imports of a foreign module that belongs elsewhere."""
    roots = {n.split(".")[0] for n in imported(source, name)}
    return [
        f"{name} imports {r}"
        for r in sorted(roots & set(ONLY_IN))
        if unit_of(name) not in ONLY_IN[r]
    ]


OURS = modules(root_of(bptt_check))
UNITS = {unit_of(name) for name in OURS}


def test_every_module_has_a_row():
    """A new module needs a line in the import table."""
    missing = UNITS - set(MAY_IMPORT)

    assert missing == set()


@pytest.mark.parametrize("name", OURS)
def test_a_module_imports_only_what_its_row_allows(name):
    """No module imports anything to its right in the flow."""
    assert violations(name, OURS[name], UNITS) == []


@pytest.mark.parametrize("name", OURS)
def test_a_framework_is_imported_only_where_it_belongs(name):
    """Hypothesis, torch, jax and flint each have their one place, the reference has none."""
    assert foreign(name, OURS[name]) == []


@pytest.mark.parametrize("unit", [u for u, row in MAY_IMPORT.items() if row != EVERYTHING])
def test_the_table_has_no_cycle(unit):
    """Following the table to the left never comes back."""

    def reachable(start: str, seen: frozenset[str] = frozenset()) -> set[str]:
        found = set(MAY_IMPORT[start].split()) - seen
        return found.union(*(reachable(n, seen | found) for n in found))

    assert unit not in reachable(unit)


@pytest.mark.parametrize(
    ("name", "line", "other"),
    [
        ("case", "from .cells import register", "cells"),
        ("case", "from . import run", "run"),
        ("errors", "import bptt_check.case", "case"),
        ("model", "from bptt_check import api", "api"),
        ("model", "import bptt_check", "__init__"),
        ("model", "from . import Report", "__init__"),
        ("oracles.torch", "from ..verdict import Row", "verdict"),
        ("oracles.new", "from .. import judgement", "judgement"),
        ("oracles.__init__", "from ..run import verify", "run"),
        ("verdict", "def f():\n    from . import judgement", "judgement"),
    ],
)
def test_a_planted_upward_import_is_caught(name, line, other):
    """Absolute and relative imports, at any depth and inside functions, are seen."""
    module = f"bptt_check.{name}"
    source = OURS.get(module, "") + "\n" + line

    assert violations(module, source, UNITS) == [f"{module} imports {other}"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("bptt_check.oracles.torch", "from . import Gradients"),
        ("bptt_check.oracles.torch", "from ..network import losses"),
        ("bptt_check.case", "from .errors import SpecError"),
        ("bptt_check.cells", "import json"),
    ],
)
def test_a_planted_allowed_import_is_not(name, line):
    """What the table allows is no violation."""
    assert violations(name, line, UNITS) == []


@pytest.mark.parametrize(
    ("name", "line", "caught"),
    [
        ("bptt_check.network", "import torch.nn", "bptt_check.network imports torch"),
        ("bptt_check.case", "from hypothesis import given", "bptt_check.case imports hypothesis"),
        ("bptt_check.api", "import bptt_reference", "bptt_check.api imports bptt_reference"),
    ],
)
def test_a_planted_framework_is_caught(name, line, caught):
    """A framework outside its place is a violation."""
    assert foreign(name, line) == [caught]


@pytest.mark.parametrize("name", modules(root_of(bptt_reference)))
def test_the_reference_needs_numpy_only(name):
    """The reference imports NumPy, the standard library and itself, and never bptt_check."""
    source = modules(root_of(bptt_reference))[name]
    roots = {n.split(".")[0] for n in imported(source, name)}

    assert roots - set(sys.stdlib_module_names) <= {"numpy", "bptt_reference"}


def loaded_by(statement: str) -> list[str]:
    """Heavy modules that a fresh interpreter holds after a statement."""
    code = f"{statement}; import sys; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_importing_the_package_loads_nothing_heavy():
    """`import bptt_check` loads no framework and no library of the reports."""
    assert loaded_by("import bptt_check") == []


def test_a_heavy_module_would_be_seen():
    """The check above sees a module that is loaded."""
    assert loaded_by("import bptt_check, click") == ["click"]
