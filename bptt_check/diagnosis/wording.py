"""The words of a diagnosis: sentences of what its searches found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..cases.case import Truncation
from .conditions import Condition
from .edit_search import Explanation, fully_explained
from .facts import (
    ClippedInLoop,
    ClippedToNorm,
    ClippedToValues,
    CommonFactor,
    Fact,
    FirstError,
    OtherLayout,
    OtherTruncation,
    TruncationMade,
    WindowChange,
    WrongCotangent,
    WrongSum,
)
from .finding import Finding
from .mistakes.dictionary import Entry
from .mistakes.sections import equations_of, place_of
from .trials import Trial

SHOWN = 3
"""Alternatives that are told."""


def words_of(fact: Fact) -> str:
    """A fact as a sentence."""
    match fact:
        case CommonFactor():
            return _factor(fact)
        case ClippedToNorm():
            what = "the parameters" if fact.parameters_only else "all gradients"
            return f"this is the gradient clipped to norm {fact.limit:g} over {what}"
        case ClippedToValues():
            return f"this is the gradient clipped to values within {fact.limit:g}"
        case ClippedInLoop():
            return _clipped_in_loop(fact)
        case OtherLayout():
            return _layout(fact)
        case OtherTruncation():
            return _truncation(fact)
        case FirstError():
            return _first_error(fact)


def _factor(fact: CommonFactor) -> str:
    what = "your loss and your gradient are" if fact.of_gradients else "your loss is"
    what = what if fact.of_loss else "every gradient is"
    option = f" ({fact.option})" if fact.option else ""
    return f"{what} {' or '.join(fact.factors)} times the right one{option}"


def _clipped_in_loop(fact: ClippedInLoop) -> str:
    what = "dh and dc are" if fact.states > 1 else "dh is"
    share = "" if fact.whole else ", what comes from the loss of the step excepted"
    return (
        f"{what} clipped to [-{fact.limit:g}, {fact.limit:g}] inside the loop, at every "
        f"step{share}: this is the derivative of no loss; clip the whole gradient after the loop"
    )


def _layout(fact: OtherLayout) -> str:
    parts = [f"gate order '{' '.join(fact.gates)}'"] if fact.gates else []
    parts += ["z for 1-z"] if fact.flipped else []
    parts += [f"{_and(fact.transposed)} transposed"] if fact.transposed else []
    layout = _and(parts)
    if fact.only_gradients:
        times = f", times {fact.factor}" if fact.factor else ""
        return (
            f"your loss is right, but your gradients are those of {layout}{times}: "
            f"turn them back before you return them, or declare it ({fact.option})"
        )
    times = f", the gradients times {fact.factor}" if fact.factor else ""
    return f"your loss and your gradients are those of {layout}{times}: declare it ({fact.option})"


_CHANGES = {
    WindowChange.OVERLAPS_COUNTED_TWICE: (
        "every window counts all losses in it, so that overlapping windows count some twice"
    ),
    WindowChange.ONLY_H_CUT: "only h is detached, c is not",
    WindowChange.ONLY_C_CUT: "only c is detached, h is not",
    WindowChange.LAST_LOSS_DROPPED: "the loss of the last step of each block is dropped",
    WindowChange.FIRST_LOSS_DROPPED: "the loss of the first step of each window is dropped",
    WindowChange.SHORT_BLOCK_SKIPPED: "the last, shorter block is skipped",
    WindowChange.AVERAGED: "the blocks are averaged instead of summed",
}
"""What was done to the windows of a truncation, where it is not another one altogether."""


def _truncation(fact: OtherTruncation) -> str:
    """What it is, what is wanted, and the option that declares a window counted in hops."""
    wanted = _windows(fact.wanted) if fact.wanted else "full BPTT"
    option = " (do you count hops? bc.Convention(truncation='hops'))" if fact.in_hops else ""
    return f"this is {_made(fact.made)}; wanted is {wanted}{option}"


def _made(made: TruncationMade) -> str:
    if made.change is WindowChange.NOT_CUT:
        return "full BPTT: nothing is truncated"
    if made.change is WindowChange.TAIL_ONLY:
        return f"the tail only: the last {made.k2} steps, without the losses before them"
    windows = _windows(Truncation(made.k1, made.k2))
    changed = _CHANGES.get(made.change)
    return f"{windows}, but {changed}" if changed else windows


def _windows(truncation: Truncation) -> str:
    """A truncation in words."""
    k1, k2 = truncation.k1, truncation.k2
    if k1 == k2:
        return f"chunked truncation with k = {k1} (a detached state is carried between chunks)"
    if k1 == 1:
        hops = f"{k2 - 1} hop{'s' if k2 != 2 else ''}"
        return f"a sliding window of {k2} steps ({hops}) for every loss"
    return f"truncation with k1 = {k1}, k2 = {k2}"


def _first_error(fact: FirstError) -> str:
    if fact.outside:
        return _outside_of_layers(fact.outside)
    places = []
    if fact.layer is not None:
        places.append(f"going backwards, layer {fact.layer} is the first that is wrong")
    if isinstance(fact.at, WrongCotangent):
        places.append(_cotangent(fact.at))
    elif isinstance(fact.at, WrongSum):
        places.append(_sum(fact.at))
    elif fact.gates:
        places.append(f"in gate{'s' if len(fact.gates) > 1 else ''} {_and(fact.gates)} only")
    unknown = "no known mistake gives these gradients"
    return f"{unknown}: {'; '.join(places)}" if places else unknown


def _outside_of_layers(names: Sequence[str]) -> str:
    head = [n for n in names if n in ("W_hy", "b_y")]
    if head:
        return f"what flows back through the layers is right, the gradient of {_and(head)} is not"
    return f"every parameter's gradient is right, only that of {_and(names)} is wrong"


def _cotangent(fact: WrongCotangent) -> str:
    which = f" of gate {_and(fact.gates)}" if fact.gates else ""
    some = f", unit {_and([str(u) for u in fact.units])}" if fact.units else ""
    last = fact.steps - 1
    later = f"; it is right at the steps after it, up to {last}" if fact.step < last else ""
    return (
        f"going backwards, the gradient of the pre-activations{which}{some} is first wrong at "
        f"step {fact.step}{later or ', the last'}"
    )


def _sum(fact: WrongSum) -> str:
    right = f"the gradients of the pre-activations are right (that of {fact.witness} is), "
    right = right if fact.witness else ""
    if not fact.kept:
        return f"{right}the sum over steps that makes the gradient of {fact.parameter} is wrong"
    steps = f"step{'s' if len(fact.kept) > 1 else ''} {_and([str(s) for s in fact.kept])}"
    return (
        f"{right}{'but ' if right else ''}of the {fact.steps} shares of the gradient of "
        f"{fact.parameter} only that of {steps} is there: is it assigned where it should be added?"
    )


def finding_of_fact(fact: Fact, cases: int) -> Finding:
    """The finding of a fact that holds on so many cases."""
    return Finding(words_of(fact), "certain", cases=cases)


def with_line(formula: Finding, line: Finding) -> Finding:
    """What a formula says, with the line whose edit has the same effect."""
    sentence = f"{formula.sentence}; {line.sentence}"
    return replace(line, sentence=sentence, confidence=formula.confidence)


def in_other_words(finding: Finding, cut: OtherTruncation | None) -> Finding:
    """A finding with the truncation that gives the same gradients, if there is one."""
    if cut is None:
        return finding
    sentence = f"{finding.sentence}; in other words, {words_of(cut)}"
    return replace(finding, sentence=sentence, confidence="one of several")


def with_condition(finding: Finding, condition: Condition | None) -> Finding:
    """A finding with the condition under which the mistake is made, if there is one."""
    if condition is None:
        return finding
    return replace(
        finding,
        sentence=f"{finding.sentence}; {_condition(condition)}",
        condition=condition.rule,
        confidence=finding.confidence if condition.confirmed else "likely",
    )


def hints(
    first: FirstError | None, condition: Condition | None, wrong: Sequence[Trial]
) -> tuple[Finding, ...]:
    """Where the error begins, and when there is one; nothing if neither is known."""
    parts = [words_of(first)] if first else []
    parts += [_condition(condition)] if condition else []
    if not parts:
        return ()
    return (
        Finding(
            sentence="; ".join(parts),
            confidence="hint",
            parameters=tuple(sorted({name for trial in wrong for name, _ in trial.wrong})),
            cases=len(wrong),
            condition=condition.rule if condition else "",
        ),
    )


def finding_of(explained: Explanation, trials: Sequence[Trial]) -> Finding:
    """The finding of an explanation that holds on these trials."""
    model, first = trials[0].case.model, explained.edits[0]
    names = fully_explained(explained.explained, explained.left)
    equations = equations_of(model, [n for e in explained.edits for n in e.equations])
    return Finding(
        sentence=_sentence(explained, names, trials),
        confidence=confidence(explained, trials),
        parameters=tuple(names),
        cases=len(trials),
        right="; ".join(e.right for e in explained.edits),
        wrong="; ".join(e.wrong for e in explained.edits),
        equations=equations,
        place=place_of(model, first.change.function, equations),
        alternatives=tuple(e.phrase for e in explained.alternatives[:SHOWN]),
    )


def confidence(explained: Explanation, trials: Sequence[Trial]) -> str:
    """How far an explanation can be trusted: one of `finding.CONFIDENCE`."""
    if explained.left or len(explained.edits) > 1 or len(trials) < 2:
        return "likely"
    return "one of several" if other_meanings(explained) else "certain"


def other_meanings(explained: Explanation) -> list[Entry]:
    """Alternatives that are other mistakes, not other ways to write the same one.

    Beside a named mistake that is another named one; beside an edit of a line, an edit of a line
    that computes something else.
    """
    first = explained.edits[0]
    if first.kind:
        return [e for e in explained.alternatives if e.kind]
    return [e for e in explained.alternatives if e.kind or e.target != first.target]


def _sentence(explained: Explanation, names: Sequence[str], trials: Sequence[Trial]) -> str:
    what = f"your gradient{'s' if len(names) > 1 else ''} of {_listed(names)}"
    be = "are" if len(names) > 1 else "is"
    made = _listed([_phrase(e) for e in explained.edits], ", and ")
    on = several_cases(len(trials))
    told = [f"{what} {be} exactly what you get when {made} (on {on})"]
    if confidence(explained, trials) == "one of several":
        told.append(f"the same comes out when {other_meanings(explained)[0].phrase}")
    left = sorted({name for name, _ in explained.left})
    if left:
        told.append(f"what is wrong with {_listed(left)} is something else")
    return "; ".join(told)


def _phrase(entry: Entry) -> str:
    """What was done, and in which layer if only in one."""
    only = entry.change.only
    if only is None:
        return entry.phrase
    reverse = ", reverse direction" if only[1].endswith("_reverse") else ""
    return f"{entry.phrase}, in layer {only[0]}{reverse} only"


def several_cases(count: int) -> str:
    """`1 case`, `2 cases`."""
    return f"{count} case" if count == 1 else f"{count} cases"


def _condition(condition: Condition) -> str:
    held = condition.held
    checked = f"on {held} fresh cases too" if held else "as far as was seen"
    return f"only when {condition.rule} ({checked})"


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)


def _listed(names: Sequence[str], last: str = " and ") -> str:
    *most, end = names or [""]
    return f"{', '.join(most)}{last}{end}" if most else end
