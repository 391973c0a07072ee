"""What is public: one list, which the block for type checkers and the documentation repeat."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bptt_check
import bptt_check.errors

DOCS = Path(__file__).parents[1] / "docs"
MODULES = (
    *("errors", "strategies", "cells", "conventions", "subjects.torch", "subjects.jax"),
    "pytest_plugin",
)
"""The public modules; what they hold is public too."""


def documented(page: str) -> list[str]:
    """The dotted names below the package that a page of Sphinx documents."""
    return re.findall(r"\.\. auto\w+:: bptt_check\.([\w.]+)", page)


def private(page: str) -> list[str]:
    """Documented names that are neither in `__all__` nor in a public module."""
    return [
        name
        for name in documented(page)
        if name not in bptt_check.__all__
        and not any(f"{name}.".startswith(f"{module}.") for module in MODULES)
    ]


def for_type_checkers(source: str) -> Iterator[tuple[str, str]]:
    """Name and home of everything in the block that only type checkers read."""
    blocks = [node for node in ast.parse(source).body if isinstance(node, ast.If)]
    for node in (node for block in blocks for node in block.body):
        assert isinstance(node, ast.ImportFrom)
        assert all(alias.name == alias.asname for alias in node.names)  # else it is not exported
        yield from ((alias.name, node.module or "") for alias in node.names)


def at_run_time() -> dict[str, str]:
    """Name and home of everything that is imported when it is first used."""
    names = vars(bptt_check)
    return {**names["_MODULE_OF"], **dict.fromkeys(names["_MODULES"], "")}


def test_every_public_name_is_documented():
    """docs/api.md has a line for whatever `bptt_check` offers."""
    page = (DOCS / "api.md").read_text("utf-8")
    shown = {name.split(".")[0] for name in documented(page)}
    if "errors" in shown:  # with all its members
        shown |= {name for name in dir(bptt_check.errors) if name in bptt_check.__all__}

    assert set(bptt_check.__all__) - shown == set()


def test_every_documented_name_is_public():
    """Nobody is told to import what may move tomorrow."""
    assert private((DOCS / "api.md").read_text("utf-8")) == []


def test_a_documented_private_name_is_found():
    """Planted: a function of a private module beside public ones."""
    page = "\n".join(
        f".. autofunction:: bptt_check.{name}"
        for name in ("verify", "cells.register", "runs.run.verify", "own_loss.taylor.taylor_of")
    )

    assert private(page) == ["runs.run.verify", "own_loss.taylor.taylor_of"]


def test_type_checkers_read_the_same_names_from_the_same_homes():
    """The block that they read is the one other place where the names stand."""
    source = Path(str(bptt_check.__file__)).read_text("utf-8")

    assert dict(for_type_checkers(source)) == at_run_time()


def test_a_name_that_type_checkers_miss_is_found():
    """Planted: one name less in the block."""
    source = Path(str(bptt_check.__file__)).read_text("utf-8")
    planted = source.replace("        verify as verify,\n", "", 1)

    missed = set(at_run_time()) - set(dict(for_type_checkers(planted)))

    assert missed == {"verify"}


@pytest.mark.parametrize("name", [*bptt_check.__all__, *MODULES])
def test_every_public_name_can_be_imported(name):
    """From where the documentation says that it is."""
    pytest.importorskip(
        "torch" if name.endswith("torch") else "jax" if name.endswith("jax") else "numpy"
    )
    parent, _, last = f"bptt_check.{name}".rpartition(".")

    module = __import__(parent, fromlist=[last])

    assert getattr(module, last) is not None
