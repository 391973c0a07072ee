"""Streams of raw numbers: those that NumPy seeds one by one."""

from __future__ import annotations

import threading
import zlib

import numpy as np
import pytest

from bptt_check.cases.arrays.streams import Raw, Streams

NAMES = ("x", "W_hh_l0", "targets")
SEEDS = (0, 1, 65535, 2**32 - 1, 2**32, 2**64 + 5, 2**96 - 1, 2**96, 2**200 + 1)


def of_numpy(seed: int, name: str, count: int) -> Raw:
    sequence = np.random.SeedSequence([seed, zlib.crc32(name.encode())])
    return np.random.PCG64(sequence).random_raw(count)


@pytest.mark.parametrize("seed", SEEDS)
def test_streams_are_those_of_numpy(seed: int) -> None:
    """For seeds of one word, of several, and of more than fit NumPy's pool."""
    streams = Streams(seed, NAMES)

    for name in NAMES:
        assert np.array_equal(streams.raw(name, 9), of_numpy(seed, name, 9))


def test_streams_of_other_seeds_and_names_are_others() -> None:
    """The siblings: no two of them share a number."""
    numbers = [n for seed in SEEDS for name in NAMES for n in Streams(seed, NAMES).raw(name, 9)]

    assert len(set(numbers)) == len(SEEDS) * len(NAMES) * 9


def test_stream_begins_anew_whenever_it_is_asked_for() -> None:
    """Whatever was asked for between."""
    streams = Streams(3, NAMES)
    first = streams.raw("x", 5)
    streams.raw("targets", 7)

    assert np.array_equal(streams.raw("x", 9)[:5], first)


def test_name_that_was_not_announced_is_refused() -> None:
    """Its seed was not made."""
    with pytest.raises(KeyError, match="h0"):
        Streams(3, NAMES).raw("h0", 1)


def test_threads_do_not_disturb_each_other() -> None:
    """Each has a generator of its own."""
    wrong: list[int] = []

    def draw(seed: int) -> None:
        streams, want = Streams(seed, NAMES), of_numpy(seed, "x", 50)
        wrong.extend(seed for _ in range(50) if not np.array_equal(streams.raw("x", 50), want))

    threads = [threading.Thread(target=draw, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
