"""A repair in words."""

from __future__ import annotations

from .records import LineEdit, Repair, Searched, TracedValue

TOLD = 3
"""Edits of a message."""


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


def search_lines(searched: Searched) -> list[str]:
    """What a search has found, as lines of a message; none where nothing could be searched."""
    repair = searched.repair
    if searched.why_not:
        return []
    if repair is None:
        place = searched.lines[:1] if searched.departure is None else [departs(searched.departure)]
        return [f"  look first at {line}" for line in place]
    edits = [line for edit in repair.edits[:TOLD] for line in edit_lines(edit)]
    if repair.verified is None:
        return [f"  {told_of(repair)}:", *edits]
    what = "this edit makes" if len(repair.edits) == 1 else f"these {len(repair.edits)} edits make"
    return [f"  {what} it right, {told_of(repair)}:", *edits]


def headline_of(searched: Searched) -> str:
    """What came of a search, in a sentence or two."""
    if searched.why_not:
        return f"No edit was searched for: {searched.why_not}"
    if searched.repair is None:
        said = nothing_found(searched).splitlines()
        return f"No repair{said[0].removeprefix('no repair')}. {departure_of(searched)}".strip()
    told = told_of(searched.repair)
    if searched.repair.verified is None:
        return told[0].upper() + told[1:] + "."
    count = len(searched.repair.edits)
    what = "This edit makes" if count == 1 else f"These {count} edits make"
    return f"{what} it right, {told}."


def departure_of(searched: Searched) -> str:
    """How the most suspicious value departs from the textbook's; "" where it does not."""
    return "" if searched.departure is None else f"{departs(searched.departure)}."


def value_note(value: TracedValue) -> list[str]:
    """What a value is in the textbook's words, where it is known in some turn."""
    if not value.quantity or not value.held:
        return []
    if value.held == value.turns:
        return [f"{value.name} is {value.quantity}"]
    first = f"the {_first(value.held)} of {value.turns} turns"
    return [f"{value.name} is {value.quantity} in {first}"]


def edit_lines(edit: LineEdit) -> list[str]:
    """The place of an edit, and its lines before and after."""
    lines = [f"- {line.strip()}" for line in edit.before.splitlines()]
    lines += [f"+ {line.strip()}" for line in edit.after.splitlines()]
    return [f"    {edit.file}:{edit.line}", *(f"    {line}" for line in lines)]


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
    return f"{place} is {value.quantity} in the {_first(value.held)} of its {turns}, then no longer"


def _first(count: int) -> str:
    return "first" if count == 1 else f"first {count}"


def _tried(count: int) -> str:
    return "1 edit" if count == 1 else f"{count:,} edits"
