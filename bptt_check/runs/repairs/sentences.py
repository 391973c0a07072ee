"""A repair in words."""

from __future__ import annotations

from .records import Repair, Searched, TracedValue


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
    said = [
        f"no repair: none of {_tried(searched.tried)} tried in {searched.seconds:.0f} s makes a "
        f"gradient right that was wrong and leaves the others right"
    ]
    if searched.lines:
        said.append("the lines that reach most of what is wrong, and least of what is right:")
        said += [f"  {line}" for line in searched.lines[:3]]
    if searched.departure is not None:
        said.append(departs(searched.departure))
    return "\n".join(said)


def departs(value: TracedValue) -> str:
    """How a value departs from the textbook's."""
    turns = "turn" if value.turns == 1 else f"{value.turns} turns"
    place = f"{value.file}:{value.line}: {value.name}"
    if not value.held:
        each = "its only" if value.turns == 1 else "any of its"
        return f"{place} is no quantity of the equations in {each} {turns}"
    return f"{place} is {value.quantity} in the first {value.held} of its {turns}, then no longer"


def _tried(count: int) -> str:
    return "1 edit" if count == 1 else f"{count:,} edits"
