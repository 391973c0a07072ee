"""The words of what a search found: a fact as a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from ..cases.case import Truncation
from ..cases.model import HEAD
from .call_facts import (
    AddedUp,
    AnswersInTurn,
    CarriedState,
    NeverGiven,
    OwnRandomNumbers,
    UnusedInputs,
)
from .call_wording import (
    listed,
    never_given_in_words,
    repeated_calls_in_words,
    unused_in_words,
)
from .facts import (
    ClippedInLoop,
    ClippedToNorm,
    ClippedToValues,
    CommonFactor,
    EpsilonForm,
    EpsilonInLoss,
    Fact,
    FactorOfSome,
    FirstError,
    OtherLayout,
    OtherTruncation,
    TruncationMade,
    WeightDecay,
    WindowChange,
    WrongCotangent,
    WrongSum,
    ZeroGradients,
)


def words_of(fact: Fact) -> str:
    """A fact as a sentence."""
    match fact:
        case CommonFactor():
            return _factor(fact)
        case FactorOfSome():
            return _factor_of_some(fact)
        case ZeroGradients():
            return _zero(fact)
        case UnusedInputs():
            return unused_in_words(fact)
        case NeverGiven():
            return never_given_in_words(fact)
        case AddedUp() | CarriedState() | AnswersInTurn() | OwnRandomNumbers():
            return repeated_calls_in_words(fact)
        case WeightDecay():
            return _decay(fact)
        case EpsilonInLoss():
            return _epsilon(fact)
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
    scale = ": a scale of the loss that is never taken out?" if fact.loss_scale else ""
    return f"{what} {' or '.join(fact.factors)} times the right one{option}{scale}"


def _factor_of_some(fact: FactorOfSome) -> str:
    return (
        f"{_gradients(fact.names)} {' or '.join(fact.factors)} times the right "
        f"{'ones' if len(fact.names) > 1 else 'one'}, while the loss and all other gradients are "
        "right"
    )


def _zero(fact: ZeroGradients) -> str:
    if not fact.names:
        return (
            "every gradient is zero: are they kept? (a `.grad` that is reset before it is read, "
            "buffers that nothing is added to)"
        )
    return f"{_gradients(fact.names)} zero, and all others are right: are they ever written?"


def _decay(fact: WeightDecay) -> str:
    several = len(fact.names) > 1
    added = (
        f"{fact.rate:g} times the parameter {'itself is' if not several else 'is'} added to the "
        f"gradient{'s' if several else ''} of {listed(fact.names)} (weight decay)"
    )
    if not fact.in_loss:
        return f"{added}, of which the loss knows nothing: add it in the update, not here"
    return (
        f"{added}, and {fact.rate / 2:g} times the sum of squares to the loss: that is the "
        "derivative of your loss, but not the loss of this model; check it without"
    )


_INSIDE = {
    EpsilonForm.ADDED: "{p} + {eps}",
    EpsilonForm.FLOOR: "max({p}, {eps})",
    EpsilonForm.CLIPPED: "clip({p}, {eps}, 1 - {eps})",
}
"""What stands inside the logarithm."""


def _epsilon(fact: EpsilonInLoss) -> str:
    probabilities = ("p", "1 - p") if fact.complements else ("p",)
    inside = [_INSIDE[fact.form].format(p=p, eps=f"{fact.epsilon:.3g}") for p in probabilities]
    logs = " and ".join(f"log({text})" for text in inside)
    whose = {
        "model": "; your gradients are those of the loss without it",
        "own": "; your gradients are those of this loss",
    }
    way = "softplus of the logits" if fact.complements else "log-softmax of the logits"
    return (
        f"your loss is made of {logs}: the epsilon makes it another loss"
        f"{whose.get(fact.gradients, '')}; the {way} needs none"
    )


def _gradients(names: Sequence[str]) -> str:
    """`the gradient of b_h is`, `the gradients of W_hh and b_h are`."""
    several = len(names) > 1
    return f"the gradient{'s' if several else ''} of {listed(names)} {'are' if several else 'is'}"


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


_CHUNKS = {
    WindowChange.DETACHED: (
        "the state is detached every {k} steps, and the losses of the last, shorter chunk do not "
        "go back into the one before"
    ),
    WindowChange.DETACHED_FROM_END: (
        "the way back is cut every {k} steps, counted from the end, so that the first chunk is the "
        "shorter one"
    ),
    WindowChange.DETACHED_EARLY: (
        "the state is detached after {before} steps and then every {k} steps, so that the first "
        "chunk is the shorter one"
    ),
    WindowChange.DETACHED_H: "h is detached every {k} steps, c is not",
    WindowChange.DETACHED_C: "c is detached every {k} steps, h is not",
    WindowChange.SHORT_CHUNK_MERGED: (
        "the state is detached every {k} steps, and the steps that are left at the end belong to "
        "the last chunk"
    ),
    WindowChange.SHORT_CHUNK_SKIPPED: (
        "the state is detached every {k} steps, and the last, shorter chunk is skipped"
    ),
}
"""How chunks of a constant number of steps are cut."""


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
    if made.change in _CHUNKS:
        chunks = f"chunks of {made.k1} steps, each cut off from the one before it"
        return f"{chunks}: {_CHUNKS[made.change].format(k=made.k1, before=made.k1 - 1)}"
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
    head = [n for n in names if n in HEAD]
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


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)
