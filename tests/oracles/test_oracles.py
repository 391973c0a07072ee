"""The folder of the oracles: every file or folder in it is one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bptt_check import oracles

FOLDER = Path(oracles.__file__).parent


def functions(source: str) -> set[str]:
    """The functions at the top of a module, which is not imported: it may need a framework."""
    return {n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)}


def is_oracle(source: str) -> bool:
    """Whether a module differentiates: problem by problem, or cases as a whole if small enough."""
    of_cases = {"differentiate", "reasons_to_leave"}
    return "gradients" in functions(source) or of_cases <= functions(source)


@pytest.mark.parametrize("name", oracles.names())
def test_every_file_of_the_folder_is_an_oracle(name):
    """A helper that lay there would be offered to users by its name; so is every folder in it."""
    file, folder = FOLDER / f"{name}.py", FOLDER / name / "__init__.py"

    assert is_oracle((file if file.exists() else folder).read_text())


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_a_namespace_is_no_oracle(name):
    """The check above tells a namespace, which lay beside its oracle once, from an oracle."""
    namespace = FOLDER.parent / "equations" / "namespaces" / f"{name}.py"

    assert not is_oracle(namespace.read_text())
