"""What a test needs that not every environment has."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

needs_safetensors = pytest.mark.skipif(
    find_spec("safetensors") is None, reason="programs exchange its files"
)
