"""A repair in words."""

from __future__ import annotations

from .records import Repair, Searched


def told_of(repair: Repair) -> str:
    """One line: by what it was verified, or what is left."""
    if repair.verified is None:
        left = ", ".join(repair.remaining)
        return (
            f"these edits explain a part of what is wrong; still wrong with them: {left} "
            f"({_tried(repair.tried)} tried)"
        )
    verified, passing = repair.verified, 1 + len(repair.also)
    each = " of each model" if len(verified.models) > 1 else ""
    return (
        f"verified on {verified.cases} fresh cases{each} by {', '.join(verified.oracles)}; "
        f"{passing} of {_tried(repair.tried)} tried {'passes' if passing == 1 else 'pass'}"
    )


def nothing_found(searched: Searched) -> str:
    """That there is no repair, and where to look."""
    said = (
        f"no repair: none of {_tried(searched.tried)} tried in {searched.seconds:.0f} s makes a "
        f"gradient right that was wrong and leaves the others right"
    )
    if not searched.lines:
        return said
    lines = "\n".join(f"  {line}" for line in searched.lines[:3])
    return (
        f"{said}\nthe lines that reach most of what is wrong, and least of what is right:\n{lines}"
    )


def _tried(count: int) -> str:
    return "1 edit" if count == 1 else f"{count:,} edits"
