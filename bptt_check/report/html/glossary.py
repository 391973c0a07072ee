"""Words of the page that are explained where they stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A word: what it means, and the page of the documentation that has more."""

    meaning: str
    page: str


TERMS = {
    "budget": Term(
        "What an entry may be off by and still be right: a few typical rounding errors of its "
        "dtype in this very case, as measured, and what the oracle itself may be off by. An error "
        "above 1 budget is wrong.",
        "docs/budgets.md",
    ),
    "ulp": Term(
        "Unit in the last place: the distance from a number to the next one that its dtype has.",
        "docs/budgets.md",
    ),
    "proven": Term(
        "The true derivative lies in an interval that was computed with every rounding counted "
        "(interval arithmetic); what is proven right, or wrong, is so without any tolerance.",
        "docs/proofs.md",
    ),
    "deciding": Term(
        "An oracle decides a gradient where its budget is smaller than the gradient itself: a "
        "missing one would have been seen. One that does not decide neither passes nor fails.",
        "docs/budgets.md",
    ),
    "comparison": Term(
        "One gradient of one case against one oracle, all entries of it.", "docs/report.md"
    ),
    "caught": Term(
        "The smallest relative error that this run would have seen: the budget of an entry beside "
        "its value, at best in some entry, or in whichever it is.",
        "docs/power.md",
    ),
}
"""Name of each word here to what is said of it."""
OF_COUNTS = {"comparison": "comparison", "deciding oracle": "deciding", "proven gradient": "proven"}
"""Count of the page to the word in it that is explained."""
