"""The recurrent modules of torch, and anything that is built and called as they are.

    bptt-check run examples/torch_modules.py:lstm --model lstm --model lstm+2layers+bidirectional
    bptt-check run examples/torch_modules.py:gru --model gru --dtype float32
    bptt-check run examples/torch_modules.py:rnn --model rnn-relu

A drop-in replacement of your own takes the place of `torch.nn.LSTM` below; `cell="lstm"` then says
what it is. `device="cuda"` tests the kernel of that device.
"""

from __future__ import annotations

import torch

from bptt_check.subjects.torch import from_module

rnn = from_module(torch.nn.RNN)
lstm = from_module(torch.nn.LSTM)
gru = from_module(torch.nn.GRU)
