"""The code on pages of the documentation runs, and what it makes passes."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

import bptt_check as bc
from bptt_check.cases.model import LAYOUTS
from bptt_check.equations.cells import CELLS
from bptt_check.oracles import load_oracle

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def cells() -> Generator[None]:
    """What a page registers is gone afterwards."""
    before = set(CELLS)
    yield
    for name in set(CELLS) - before:
        del CELLS[name], LAYOUTS[name]


def run(page: str, names: dict[str, Any]) -> None:
    """All Python of a page, from its top to its end."""
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert blocks
    exec(compile("\n".join(blocks), page, "exec"), names)


@pytest.mark.usefixtures("cells")
def test_own_cells() -> None:
    """Each cell of the page has a gradient on which two oracles agree."""
    before = set(CELLS)
    run("own-cells.md", {})
    registered = sorted(set(CELLS) - before)

    assert registered == ["decaying", "hard-gru", "lstm-proj", "mgu", "slstm"]
    for name in registered:
        case = bc.Spec.parse(f"{name}+linear T=3 B=2 D=2 H=3 k1=2 k2=2").build()
        measured = load_oracle("finite_difference", every_entry=True)(case)
        for n, exact in load_oracle("complex_step", every_entry=True)(case).grads.items():
            assert (abs(measured.grads[n] - exact) <= (measured.bounds or {})[n] + 1e-13).all()


def test_frameworks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The subjects of the page pass; the page's own check of torch is left to the examples."""
    pytest.importorskip("torch")
    names: dict[str, Any] = {}
    monkeypatch.setattr(bc, "assert_gradients", lambda *_, **__: None)
    run("frameworks.md", names)

    for subject, spec in (
        (names["subject"], "rnn-tanh+mse T=3 B=2 D=2 H=3"),
        (names["module"], "lstm+linear T=3 B=2 D=2 H=3"),
    ):
        report = bc.check(subject, spec, oracles=["complex_step"])
        assert report.passed, str(report)
