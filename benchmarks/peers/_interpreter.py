"""Kernels of Triton on the CPU: its interpreter, which `TRITON_INTERPRET=1` asks for before Triton
is imported, has no device to measure the speed of configurations on, so the first one is taken.
"""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("TRITON_INTERPRET", "1")

from triton.runtime.autotuner import Autotuner


def _first(tuner: Any, _: Any) -> list[Any]:
    return tuner.configs[:1]


if os.environ["TRITON_INTERPRET"] == "1":
    Autotuner.prune_configs = _first
