"""What a subject sees of a case, as a key: two specs may stand for the same numbers."""

from __future__ import annotations

import hashlib
from dataclasses import fields

import numpy as np

from .case import Case


def content_of(case: Case) -> bytes:
    """A key of everything in a case but the spec from which it was made; layouts tell apart."""
    key = hashlib.sha256()
    for field in fields(case):
        value = getattr(case, field.name)
        if field.name == "spec":
            continue
        arrays = value if isinstance(value, dict) else {field.name: value}
        for name, part in arrays.items():
            is_array = isinstance(part, np.ndarray)
            said = f"{part.dtype} {part.shape}" if is_array else repr(part)
            key.update(f"{name} {said};".encode())
            if is_array:
                key.update(np.ascontiguousarray(part).tobytes())
    return key.digest()
