"""A subject whose files have another text in this process; those on disk are not touched."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from ...subjects import loading


def patched_subject(address: str, texts: Mapping[str, str]) -> Callable[..., Any]:
    """The subject of an address, loaded while some files have another text.

    For a process of its own: what it imports later has the other text too.

    Args:
        address: as on the command line.
        texts: path of a file to that of the file which holds its text.

    Raises:
        SubjectNotFound: the address leads nowhere.
    """
    instead = {
        os.path.realpath(path): Path(text).read_text("utf-8") for path, text in texts.items()
    }
    before = SourceFileLoader.get_code

    def get_code(loader: Any, name: str) -> Any:
        text = instead.get(os.path.realpath(loader.path))
        if text is None:
            return before(loader, name)
        return compile(text, loader.path, "exec", dont_inherit=True)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    return loading.load(address)
