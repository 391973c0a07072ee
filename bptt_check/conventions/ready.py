"""The old name of `presets`: code that says `bptt_check.conventions.ready` goes on working."""

from .presets import cs231n, flax, keras, min_char_rnn, pytorch

__all__ = ["cs231n", "flax", "keras", "min_char_rnn", "pytorch"]
