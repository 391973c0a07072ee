"""Every implementation, every fault, and pairs of faults."""

from __future__ import annotations

from dataclasses import dataclass

from .fault import Broken, Fault
from .faults import class_lstm, function_rnn, fused_lstm, script_rnn, step_gru


@dataclass(frozen=True)
class Implementation:
    """A right implementation: its file in `right/`, how it is written, and what it needs."""

    name: str
    style: str
    needs: str = ""


IMPLEMENTATIONS = (
    Implementation("script_rnn", "one flat function, columns, lists of states, one sequence"),
    Implementation("class_lstm", "a class, a dict of cached values a step, batch first"),
    Implementation("step_gru", "functions for one step and loops, rows, caches in tuples"),
    Implementation("function_rnn", "a torch.autograd.Function, two layers", needs="torch"),
    Implementation("fused_lstm", "arrays made beforehand, gates in slices, padded steps"),
)
FAULTS: tuple[Fault, ...] = (
    *script_rnn.FAULTS, *class_lstm.FAULTS, *step_gru.FAULTS, *function_rnn.FAULTS,
    *fused_lstm.FAULTS,
)  # fmt: skip
SINGLE = tuple(Broken((fault,)) for fault in FAULTS)
"""Every fault by itself."""


def _pair(implementation: str, *names: str) -> Broken:
    found = {f.name: f for f in FAULTS if f.implementation == implementation}
    return Broken(tuple(found[name] for name in names))


PAIRS = (
    _pair("script_rnn", "carry not added", "h_t for h_{t-1}"),
    _pair("script_rnn", "tanh taken twice", "bias assigned"),
    _pair("script_rnn", "Whh not transposed", "x before the slope"),
    _pair("class_lstm", "slope at c, not at tanh(c)", "dc without the forget gate"),
    _pair("class_lstm", "divided by the batch twice", "c_t for c_{t-1}"),
    _pair("class_lstm", "cell updated in place", "one gate's matrix assigned"),
    _pair("step_gru", "no path through r * h", "reset left out of Un"),
    _pair("step_gru", "no slope at the candidate", "x in the order of the loop"),
    _pair("function_rnn", "nothing from the layer above", "bias never written"),
    _pair("function_rnn", "W2 paired with the step before", "carry not added in the first layer"),
    _pair("fused_lstm", "carry lost at padded steps", "readout of the state before"),
    _pair("fused_lstm", "slope of another gate", "c for tanh(c) at the output gate"),
)
"""Two faults in one implementation."""
