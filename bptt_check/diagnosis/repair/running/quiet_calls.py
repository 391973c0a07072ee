"""Calls of foreign code of which nothing is heard, and which files it runs."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Generator
from typing import Any

import numpy as np


@contextlib.contextmanager
def written_nowhere() -> Generator[None]:
    """What edited code prints in the body is of no use to anybody; what ends this process is: that
    goes to standard error as it was.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    try:
        yield
    except BaseException:
        os.dup2(kept, 2)
        raise


@contextlib.contextmanager
def files_run(files: set[str]) -> Generator[None]:
    """In the body the files of all Python functions that are called are noted."""

    def profile(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            files.add(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(before)


@contextlib.contextmanager
def quiet() -> Generator[None]:
    """Edited formulas overflow and divide by zero all the time."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
