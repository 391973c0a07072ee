"""The pictures in README and docs: there, and of what the page has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from support import made

from bptt_check.report.html import sections

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

if not DOCS.is_dir():
    pytest.skip("needs the docs, which are not in the sdist", allow_module_level=True)


def pictures() -> dict[str, tuple[str, str]]:
    """What `docs/screenshots.py` takes, without running it."""
    tree = ast.parse((DOCS / "screenshots.py").read_text(encoding="utf-8"))
    (found,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PICTURES"
    )
    return {n: taken for of_one in ast.literal_eval(found).values() for n, taken in of_one.items()}


def test_every_picture_shows_a_section_of_the_page() -> None:
    """A section that is renamed or gone makes its picture go stale."""
    parts = sections.sections_of(made.failing().run)
    names = {f"#{part.name}" for part in parts if part is not None}

    assert {section for section, _ in pictures().values()} <= names


def test_the_pictures_are_those_that_are_taken() -> None:
    """No picture is missing, none is left over, and each is a small PNG."""
    found = {path.stem: path.read_bytes() for path in (DOCS / "images").glob("*.png")}

    assert set(found) == set(pictures())
    assert all(data.startswith(b"\x89PNG") and len(data) < 400_000 for data in found.values())


def test_every_picture_that_a_text_shows_is_taken() -> None:
    """README and docs link to nothing else."""
    texts = [ROOT / "README.md", *DOCS.glob("*.md")]
    shown = {
        Path(name).stem
        for text in texts
        for name in re.findall(r"!\[[^\]]*\]\(([^)]*\.png)\)", text.read_text(encoding="utf-8"))
    }

    assert shown == set(pictures())
