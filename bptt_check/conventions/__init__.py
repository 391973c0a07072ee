"""Other people's layouts: `Convention`, and the ready-made ones."""

from __future__ import annotations

from . import ready as ready
from .convention import Convention
from .presets import cs231n, flax, keras, min_char_rnn, pytorch
from .view import View

__all__ = ["Convention", "View", "cs231n", "flax", "keras", "min_char_rnn", "pytorch"]
