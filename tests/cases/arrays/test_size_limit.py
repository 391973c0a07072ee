"""A spec whose case nobody could hold is refused before any of it is drawn."""

from __future__ import annotations

import tracemalloc

import pytest
from support.command_line import invoke

import bptt_check as bc
from bptt_check.cases.arrays.size_limit import check_size
from bptt_check.errors import SpecError

TOO_LARGE = {
    "rnn-tanh T=100000000": "make T smaller",
    "lstm B=100000000": "make B smaller",
    "gru D=1000000000000": "make D smaller",
    "rnn-tanh H=30000": "make H smaller",
    "lstm+linear T=1000000 O=7": "make T smaller",
    "rnn-tanh+90000000layers": "make layers smaller",
    "rnn-tanh T=1 O=100000000": "make O smaller",
}


@pytest.mark.parametrize("line", TOO_LARGE)
def test_too_large_a_spec_is_refused(line):
    """With the limit, and what to change; nothing of the size is held meanwhile."""
    spec = bc.Spec.parse(line)
    tracemalloc.start()
    try:
        with pytest.raises(SpecError, match=r"more than the limit of 6\.7e\+07") as refused:
            spec.build()
        assert tracemalloc.get_traced_memory()[1] < 10**7
    finally:
        tracemalloc.stop()

    assert TOO_LARGE[line] in str(refused.value)


@pytest.mark.parametrize(
    "line", ["rnn-tanh T=300000", "lstm T=1000 B=128 D=64 H=256", "gru H=4000 T=2 B=1"]
)
def test_what_machines_hold_is_not_refused(line):
    """Long, wide and many."""
    spec = bc.Spec.parse(line)
    check_size(spec.model, spec.sizes)


def test_replay_says_it_and_ends_with_2():
    """One sentence."""
    done = invoke("replay", "rnn-tanh T=100000000", "bptt_reference:loss_and_grads", "--no-isolate")

    assert done.exit_code == 2
    assert "make T smaller" in " ".join(done.output.split())
    assert "Traceback" not in done.output
