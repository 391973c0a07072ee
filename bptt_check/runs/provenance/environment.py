"""Versions of whatever can influence a number."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence


def environment(
    packages: Sequence[str] = ("numpy", "hypothesis", "torch", "jax", "python-flint"),
) -> dict[str, str]:
    """Versions of everything that can influence a number; no names of machines or people."""
    versions = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    for name in ("bptt_check", *packages):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions
