"""The factors of a case once more, read off the words of their levels and not from their code."""

from __future__ import annotations

import itertools
import re

from bptt_check.cases.design.recipe import Recipe

WIDTHS = ("1", "2 to 6", "7 to 9", "15 to 17", "31 to 33", "63 to 65", "127 to 129")
STEPS = ("1", "2", "3", "4 to 9", "10 to 99", "100 or more")
LENGTHS = {True: "drawn", False: "none", "full": "all T", "one": "one is 1", "equal": "equal"}


def class_of(size: int, classes: tuple[str, ...]) -> str:
    """The one of some classes such as `4 to 9` in which a size lies; else `others`."""
    for text in classes:
        low, *high = map(int, re.findall(r"\d+", text))
        last = 10**9 if text.endswith("or more") else high[0] if high else low
        if low <= size <= last:
            return text
    return "others"


def remainder_of(number: int, divisor: int) -> str:
    """What remains of a division: 0, 1, one less than the divisor, or something else."""
    left = number - divisor * (number // divisor)
    return {0: "0", 1: "1"}.get(left, "-1" if left + 1 == divisor else "others")


def beside_power(size: int) -> str:
    """Where a size lies beside the powers of two from 8 on."""
    if size < 7:
        return "below 7"
    powers = [2**k for k in range(3, 20)]
    words = {-1: "2^k - 1", 0: "2^k", 1: "2^k + 1"}
    return next((words[size - p] for p in powers if size - p in words), "others")


def blocks_of(k1: int, T: int) -> str:
    """How the blocks of k1 steps lie in T steps."""
    starts = range(0, T, k1)
    lengths = {min(T, start + k1) - start for start in starts}
    if len(starts) == 1:
        return "k1 >= T"
    if k1 == 1:
        return "k1 = 1 < T"
    short = lengths != {k1}
    return "1 < k1 < T, last block short" if short else "1 < k1 < T, k1 divides T"


def reach_of(k1: int, k2: int, T: int) -> str:
    """How far losses flow back."""
    if k2 >= T:
        return "k2 >= T"
    return "k2 < k1" if k2 < k1 else "k2 = k1" if k2 == k1 else "k1 < k2 < T"


def words_of(recipe: Recipe, head: bool = True) -> dict[str, str]:
    """Every factor that may apply to a recipe, and its level in words.

    Args:
        recipe: of a case.
        head: whether there are outputs, and with them O.
    """
    sizes = {n: getattr(recipe, n) for n in ("T", "B", "D", "H", "O") if n != "O" or head}
    T = sizes["T"]
    words = {"T": class_of(T, STEPS)}
    words |= {f"T mod {n}": remainder_of(T, n) for n in (8, 16, 32, 64)}
    for name in list(sizes)[1:]:
        words[name] = class_of(sizes[name], WIDTHS)
        words[f"{name} beside 2^k"] = beside_power(sizes[name])
    for one, other in itertools.combinations(sizes, 2):
        words[f"{one} = {other}"] = "yes" if sizes[one] == sizes[other] else "no"
    alike = sizes["T"] == sizes["B"] == sizes["H"] != 1
    words["T = B = H > 1"] = "yes" if alike else "no"
    if recipe.cut is not None:
        k1, k2 = recipe.cut
        words["k1 against T"] = blocks_of(k1, T)
        words["k2 against k1 and T"] = reach_of(k1, k2, T)
        words["T mod k1"] = remainder_of(T, k1)
    words |= {name: str(getattr(recipe, name)) for name in ("layers", "dtype", "regime", "inputs")}
    words |= {"initial state": recipe.initial_state, "layout": recipe.layout}
    return words | {"lengths": LENGTHS[recipe.lengths]}
