"""Data flows one way: who may import whom, and what `import bptt_check` may load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bptt_reference
import pytest
from support.imports import (
    EVERYTHING,
    circles,
    graph,
    imported,
    modules,
    reached,
    root_of,
    rows_of,
    unit_of,
)  # fmt: skip

import bptt_check

MAY_IMPORT = rows_of((Path(__file__).parents[1] / "CONTRIBUTING.md").read_text("utf-8"))
"""Room (or module at the top) to those that it may import; files of a room import each other."""

ONLY_IN = {
    "hypothesis": {"strategies", "runs"},
    "torch": {"equations.namespaces", "recurrences", "oracles", "subjects", "power"},
    "jax": {"equations.namespaces", "recurrences", "oracles", "subjects", "power"},
    "flint": {"equations.namespaces", "oracles", "power"},
    "bptt_reference": set[str](),
}
"""Foreign module to the rooms of ours that may import it."""

HEAVY = ("torch", "jax", "duckdb", "jinja2", "rich", "click", "hypothesis", "flint", "msgspec")


def violations(name: str, source: str, units: set[str]) -> list[str]:
    """Imports of a module of bptt_check that its row of the table does not have."""
    unit = unit_of(name)
    if MAY_IMPORT.get(unit) == EVERYTHING:
        return []
    allowed = {unit, *MAY_IMPORT[unit].split()}
    wanted = reached(source, name, units)
    inside = {unit_of(n) if unit_of(n) in units else "__init__" for n in wanted}
    return [f"{name} imports {other}" for other in sorted(inside - allowed)]


def foreign(name: str, source: str) -> list[str]:
    """Imports of a foreign module that belongs elsewhere."""
    roots = {n.split(".")[0] for n in imported(source, name)}
    return [
        f"{name} imports {r}"
        for r in sorted(roots & set(ONLY_IN))
        if not any(f"{name}.".startswith(f"bptt_check.{place}.") for place in ONLY_IN[r])
    ]


OURS = modules(root_of(bptt_check))
UNITS = {unit_of(name) for name in OURS}


def test_every_module_has_a_row():
    """A new module needs a line in the table of CONTRIBUTING.md, which names nothing else."""
    assert set(MAY_IMPORT) == UNITS


def test_the_table_is_read_to_its_end():
    """From the page as it is written: a unit a row, up to the first line that is none."""
    page = (
        "text\n\n| room | may import |\n| --- | --- |\n| `a` | nothing |\n| `b` | a errors |\n"
        "| `c` | everything |\n\n| `d` | a |\n"
    )

    assert rows_of(page) == {"a": "", "b": "a errors", "c": EVERYTHING}


@pytest.mark.parametrize("name", OURS)
def test_a_module_imports_only_what_its_row_allows(name):
    """No module imports anything to its right in the flow."""
    assert violations(name, OURS[name], UNITS) == []


def test_no_two_files_import_each_other():
    """No file comes back to itself, however long the way, module names in strings included."""
    assert circles(graph(OURS)) == []


@pytest.mark.parametrize("name", OURS)
def test_a_framework_is_imported_only_where_it_belongs(name):
    """Hypothesis, torch, jax and flint each have their one place, the reference has none."""
    assert foreign(name, OURS[name]) == []


@pytest.mark.parametrize("unit", [u for u, row in MAY_IMPORT.items() if row != EVERYTHING])
def test_the_table_has_no_cycle(unit):
    """Following the table to the left never comes back."""

    def reachable(start: str, seen: frozenset[str] = frozenset()) -> set[str]:
        row = MAY_IMPORT[start]
        below = set(MAY_IMPORT) - {start, "__init__", "__main__"}
        new = (below if row == EVERYTHING else set(row.split())) - seen
        return new.union(*(reachable(n, seen | new) for n in new))

    assert unit not in reachable(unit)


@pytest.mark.parametrize(
    ("name", "line", "other"),
    [
        ("cases.case", "from ..cells import register", "cells"),
        ("cases.case", "from .. import runs", "runs"),
        ("errors", "import bptt_check.cases.case", "cases"),
        ("cases.model", "from bptt_check import api", "api"),
        ("cases.model", "import bptt_check", "__init__"),
        ("cases.model", "from .. import Report", "__init__"),
        ("oracles.torch", "from ..verdicts.row import Row", "verdicts"),
        ("oracles.new", "from .. import verdicts", "verdicts"),
        ("oracles.__init__", "from ..runs.run import verify", "runs"),
        ("cases.model", "def f():\n    from .. import runs", "runs"),
        ("cases.model", "HOME = 'bptt_check.runs.run'", "runs"),
        ("cases.model", "CODE = 'from bptt_check.runs.run import verify'", "runs"),
    ],
)
def test_a_planted_upward_import_is_caught(name, line, other):
    """Absolute and relative imports, at any depth, inside functions and in strings, are seen."""
    module = f"bptt_check.{name}"
    source = OURS.get(module, "") + "\n" + line

    assert violations(module, source, UNITS) == [f"{module} imports {other}"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("bptt_check.oracles.torch", "from . import Gradients"),
        ("bptt_check.oracles.torch", "from ..equations.network import losses"),
        ("bptt_check.cases.case", "from ..errors import SpecError"),
        ("bptt_check.equations.cells", "import json"),
        ("bptt_check.cases.case", "GROUP = 'bptt_check.cases'"),
        ("bptt_check.cases.case", "TEXT = 'return a bptt_check.Result'"),
        ("bptt_check.cases.case", "def f():\n    'See bptt_check.runs.run.'"),
    ],
)
def test_a_planted_allowed_import_is_not(name, line):
    """What the table allows is no violation, nor is what a docstring or a message says."""
    assert violations(name, line, UNITS) == []


@pytest.mark.parametrize(
    ("line", "of"),
    [
        ("from .case import Case", "bptt_check.cases.model"),
        ("def f():\n    from .case import Case", "bptt_check.cases.model"),
        ("CODE = 'import bptt_check.cases.case'", "bptt_check.cases.model"),
        ("from ..equations.network import losses", "bptt_check.cases.model"),
    ],
)
def test_a_planted_circle_is_found(line, of):
    """Between files of a room or of two, at the top, inside a function or in a string."""
    planted = {**OURS, of: OURS[of] + "\n" + line}

    assert any({of, "bptt_check.cases.case"} <= circle for circle in circles(graph(planted)))


@pytest.mark.parametrize(
    ("name", "line", "caught"),
    [
        (
            "bptt_check.equations.network",
            "import torch.nn",
            "bptt_check.equations.network imports torch",
        ),
        (
            "bptt_check.cases.case",
            "from hypothesis import given",
            "bptt_check.cases.case imports hypothesis",
        ),
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


def test_a_run_loads_what_it_uses():
    """No JAX before a case is small enough for it, no hypothesis before something is shrunk."""
    assert loaded_by("import bptt_check.api, bptt_check.oracles.jax") == ["msgspec"]


def test_a_heavy_module_would_be_seen():
    """The check above sees a module that is loaded."""
    assert loaded_by("import bptt_check, click") == ["click"]
