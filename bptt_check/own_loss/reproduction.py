"""What to type to check a function again, in a new process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..cases.types import Array
from ..cases.written.reproduction import ONLY_HERE
from ..cases.written.written_out import READABLE
from ..subjects.origin import NotWritable, origin_of, written
from .trees import Form, as_numpy


def function_reproduction(
    function: Callable[..., Any], form: Form, options: Mapping[str, Any]
) -> str:
    """Lines of Python that check a function at the same arrays with the same options.

    Many numbers are saved in the folder for temporary files, and read from there. Empty where the
    nest holds something that no line makes.

    Args:
        function: what was checked.
        form: what it was checked at.
        options: of `verify_function`, those that are not their defaults.
    """
    before = origin_of(function).lines or ("import bptt_check as bc", ONLY_HERE)
    try:
        lines, (point, *told) = _written(form, options)
    except NotWritable:
        return ""
    call = ", ".join(["subject", point, *told])
    return "\n".join([*before, *lines, f"print(bc.verify_function({call}))"])


def _written(form: Form, options: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Lines, and expressions for the nest and the options: written out, or from a new file."""
    masks = options.get("wrt")
    arrays = {n: as_numpy(leaf.given) for n, leaf in form.leaves.items()}
    if isinstance(masks, Mapping):
        arrays |= {f"wrt {n}": as_numpy(m) for n, m in masks.items()}
    if sum(a.size for a in arrays.values()) <= READABLE:
        return _expressions(form, options, {})
    name = _saved(arrays)
    if form.is_plain and not isinstance(masks, Mapping):
        told = [f"{n}={v!r}" for n, v in options.items()]
        return ["import numpy as np"], [f"dict(np.load({name!r}))", *told]
    places = {id(leaf.given): f"saved[{n!r}]" for n, leaf in form.leaves.items()}
    if isinstance(masks, Mapping):
        places |= {id(m): f"saved[{f'wrt {n}'!r}]" for n, m in masks.items()}
    lines, texts = _expressions(form, options, places)
    numpy = "import numpy as np"
    return [numpy, f"saved = np.load({name!r})", *(n for n in lines if n != numpy)], texts


def _expressions(
    form: Form, options: Mapping[str, Any], saved: Mapping[int, str]
) -> tuple[list[str], list[str]]:
    lines, point = written(form.given, saved)
    texts = [point]
    for name, value in options.items():
        more, text = written(value, saved)
        lines += [line for line in more if line not in lines]
        texts.append(f"{name}={text}")
    return lines, texts


def _saved(arrays: Mapping[str, Array]) -> str:
    """The name of a new file with these arrays."""
    handle, name = tempfile.mkstemp(".npz", "bptt_check_arrays_")
    with os.fdopen(handle, "wb") as file:
        own: dict[str, Any] = dict(arrays)
        np.savez(file, **own)
    return name
