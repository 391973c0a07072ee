"""The levels of a size: its class, and where it lies beside a tile."""

from __future__ import annotations

_ENDS = (1, 2, 3, 8, 16, 32, 64, 128, 256)
"""Upper ends of the classes."""
TILE = 16
"""Of whose multiples a size may be one, one less or one more: where tiled code has its mistakes."""
REMAINDERS = ("none", "0", "1", str(TILE - 1), "others")
"""`none` of sizes that are smaller than all but one step of a tile: these have no tile before the
rest, and say nothing of code that is wrong behind whole tiles."""


def _named() -> list[str]:
    lows = [1, *(end + 1 for end in _ENDS)]
    pairs = zip(lows, _ENDS, strict=False)
    names = [str(end) if low == end else f"{low} to {end}" for low, end in pairs]
    return [*names, f"over {_ENDS[-1]}"]


CLASSES = tuple(_named())


def class_of(size: int) -> str:
    """The class of a size: `1`, `4 to 8`, `over 256`."""
    return CLASSES[sum(size > end for end in _ENDS)]


def remainder_of(size: int) -> str:
    """Where a size lies beside a multiple of a tile."""
    if size < TILE - 1:
        return REMAINDERS[0]
    remainder = str(size % TILE)
    return remainder if remainder in REMAINDERS else REMAINDERS[-1]


def remainder_name(size: str) -> str:
    """The name of that factor."""
    return f"{size} mod {TILE}"
