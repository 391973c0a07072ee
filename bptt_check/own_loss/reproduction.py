"""What to type to check a function again, in a new process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..cases.reproduction import ONLY_HERE
from ..cases.types import Arrays
from ..cases.written_out import READABLE
from ..subjects.origin import NotWritable, origin_of, written


def function_reproduction(
    function: Callable[..., Any], arrays: Arrays, options: Mapping[str, Any]
) -> str:
    """Lines of Python that check a function at the same arrays with the same options.

    Many numbers are saved in the folder for temporary files, and read from there.
    """
    before = origin_of(function).lines or ("import bptt_check as bc", ONLY_HERE)
    lines, point = _arrays(arrays)
    told = "".join(f", {name}={value!r}" for name, value in options.items())
    call = f"print(bc.verify_function(subject, {point}{told}))"
    return "\n".join([*before, *lines, call])


def _arrays(arrays: Arrays) -> tuple[list[str], str]:
    """Lines and an expression for the arrays: written out, or read from a new file."""
    try:
        if sum(np.size(a) for a in arrays.values()) <= READABLE:
            return written(dict(arrays))
    except NotWritable:
        pass
    handle, name = tempfile.mkstemp(".npz", "bptt_check_arrays_")
    with os.fdopen(handle, "wb") as file:
        own: dict[str, Any] = dict(arrays)
        np.savez(file, **own)
    return ["import numpy as np"], f"dict(np.load({name!r}))"
