"""What a diagnosis finds: a fact that was checked, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

CONFIDENCE = ("certain", "one of several", "likely", "hint")
"""How far a finding can be trusted. `certain`: the edit gives the subject's very gradients, on
every failing case, and nothing with another meaning does. `one of several`: something else does
too. `likely`: part of what is wrong is reproduced, or several edits together are needed. `hint`:
no known mistake does it; this is where it starts."""


@dataclass(frozen=True)
class Finding:
    """What is wrong, as a fact that was checked.

    Args:
        sentence: the whole of it, in one line.
        confidence: one of `CONFIDENCE`.
        parameters: the wrong gradients that it explains.
        cases: how many failing cases confirm it.
        right, wrong: a line of the derivation as it should be, and as it gives the subject's
            gradients. Both are in the notation of reference/README.md, one step at a time; neither
            stands in a file, not in the subject's either.
        equations: numbers of reference/README.md that the line computes; none for a line that no
            equation stands for, such as a loop.
        place: the section of reference/README.md that derives the line; of lines of several
            sections all of them; empty where `right` is.
        condition: when the mistake is made, as the end of "only when ..."; empty for always.
        alternatives: what else gives the same gradients.
        cause: what was done, as the end of "wrong: ..."; empty where that is not known.
    """

    sentence: str
    confidence: str
    parameters: tuple[str, ...] = ()
    cases: int = 0
    right: str = ""
    wrong: str = ""
    equations: tuple[str, ...] = ()
    place: str = ""
    condition: str = ""
    alternatives: tuple[str, ...] = ()
    cause: str = ""
