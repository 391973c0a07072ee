"""A case as lines of Python, with its numbers written out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from ..case import Case
from ..model import Model

READABLE = 200
"""Numbers that are written out; more are read from a spec or a file."""


def number_count(case: Case) -> int:
    """How many numbers the inputs of a case have."""
    return sum(a.size for a in case.inputs.values())


def case_lines(case: Case, own: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Lines that build a case as `case`, from its spec if it has one and many numbers.

    `own` are its parameters as the convention of `subject` has them, if it has one.
    """
    if case.spec is not None and number_count(case) > READABLE:
        yield f'case = bc.Spec.parse("{case.spec}").build()'
        return
    yield "case = bc.Case("
    yield f"    model={_model(case.model)},"
    if own:
        yield f"    params=subject.convention.parameters({_model(case.model)}, {_plain(own)!r}),"
    else:
        yield "    params={"
        for name, array in case.params.items():
            yield f'        "{name}": {_numbers(array)},'
        yield "    },"
    for name, array in case.data.items():
        if name not in case.more_states:
            yield f"    {name}={_numbers(array)},"
    if case.more_states:
        yield f"    more_states={_plain(case.more_states)!r},"
    if case.truncation is not None:
        yield f"    truncation=bc.Truncation({case.truncation.k1}, {case.truncation.k2}),"
    if case.dtype != "float64":
        yield f'    dtype="{case.dtype}",'
    if case.layout != "contiguous":
        yield f'    layout="{case.layout}",'
    yield ")"


def _model(model: Model) -> str:
    """A model with what is not its default."""
    given = {f.name: getattr(model, f.name) for f in fields(Model)}
    told = {n: v for n, v in given.items() if n == "cell" or v != getattr(Model(), n)}
    return f"bc.Model({', '.join(f'{n}={v!r}' for n, v in told.items())})".replace("'", '"')


def _plain(value: Any) -> Any:
    """Arrays as lists, however deep they lie in dicts."""
    if isinstance(value, Mapping):
        items: Mapping[Any, Any] = value
        return {name: _plain(inner) for name, inner in items.items()}
    return np.asarray(value).tolist()


def _numbers(array: np.ndarray) -> str:
    """An array as a list that reads back to the same numbers."""
    return repr(array.tolist())
