"""A counterexample as a test that can be pasted into a file and run."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ..cases.case import Case
from ..cases.model import Model
from ..cases.result import Differentiator, address_of

READABLE = 200
"""Numbers of a case that are written out; a larger one is built from its spec."""


def pasted_test(case: Case, subject: Differentiator) -> str:
    """The source of a test that fails for as long as the subject is wrong on the case.

    Returns:
        A whole module; its arrays are written out unless they are many and a spec has them all.
    """
    lines = [
        "import bptt_check as bc",
        *_subject(subject),
        "",
        "",
        "def test_gradient() -> None:",
        '    """The gradient of the smallest case on which it was wrong."""',
        *(f"    {line}" for line in _case(case)),
        "    report = bc.check(subject, case)",
        "",
        "    assert report.passed, report.message",
    ]
    return "\n".join(lines) + "\n"


def _subject(subject: Any) -> list[str]:
    """Lines that give the subject its name."""
    if address := address_of(subject):
        return ["from bptt_check import subjects", "", f"subject = subjects.load({address!r})"]
    module, name = getattr(subject, "__module__", ""), getattr(subject, "__qualname__", "")
    code = getattr(subject, "__code__", None)
    if not name.isidentifier() or not module or code is None:
        return ["from your_module import subject  # the callable that was checked"]
    if _importable(module):
        return [f"from {module} import {name} as subject"]
    file = Path(code.co_filename).name
    return [
        "from bptt_check import subjects",
        "",
        f'subject = subjects.load("{file}:{name}")',
    ]


def _importable(module: str) -> bool:
    """Whether a module is found by its name."""
    try:
        return module != "__main__" and importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _case(case: Case) -> Iterator[str]:
    """Lines that build the case."""
    if case.spec is not None and sum(a.size for a in case.inputs.values()) > READABLE:
        yield f'case = bc.Spec.parse("{case.spec}").build()'
        return
    yield "case = bc.Case("
    yield f"    model={_model(case.model)},"
    yield "    params={"
    for name, array in case.params.items():
        yield f'        "{name}": {_numbers(array)},'
    yield "    },"
    for name in _ARRAYS:
        array = getattr(case, name)
        if array is not None:
            yield f"    {name}={_numbers(array)},"
    if case.truncation is not None:
        yield f"    truncation=bc.Truncation({case.truncation.k1}, {case.truncation.k2}),"
    if case.dtype != "float64":
        yield f'    dtype="{case.dtype}",'
    if case.layout != "contiguous":
        yield f'    layout="{case.layout}",'
    yield ")"


_ARRAYS = ("x", "h0", "c0", "targets", "lengths", "cotangent_h_n", "cotangent_c_n")


def _model(model: Model) -> str:
    """A model with what is not its default."""
    given = {f.name: getattr(model, f.name) for f in fields(Model)}
    told = {n: v for n, v in given.items() if n == "cell" or v != getattr(Model(), n)}
    return f"bc.Model({', '.join(f'{n}={v!r}' for n, v in told.items())})".replace("'", '"')


def _numbers(array: np.ndarray) -> str:
    """An array as a list that reads back to the same numbers."""
    return repr(array.tolist())
