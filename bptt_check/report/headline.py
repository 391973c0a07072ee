"""The first sentence of a run: which gradients are wrong and why; how much of it is."""

from __future__ import annotations

from collections.abc import Sequence

from ..diagnosis.finding import Finding
from ..runs.records import Failure, Run
from ..verdicts.case_kind import CaseKind
from ..verdicts.verdict import Verdict
from . import grouping
from .called import called_in, in_words, label
from .facts import gaps, shares
from .systematic.told import is_of_all_only

HEADLINES = {
    Verdict.PASS: "every gradient that the subject offers is right",
    Verdict.IMPRECISE: "right to fewer digits than the dtype has",
    Verdict.FAIL: "something is wrong",
    Verdict.CONTRACT: "what the subject returns cannot be taken as loss and gradients",
    Verdict.ERROR: "the subject raised, died or ran out of time",
    Verdict.INCONCLUSIVE: "nothing was found wrong, but not everything could be decided",
}
"""The verdict of a run in one sentence."""
TOGETHER = {
    Verdict.FAIL: "no case is over budget, but over all together something is wrong",
    Verdict.IMPRECISE: "no case is over budget, but over all together digits are lost",
}
"""The same of a run that failed, of which no case did."""
PARTLY = ", but some are missing in part of the cases"
"""What is added to that of a pass where it holds."""
WRONG = {
    CaseKind.WRONG_LOSS: "the loss is wrong",
    CaseKind.WRONG_OUTPUTS: "what the forward pass gives is wrong",
    CaseKind.NOT_FINITE: "inf or NaN where there are numbers",
    CaseKind.TRAINING_STEP: "a training step goes wrong",
    CaseKind.WRONG_FOLLOW_UP: "right when asked once, and not when asked again",
}
"""What is wrong, by the kind of the first failure, where that is no gradient."""
GRADIENTS = {
    CaseKind.WRONG_GRADIENT: ("is wrong", "are wrong"),
    CaseKind.LOST_DIGITS: ("loses digits", "lose digits"),
}
"""What is said of one gradient, and of several."""
NAMED = 3
"""Gradients that are named one by one."""


def headline(run: Run) -> str:
    """One sentence: of a failing run what is wrong and why, as far as that is known."""
    if run.verdict == Verdict.INCONCLUSIVE and run.interrupted:
        return "interrupted before everything was decided; nothing was found wrong so far"
    if run.verdict == Verdict.INCONCLUSIVE and not run.rows:
        return "nothing was checked"
    if not run.verdict.failing:
        partly = PARTLY if run.passed and gaps.offered_sometimes(run) else ""
        return HEADLINES[run.verdict] + partly
    if is_of_all_only(run) and run.verdict in TOGETHER:
        return TOGETHER[run.verdict]
    if not run.failures:
        return HEADLINES[run.verdict]
    first = run.failures[0]
    named = _gradients(run, first) if first.kind in GRADIENTS else ""
    return named or WRONG.get(first.kind or CaseKind.RIGHT, HEADLINES[first.verdict])


def extent(run: Run) -> str:
    """In how many models, and in how many cases; empty of a run that did not fail."""
    if not run.verdict.failing:
        return ""
    models = grouping.model_facts(run)
    bad = sum(m.verdict.failing for m in models)
    where = f"in {bad} of {grouping.plural(len(models), 'model')}"
    counts = shares.kind_counts(run)
    if not counts or (is_of_all_only(run) and run.verdict in TOGETHER):
        return where
    return f"{where}: {shares.share_sentence(counts)}"


def headline_with_extent(run: Run) -> str:
    """Both in one line."""
    return "; ".join(filter(None, (headline(run), extent(run))))


def _gradients(run: Run, failure: Failure) -> str:
    """Which gradients of the model of a failure are wrong, and why; "" where no row says so."""
    about = (failure.check, failure.model)
    facts = next((m for m in grouping.model_facts(run) if (m.check, m.model) == about), None)
    bad = [g.parameter for g in facts.gradients if g.verdict.failing] if facts else []
    if facts is None or not bad:
        return ""
    known = _known_cause(failure, bad)
    explained = known.parameters if known else ()
    named = [n for n in bad if n in explained] if explained else bad
    if len(named) == len(facts.gradients) - len(facts.not_offered) > NAMED:
        names = f"all {len(named)} gradients"
    else:
        names = _listed(_words(run, failure, named))
    assert failure.kind is not None
    one, several = GRADIENTS[failure.kind]
    said = f"{names} {one if len(named) == 1 else several}"
    if known is None:
        return said
    said += f": {known.cause}" + (f", only when {known.condition}" if known.condition else "")
    rest = _words(run, failure, [n for n in bad if n not in named])
    more = f"; {_listed(rest)} {one if len(rest) == 1 else several} too" if rest else ""
    return said + more


def _known_cause(failure: Failure, bad: Sequence[str]) -> Finding | None:
    """The first finding that says why some of these are wrong, and not only where or when."""
    known = (f for f in failure.findings if f.cause and f.confidence != "hint")
    return next((f for f in known if not f.parameters or set(f.parameters) & set(bad)), None)


def _words(run: Run, failure: Failure, parameters: Sequence[str]) -> list[str]:
    """What readers call some gradients, each array once."""
    names, model = called_in(run), label(failure.check, failure.model)
    offered = {
        r.parameter for r in run.rows if (r.check, r.model) == (failure.check, failure.model)
    }
    words = (in_words(names, model, parameter, offered) for parameter in sorted(parameters))
    return list(dict.fromkeys(words))


def _listed(names: Sequence[str]) -> str:
    """The first few; of the others how many there are."""
    if len(names) <= NAMED:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    left = grouping.plural(len(names) - NAMED + 1, "more gradient")
    return f"{', '.join(names[: NAMED - 1])} and {left}"
