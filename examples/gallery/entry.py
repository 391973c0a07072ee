"""What the gallery is made of: formulas of teaching texts, and subjects that evaluate them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

import bptt_check as bc
from bptt_check.cases.case import Case
from bptt_check.cases.targets import Target
from bptt_check.cases.types import Array
from bptt_check.equations.exact import exact_gradients, exact_loss
from bptt_check.errors import Unsupported
from bptt_check.verdicts.verdict import Verdict

from .unrolled import Grads, Unrolled, summed

WITHIN = bc.Within(T=(1, 12), B=(1, 3), D=(1, 5), H=(1, 5), O=(1, 5))
"""Cases in which a formula can be evaluated as it is printed: sums over sums, in loops."""

Update = Callable[[Mapping[str, Array], Mapping[str, Array], float], dict[str, Array]]


@dataclass(frozen=True)
class Formula:
    """A formula as a text prints it, and as it should read.

    Args:
        name: number of the note and a word or two.
        title: what it is a formula of.
        source: the text it comes from.
        printed: the formula, in the text's own symbols.
        fault: what is wrong with it, or why it is right.
        corrected: the formula that is right; empty where the printed one is.
    """

    name: str
    title: str
    source: str
    printed: str
    fault: str
    corrected: str = ""


@dataclass(frozen=True)
class Entry:
    """One evaluation of a formula, on its target.

    Args:
        formula: what is evaluated.
        variant: `printed` (must be rejected), `corrected` or `as-printed` (must pass), perhaps with
            a further word: for a second way to read the same print, or where other slips of it had
            to be mended for this one to show.
        target: what it is checked on; sizes are fixed where the shapes of the formula ask for it.
        wrong: what must be found wrong, and nothing else; empty where the entry must pass.
        reading: how symbols are read whose meaning the text leaves open.
        gradients: the formula for one sequence: its gradients by name.
        update: the formula, where it is one of the gradient step.
    """

    formula: Formula
    variant: str
    target: Target
    wrong: tuple[str, ...] = ()
    reading: str = ""
    gradients: Callable[[Unrolled], Grads] | None = None
    update: Update | None = None

    @property
    def name(self) -> str:
        """By which it is asked for: `gallery:NAME` on the command line."""
        return f"{self.formula.name}-{self.variant}"

    @property
    def text(self) -> str:
        """The formula that is evaluated."""
        return self.formula.corrected if self.variant == "corrected" else self.formula.printed

    @property
    def verdict(self) -> Verdict:
        """The verdict that it must get."""
        return Verdict.FAIL if self.wrong else Verdict.PASS


class FormulaSubject:
    """The subject of an entry: exact loss and gradients, but for those that the formula gives.

    So the verdict is about the formula. It has the entry's `target` in `targets`, `WITHIN` in
    `within`, and the function `update` where the formula is one of the gradient step.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.name = self.address = f"gallery:{entry.name}"
        self.targets = (entry.target,)
        self.within = WITHIN
        self.update = entry.update

    def supports(self, model: object) -> bool:
        """Whether the formula was written for this model."""
        return model == self.entry.target.model

    def __call__(self, case: Case) -> tuple[float, dict[str, Array]]:
        """Loss and gradients of a case.

        Raises:
            Unsupported: the formula was not written for this model, or does not fit the sizes.
        """
        if not self.supports(case.model) or case.truncation or case.lengths is not None:
            raise Unsupported(f"the formula is one of full BPTT for {self.entry.target.model}")
        grads = exact_gradients(case)
        if self.entry.gradients is not None:
            grads |= summed(case, self.entry.gradients)
        return exact_loss(case), {n: np.asarray(g, dtype=case.stored) for n, g in grads.items()}
