"""Streams of raw 64-bit numbers, one for every name: those of NumPy's PCG64, seeded with
`SeedSequence([seed, crc32(name)])`, which never change.

The seeds of all names are mixed here at once, as NumPy does it for one: for the small arrays of a
case seeding took most of the time.
"""

from __future__ import annotations

import functools
import math
import threading
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Raw = NDArray[np.uint64]
Words = NDArray[np.uint32]
POOL = 4
"""Words that a seed is mixed into."""
_SHIFT = np.uint32(16)
_LEFT, _RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_POOL_HASH = (0x43B0D7E5, 0x931E8875)
_STATE_HASH = (0x8B51F9DD, 0x58F38DED)
_OTHERS = [[k for k in range(POOL) if k != n] for n in range(POOL)]
_STEP = 0x2360ED051FC65DA44385DF649FCCF645
"""Multiplier of PCG64."""


class Streams:
    """The streams of some names.

    Args:
        seed: not negative.
        names: all that will be asked for.
    """

    def __init__(self, seed: int, names: tuple[str, ...]) -> None:
        self._place, hashes = _hashes(names)
        self._seeds = _mixed(seed, hashes)

    def raw(self, name: str, count: int) -> Raw:
        """The first numbers of a stream."""
        generator = _of_thread.generator
        high, low, inc_high, inc_low = self._seeds[self._place[name]]
        inc = _low_bits(((inc_high << 64 | inc_low) << 1) | 1)
        state = _low_bits((_low_bits(inc + (high << 64 | low))) * _STEP + inc)
        generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": state, "inc": inc},
            "has_uint32": 0,
            "uinteger": 0,
        }
        return generator.random_raw(count)


def _mixed(seed: int, hashes: Words) -> list[list[int]]:
    """Four numbers of 64 bits for every name, as `SeedSequence.generate_state` makes them."""
    words = [seed >> n & 0xFFFFFFFF for n in range(0, max(1, seed.bit_length()), 32)]
    entropy = np.zeros((max(POOL, len(words) + 1), len(hashes)), dtype=np.uint32)
    entropy[: len(words)] = np.array(words, dtype=np.uint32)[:, None]
    entropy[len(words)] = hashes
    keys = _keys(*_POOL_HASH, POOL * len(entropy))
    pool, used = _hashed(entropy[:POOL], keys[: POOL + 1]), POOL
    for n, others in enumerate(_OTHERS):
        hashed = _hashed(pool[n], keys[used : used + POOL])
        pool[others], used = _merged(pool[others], hashed), used + POOL - 1
    for row in entropy[POOL:]:
        pool = _merged(pool, _hashed(row, keys[used : used + POOL + 1]))
        used += POOL
    state = _hashed(np.concatenate([pool, pool]), _keys(*_STATE_HASH, 2 * POOL))
    wide = state.astype(np.uint64)
    return (wide[::2] | wide[1::2] << np.uint64(32)).T.tolist()


@functools.lru_cache(maxsize=16)
def _keys(first: int, factor: int, count: int) -> Words:
    """The numbers that `count` words are hashed with, one more than words; (count + 1, 1)."""
    keys = [first * pow(factor, n, 2**32) % 2**32 for n in range(count + 1)]
    return np.array(keys, dtype=np.uint32)[:, None]


def _hashed(words: Words, keys: Words) -> Words:
    """Words, each hashed with its key and the next one."""
    hashed = (words ^ keys[:-1]) * keys[1:]
    return hashed ^ hashed >> _SHIFT


def _merged(one: Words, other: Words) -> Words:
    words = _LEFT * one - _RIGHT * other
    return words ^ words >> _SHIFT


@functools.lru_cache(maxsize=256)
def _hashes(names: tuple[str, ...]) -> tuple[dict[str, int], Words]:
    """Where each name stands, and what it is hashed to."""
    hashes = np.array([zlib.crc32(name.encode()) for name in names], dtype=np.uint32)
    return {name: n for n, name in enumerate(names)}, hashes


class _OfThread(threading.local):
    """One generator for every thread: to make one takes as long as to seed it."""

    def __init__(self) -> None:
        self.generator = np.random.PCG64(0)


_of_thread = _OfThread()


def _low_bits(number: int) -> int:
    """The low 128 bits."""
    return number & (1 << 128) - 1


def parted(
    flat: NDArray[np.float64], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, NDArray[np.float64]]:
    """The arrays of some shapes that lie one after the other in a flat one."""
    parts: dict[str, NDArray[np.float64]] = {}
    start = 0
    for name, shape in shapes.items():
        end = start + math.prod(shape)
        parts[name], start = flat[start:end].reshape(shape), end
    return parts
