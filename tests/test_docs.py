"""The code in docs/ runs, and the code that it says is wrong is found."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bptt_reference
import numpy as np
import pytest
from support import made
from support.older_runs import version_2

import bptt_check as bc
from bptt_check.report import run_json
from bptt_check.report.strict_json import strict
from bptt_check.runs.session import Overrides, overrides

DOCS = Path(__file__).parents[1] / "docs"
ELSEWHERE = {
    "mistakes.md": "lines of a derivation, not code to run",
    "own-cells.md": "harness/test_pages.py runs it, and takes its cells away again",
    "isolation.md": "a call whose subject is a package of the reader's",
    "pytest.md": "a test of a package of the reader's",
}
"""Pages whose code is not run here, and why."""
TORCH = ("against.md", "frameworks.md", "functions.md")


def blocks(page: str) -> list[str]:
    """The blocks of Python of a page."""
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)


def yours() -> Callable[[Any], Any]:
    """A subject that a page takes for granted, checked on one model unless the page names some."""

    def subject(case: Any) -> Any:
        return bptt_reference.loss_and_grads(case)

    subject.targets = ["rnn-tanh"]  # pyright: ignore[reportFunctionMemberAccess]
    return subject


def modules_of_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel and plain code that a page takes for granted, under the names that it imports."""
    from recurrences import gated_delta_rule

    for module, name, function in (
        ("my_kernels", "gated_delta", gated_delta_rule.kernel),
        ("my_plain_code", "gated_delta_loop", gated_delta_rule.reference),
    ):
        made_up = ModuleType(module)
        setattr(made_up, name, function)
        monkeypatch.setitem(sys.modules, module, made_up)


def names_of_reader() -> dict[str, Any]:
    """What a page takes for granted; it may put attributes on each."""
    names = ("my_lstm", "my_rnn", "my_char_rnn", "subject", "loss_and_grads")
    return {"bc": bc, **{name: yours() for name in names}}


PAGES = [p.name for p in sorted(DOCS.glob("*.md")) if blocks(p.name) and p.name not in ELSEWHERE]


@pytest.mark.parametrize("page", PAGES)
def test_code_of_a_page_runs_from_top_to_bottom(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With few cases and one oracle where it would take a hundred and all of them."""
    names = names_of_reader()
    if page in TORCH:
        names["torch"] = pytest.importorskip("torch")
        modules_of_reader(monkeypatch)
    few = 4 if page in TORCH else 1  # one case may decide too little of three models
    token = overrides.set(Overrides(cases=few, oracles=("complex_step",)))
    try:
        exec(compile("\n\n".join(blocks(page)), page, "exec"), names)
    finally:
        overrides.reset(token)


def test_the_reader_of_a_record_on_its_page_reads_it(tmp_path: Path) -> None:
    """As ours does: names, pairs, records in records, and numbers that are only drawn."""
    names: dict[str, Any] = {}
    exec(compile(blocks("report.md")[0], "report.md", "exec"), names)
    run = made.failing().run
    data, old = json.loads(run_json.to_json(run)), version_2(run)
    read = {name: names["records"](data[name]) for name in run_json.TABLES}

    assert strict(read) == {name: old[name] for name in run_json.TABLES}
    (tmp_path / "run.json").write_bytes(run_json.to_json(run))
    assert [row["parameter"] for row in names["failing"](tmp_path / "run.json")] == ["W_hh_l0"]
    assert repr(names["numbers"](["--", "-0", "zzzy"])) == "[[0.0], [nan], [inf, 9.31e+32]]"


def test_pages_that_are_not_run_have_code() -> None:
    """An exception that is none any more is taken out."""
    assert all(blocks(page) for page in ELSEWHERE)


RESETS = "rnn-tanh+linear T=3 B=2 D=2 H=3 O=2 seed=1 initial_state=zero"


@pytest.mark.parametrize(
    ("right", "wrong", "spec", "verdict"),
    [
        ("", "", RESETS, "pass"),
        ("later = 0.0 if resets[t] else", "later =", RESETS, "fail"),
        ("later = 0.0 if resets[t] else", "later =", RESETS.replace("B=2", "B=1"), "pass"),
        ("bar[-1] += case.cotangent_h_n[0, b]", "pass", RESETS, "fail"),
        ("", "", RESETS.replace(" initial_state=zero", ""), "fail"),
    ],
)
def test_resets_are_what_the_page_says(right: str, wrong: str, spec: str, verdict: str) -> None:
    """A reset that the way back forgets shows with a second sequence, and only then."""
    (code,) = [b for b in blocks("special-cases.md") if "with_resets" in b]
    assert right in code
    names: dict[str, Any] = {}
    code = code.partition("bc.assert_gradients")[0].replace(right, wrong) if right else code
    exec(compile(code.partition("bc.assert_gradients")[0], "special-cases.md", "exec"), names)

    assert bc.check(names["with_resets"], spec, ["complex_step"]).verdict == verdict


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("default_rng(0)", "default_rng()", "gave two answers, in loss, h"),
        ("2 * kept", "kept", "the gradient of h is wrong"),
        ("2 * np.tanh(p) * (1", "2 * (1", "the gradient of p is wrong"),
    ],
)
def test_code_of_special_cases_with_a_line_changed_is_found(
    right: str, wrong: str, found: str
) -> None:
    """As the page says."""
    (code,) = [block for block in blocks("special-cases.md") if right in block]
    with pytest.raises(bc.GradientMismatch, match=re.escape(found)):
        exec(compile(code.replace(right, wrong), "special-cases.md", "exec"), {})


def test_claims_about_half_of_the_units() -> None:
    """What the page calls half is some and not all."""
    names: dict[str, Any] = {}
    (code,) = [block for block in blocks("special-cases.md") if "with_dropout" in block]
    exec(compile(code, "special-cases.md", "exec"), names)
    _, grads = names["with_dropout"]({"h": np.ones(8)})

    assert 0 < np.count_nonzero(grads["h"]) < 8
