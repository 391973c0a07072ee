"""Code of every shape becomes a subject, and what it gets wrong is named in its own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import bptt_reference
import numpy as np
import pytest
from bptt_reference import loss_and_grads
from support.diagnosed import sentence_of

import bptt_check as bc
from bptt_check.conventions.expression import in_own_names
from bptt_check.conventions.per_sequence import single_sequences
from bptt_check.diagnosis.truncation import which_truncation
from bptt_check.equations.exact import exact_gradients, exact_loss
from bptt_check.errors import SpecError

PLAIN = bc.Convention()
NAMES = ("W_xh_l0", "W_hh_l0", "b_h_l0", "W_hy", "b_y")
SPEC = bc.Spec(bc.Model("rnn", loss="mse"), bc.Sizes(4, 2, 3, 2, 2), seed=1)
Reference: Any = loss_and_grads


def verdict(subject: Any, case: bc.Case | None = None) -> bc.CaseReport:
    """The judgement of one case by one exact oracle."""
    return bc.check(subject, SPEC.build() if case is None else case, oracles=["complex_step"])


def in_tuple(*arguments: Any) -> tuple[Any, ...]:
    """Loss and the gradients of `NAMES` in order, from arrays in this order: x, h0, targets."""
    x, h0, targets, *params = arguments
    given = dict(zip(NAMES, params, strict=True))
    case = bc.Case(SPEC.model, given, x=x, h0=h0, targets=targets)
    loss, grads = Reference(case)
    return (loss, *(grads[n] for n in NAMES))


ARGUMENTS = "x h0 targets " + " ".join(NAMES)


class Net:
    """A class that leaves its gradients in attributes, or in a dict."""

    def __init__(self, outputs: int) -> None:
        self.outputs = outputs
        self.grads: dict[str, Any] = {}

    def forward(self, x: Any, h0: Any, targets: Any) -> float:
        """The loss; everything is kept."""
        arrays = [getattr(self, n) for n in NAMES]
        loss, *found = in_tuple(x, h0, targets, *arrays)
        self.found = dict(zip(NAMES, found, strict=True))
        return loss

    def backward(self) -> None:
        """Into attributes and into the dict."""
        for name, gradient in self.found.items():
            setattr(self, f"d{name}", gradient)
            self.grads[name] = gradient


def filled(view_of_params: dict[str, Any], x: Any, h0: Any, targets: Any, grads: Any) -> float:
    """Adds the gradients up in buffers."""
    loss, *found = in_tuple(x, h0, targets, *(view_of_params[n] for n in NAMES))
    for name, gradient in zip(NAMES, found, strict=True):
        grads[name] += gradient
    return loss


def forward(x: Any, h0: Any, W: Any, U: Any, b: Any) -> tuple[Any, Any]:
    """A kernel without head: states (T, B, H) and a cache."""
    h = [h0[0]]
    for x_t in x:
        h.append(np.tanh(x_t @ W.T + h[-1] @ U.T + b))
    return np.stack(h[1:]), (x, h, W, U)


def backward(dh: Any, cache: Any) -> dict[str, Any]:
    """Its gradients by name."""
    x, h, W, U = cache
    dx, da, carried = np.zeros_like(x), np.zeros((*x.shape[:2], len(U)), x.dtype), 0.0
    for t in reversed(range(len(x))):
        da[t] = (dh[t] + carried) * (1 - h[t + 1] ** 2)
        carried, dx[t] = da[t] @ U, da[t] @ W
    dW, dU = (np.einsum("tbh,tbd->hd", da, np.stack(a)) for a in (x, h[:-1]))
    return {"x": dx, "h0": carried[None], "W_xh_l0": dW, "W_hh_l0": dU, "b_h_l0": da.sum((0, 1))}


class Kernel:
    """The same kernel as a class."""

    def run(self, x: Any, h0: Any) -> Any:
        """States only."""
        h, self.cache = forward(x, h0, self.W_xh_l0, self.W_hh_l0, self.b_h_l0)  # type: ignore[attr-defined]
        return h

    def pull(self, dh: Any) -> None:
        """Into one dict."""
        self.grads = backward(dh, self.cache)


KERNEL: dict[str, Any] = {"backward": backward, "arguments": "x h0 W_xh_l0 W_hh_l0 b_h_l0"}
FORMS: dict[str, Callable[[], Any]] = {
    "of a view": lambda: PLAIN.adapt(loss_and_grads),
    "decorated": lambda: PLAIN.adapt(name="decorated")(loss_and_grads),
    "a Result": lambda: PLAIN.adapt(lambda view: bc.Result(*Reference(view))),
    "a tuple": lambda: PLAIN.adapt(in_tuple, arguments=ARGUMENTS, returns=NAMES),
    "loss and a tuple": lambda: PLAIN.adapt(
        lambda *a: (in_tuple(*a)[0], in_tuple(*a)[1:]), arguments=ARGUMENTS, returns=NAMES
    ),
    "buffers": lambda: PLAIN.adapt(
        filled, arguments="params, x, h0, targets, grads", returns=NAMES
    ),
    "attributes": lambda: PLAIN.adapt(
        Net, arguments="O", calls=("forward x h0 targets", "backward"), attributes="d{name}"
    ),
    "a dict in an attribute": lambda: PLAIN.adapt(
        Net, arguments="O", calls=("forward x h0 targets", "backward"), attributes="grads[{name}]"
    ),
    "a kernel": lambda: PLAIN.adapt(forward, **KERNEL),
    "a kernel in a class": lambda: PLAIN.adapt(
        Kernel, calls=("run x h0", "pull dh"), attributes="grads[{name}]"
    ),
}


@pytest.mark.parametrize("what", FORMS)
def test_right_code_of_this_form_passes(what: str) -> None:
    """Loss and all gradients arrive."""
    report = verdict(FORMS[what]())

    assert report.verdict == "pass", report.message
    assert set(NAMES) <= {r.parameter for r in report.rows if r.verdict == "pass"}


def wrong(case: bc.Case) -> Any:
    """The reference with 1.5 times the gradient of `W_hh`."""
    loss, grads = bptt_reference.loss_and_grads(case)
    return loss, grads | {"W_hh_l0": 1.5 * grads["W_hh_l0"]}


@pytest.mark.parametrize("what", FORMS)
def test_wrong_code_of_this_form_fails(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with one gradient wrong is found, and that gradient alone is named."""
    monkeypatch.setitem(globals(), "Reference", wrong)
    monkeypatch.setitem(globals(), "loss_and_grads", wrong)
    right = backward

    def turned(dh: Any, cache: Any) -> dict[str, Any]:
        found = right(dh, cache)
        return found | {"W_hh_l0": 1.5 * found["W_hh_l0"]}

    monkeypatch.setitem(globals(), "backward", turned)
    monkeypatch.setitem(KERNEL, "backward", turned)

    report = verdict(FORMS[what]())

    assert report.verdict == "fail"
    assert "the gradient of W_hh_l0 is wrong" in report.message


@pytest.mark.parametrize("model", ["rnn-tanh", "rnn-tanh+linear", "rnn-tanh+mse+mean+last"])
@pytest.mark.parametrize("lengths", [False, True])
def test_a_kernel_gets_every_loss(model: str, lengths: bool) -> None:
    """Head, readout, lengths and cotangents of the final state are supplied."""
    sizes = bc.Sizes(4, 3, 3, 2, 3)
    case = bc.Spec(bc.Model.parse(model), sizes, seed=1, lengths=lengths).build()

    report = verdict(PLAIN.adapt(forward, **KERNEL), case)

    assert report.verdict == "pass", report.message


def test_a_kernel_cannot_carry_every_cotangent() -> None:
    """Final states of an LSTM or of lower layers do not go through dh: declined."""
    subject = PLAIN.adapt(forward, **KERNEL)

    assert not subject.supports(bc.Model.parse("lstm+linear"))
    assert not subject.supports(bc.Model.parse("rnn-tanh+2layers+linear"))
    assert subject.supports(bc.Model.parse("lstm+mse"))
    with pytest.raises(SpecError, match="cotangents of final states that dh alone cannot carry"):
        PLAIN.adapt(forward, **KERNEL, models=["lstm+linear"])


@pytest.mark.parametrize("model", ["lstm+mean", "gru+mse+mean+last", "rnn-tanh+linear"])
@pytest.mark.parametrize("lengths", [False, True])
def test_sequences_one_by_one_add_up_to_the_case(model: str, lengths: bool) -> None:
    """Loss and gradients of the whole, exactly as weighted."""
    case = bc.Spec(bc.Model.parse(model), bc.Sizes(4, 3, 2, 2, 2), lengths=lengths, seed=2).build()

    singles = list(single_sequences(case))

    assert sum(w * exact_loss(c) for _, c, w in singles) == pytest.approx(exact_loss(case))
    summed = sum(w * exact_gradients(c)["W_hh_l0"] for _, c, w in singles)
    assert np.allclose(summed, exact_gradients(case)["W_hh_l0"])


@pytest.mark.parametrize("lengths", [False, True])
def test_code_without_a_batch_passes_on_batches(lengths: bool) -> None:
    """It sees one sequence at a time, of its own length, and its gradients are added up."""

    def single(view: Any) -> Any:
        assert view.x.ndim == 2
        assert view.lengths is None
        one = view.case
        loss, grads = Reference(one)
        grads |= {"x": grads["x"][:, 0], "h0": grads["h0"][:, 0]}
        return loss, grads

    model = bc.Model("rnn", loss="mse", reduction="mean")
    case = bc.Spec(model, bc.Sizes(4, 3, 2, 2, 2), lengths=lengths, seed=2).build()

    report = verdict(bc.Convention(batch="none").adapt(single), case)

    assert report.verdict == "pass", report.message


SCALES: dict[str, tuple[dict[str, Any], Callable[[bc.Case], float], float]] = {
    "half": ({"loss_factor": "1/2"}, lambda case: 0.5, 1.0),
    "per sequence": ({"loss_factor": "1/B"}, lambda case: 1 / 2, 1.0),
    "always a mean": ({"reduction": "mean"}, lambda case: 1 / (4 * 2 * 2), 1.0),
    "ready to be added": ({"gradient_factor": "-1"}, lambda case: 1.0, -1.0),
    "both": ({"loss_factor": "2", "gradient_factor": "-1"}, lambda case: 2.0, -1.0),
}


def scaled(factor: Callable[[bc.Case], float], of_gradient: float) -> Callable[[Any], Any]:
    """The reference with another size of loss and gradients."""

    def subject(view: Any) -> Any:
        loss, grads = Reference(view.case)
        c = factor(view.case)
        return c * loss, {n: of_gradient * c * g for n, g in grads.items()}

    return subject


@pytest.mark.parametrize("what", SCALES)
def test_a_declared_size_of_the_loss_is_taken_out(what: str) -> None:
    """With the option it passes, without it fails."""
    options, factor, of_gradient = SCALES[what]
    code = scaled(factor, of_gradient)

    assert verdict(bc.Convention(**options).adapt(code)).verdict == "pass"
    assert verdict(PLAIN.adapt(code)).verdict == "fail"


def test_a_sum_is_asked_of_code_that_always_sums() -> None:
    """A case with a mean divides what comes back; one with a sum leaves it."""

    def summing(view: Any) -> Any:
        return Reference(replace(view.case, model=bc.Model("rnn", loss="mse"), spec=None))

    subject = bc.Convention(reduction="sum").adapt(summing)
    mean = bc.Spec(bc.Model("rnn", loss="mse", reduction="mean"), SPEC.sizes, seed=1).build()

    assert verdict(subject).verdict == "pass"
    assert verdict(subject, mean).verdict == "pass"


def test_gradients_may_be_in_a_convention_of_their_own() -> None:
    """`gradients` is the convention in which they come back."""
    transposing = bc.Convention(gradients=bc.Convention(transposed=("W_xh",)))

    def code(view: Any) -> Any:
        loss, grads = Reference(view)
        return loss, grads | {"W_xh_l0": grads["W_xh_l0"].T}

    assert verdict(transposing.adapt(code)).verdict == "pass"
    assert verdict(PLAIN.adapt(code)).verdict == "contract"


def without(name: str) -> Callable[[Any], Any]:
    """The reference without one gradient."""
    return lambda view: (
        Reference(view)[0],
        {n: g for n, g in Reference(view)[1].items() if n != name},
    )


def with_gradient(name: str, value: Any) -> Callable[[Any], Any]:
    """The reference with one gradient put in."""
    return lambda view: (Reference(view)[0], Reference(view)[1] | {name: value})


def writing(view: Any) -> Any:
    """Changes an input after it was used."""
    found = Reference(view)
    view.x[0, 0, 0] = 5.0
    return found


BROKEN: dict[str, tuple[Callable[[], Any], str]] = {
    "missing": (
        lambda: PLAIN.adapt(without("W_hh_l0")),
        r"the gradient of W_hh_l0 is missing, shape \(2, 2\)",
    ),
    "unknown": (
        lambda: PLAIN.adapt(with_gradient("W_ho", 0.0)),
        "no array 'W_ho' in this convention; gradients may be: W_xh_l0, W_hh_l0",
    ),
    "shape": (
        lambda: bc.Convention(transposed=True).adapt(lambda view: Reference(view.case)),
        r"the gradient of W_xh_l0 has shape \(2, 3\), not \(3, 2\)",
    ),
    "no numbers": (
        lambda: PLAIN.adapt(with_gradient("b_y", [[1.0], [2.0, 3.0]])),
        "the gradient of b_y is no array of numbers",
    ),
    "no mapping": (
        lambda: PLAIN.adapt(lambda view: (1.0, [1.0])),
        "must be a dict by name, got list",
    ),
    "no pair": (lambda: PLAIN.adapt(lambda view: 1.0), r"expected \(loss, gradients\), got float"),
    "count": (
        lambda: PLAIN.adapt(in_tuple, arguments=ARGUMENTS, returns="W_xh_l0 W_hh_l0"),
        r"expected 2 gradients \(W_xh_l0 W_hh_l0\), got 5",
    ),
    "no cache": (
        lambda: PLAIN.adapt(lambda *a: forward(*a)[0], **KERNEL),
        r"expected \(h, ..., cache\), got ndarray",
    ),
    "states of another shape": (
        lambda: PLAIN.adapt(lambda *a: (forward(*a)[0].swapaxes(0, 1), forward(*a)[1]), **KERNEL),
        r"the outputs have shape \(2, 4, 2\), not \(4, 2, 2\)",
    ),
    "written to": (lambda: PLAIN.adapt(writing), "x was written to"),
    "no attribute": (
        lambda: PLAIN.adapt(
            Net, arguments="O", calls=["forward x h0 targets"], attributes="d{name}"
        ),
        "the gradient of W_xh_l0 is missing",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_breach_is_named_in_the_codes_own_words(what: str) -> None:
    """The verdict is `contract`, and the message has the name and the shape that was expected."""
    make, message = BROKEN[what]

    report = verdict(make())

    assert report.verdict == "contract"
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(report.message)


WRONG_USE: dict[str, tuple[Callable[[], Any], str]] = {
    "no code": (lambda: PLAIN.adapt(3), "only a function or a class can be adapted, got 3"),  # type: ignore[call-overload]
    "no such option": (lambda: PLAIN.adapt(Net, call=()), "unknown option of adapt: 'call'"),  # type: ignore[call-overload]
    "class": (lambda: PLAIN.adapt(Net), "a class needs calls="),
    "attributes": (lambda: PLAIN.adapt(in_tuple, attributes="d{name}"), "is for a class"),
    "kernel": (lambda: PLAIN.adapt(forward, backward=backward), "say which arguments="),
    "mode": (lambda: PLAIN.adapt(in_tuple, handles="dropout"), "truncation and lengths, got 'dro"),
    "one model": (lambda: PLAIN.adapt(in_tuple, models="lstm"), r"models=\['lstm'\]"),
}


@pytest.mark.parametrize("what", WRONG_USE)
def test_wrong_use_of_adapt_says_what_to_do(what: str) -> None:
    """It is refused where it is written, not when the first case comes."""
    use, message = WRONG_USE[what]

    with pytest.raises(SpecError, match=message):
        use()


def test_an_unknown_argument_is_named() -> None:
    """The subject's error lists what there is."""
    report = verdict(PLAIN.adapt(in_tuple, arguments="x Whx"))

    assert report.verdict == "error"
    assert "there is no 'Whx' in this convention; there is: W_xh_l0" in report.message


DECLINED: dict[str, tuple[bc.Convention, dict[str, Any], str]] = {
    "truncated": (PLAIN, {"truncation": bc.Truncation(1, 2)}, "without handles='truncation'"),
    "lengths": (PLAIN, {"lengths": True}, "without handles='lengths'"),
    "dense": (bc.Convention(tokens=True), {}, "x is not one-hot"),
    "precision": (bc.Convention(dtype="float32"), {}, "use --dtype float32"),
}


@pytest.mark.parametrize("what", DECLINED)
def test_a_case_that_it_does_not_do_is_declined(what: str) -> None:
    """Shown with its reason, never passed."""
    convention, options, reason = DECLINED[what]
    case = bc.Spec(SPEC.model, SPEC.sizes, **options).build()

    report = verdict(convention.adapt(loss_and_grads), case)

    assert report.verdict == "unsupported"
    assert reason in report.message


@pytest.mark.parametrize("mode", [{"truncation": bc.Truncation(1, 2)}, {"lengths": True}])
def test_a_mode_that_it_handles_is_checked(mode: dict[str, Any]) -> None:
    """With `handles` the same cases are judged."""
    case = bc.Spec(SPEC.model, SPEC.sizes, **mode).build()

    report = verdict(PLAIN.adapt(loss_and_grads, handles="truncation lengths"), case)

    assert report.verdict == "pass", report.message


def test_a_kernel_does_not_pad_a_reverse_direction() -> None:
    """It would read the padding first, so that such cases are declined."""
    model = bc.Model("rnn", bidirectional=True)
    case = bc.Spec(model, SPEC.sizes, lengths=True).build()

    assert verdict(PLAIN.adapt(forward, **KERNEL), case).verdict == "unsupported"


@pytest.mark.parametrize("batch", ["second", "none"])
def test_a_loss_that_is_no_number_breaks_the_contract(batch: str) -> None:
    """Also where it is scaled and added up."""
    grads = {n: np.zeros_like(a) for n, a in SPEC.build().params.items()}
    subject = bc.Convention(loss_factor="2", batch=batch).adapt(lambda view: (None, grads))

    report = verdict(subject)

    assert report.verdict == "contract"
    assert "the loss must be a number, got None" in report.message


def hopping(case: Any) -> Any:
    """The reference going back k2 hops, which are k2 + 1 cells, for k2 of them."""
    cut = bc.Truncation(case.truncation.k1, case.truncation.k2 + 1)
    return Reference(replace(getattr(case, "case", case), truncation=cut, spec=None))


def test_code_that_counts_hops_is_told_so_and_passes_when_it_says_so() -> None:
    """The finding names the option, and under it the same code is right."""
    cases = [
        bc.Spec(SPEC.model, bc.Sizes(T, 2, 3, 2, 2), bc.Truncation(1, k), seed=T).build()
        for T, k in ((6, 3), (7, 2), (5, 1))
    ]

    sentence = sentence_of(which_truncation, hopping, cases)

    assert sentence.endswith("(do you count hops? bc.Convention(truncation='hops'))")
    declared = bc.Convention(truncation="hops").adapt(hopping, handles="truncation")
    assert [verdict(declared, case).verdict for case in cases] == ["pass"] * 3
    assert verdict(PLAIN.adapt(hopping, handles="truncation"), cases[0]).verdict == "fail"


def test_code_in_double_precision_may_serve_single() -> None:
    """Arrays in the declared dtype, gradients in the case's."""
    case = bc.Spec(SPEC.model, SPEC.sizes, dtype="float32").build()

    def code(view: Any) -> Any:
        assert view.x.dtype == np.float64
        loss, grads = Reference(view.case)
        return loss, {n: g.astype(np.float64) for n, g in grads.items()}

    assert verdict(bc.Convention(dtype="float64").adapt(code), case).verdict == "pass"
    assert verdict(PLAIN.adapt(code), case).verdict != "pass"


def test_tokens_are_verified_on_one_hot_cases() -> None:
    """Every target asks for one-hot inputs, and by its name one can ask for them too."""
    subject = bc.Convention(tokens=True).adapt(
        lambda view: (
            Reference(view.case)[0],
            {n: g for n, g in Reference(view.case)[1].items() if n != "x"},
        ),
        models=["rnn-tanh"],
    )

    report = bc.verify(subject, cases=5, oracles=["complex_step"])

    assert report.passed
    assert report.rows[0].model == "rnn-tanh+onehot"
    again = bc.verify(subject, ["rnn-tanh+onehot"], cases=5, oracles=["complex_step"])
    assert again.passed
    assert bc.verify(subject, ["rnn-tanh"], cases=5, oracles=["complex_step"]).verdict != "pass"


OWN_NAMES = {
    "renamed": (bc.conventions.cs231n, "lstm", "W_hh_l0", "W_hh_l0 is Wh in your convention"),
    "joined": (bc.Convention(joined="xh"), "lstm", "W_xh_l0", "W_xh_l0 is W_l0 in your convention"),
    "spread": (
        bc.conventions.flax, "gru", "b_hh_l0",
        "b_hh_l0 is ir/bias, iz/bias, hn/bias in your convention",
    ),
    "the same": (bc.Convention(transposed=True), "lstm", "W_hh_l0", ""),
    "no parameter": (bc.conventions.cs231n, "lstm", "loss", ""),
}  # fmt: skip


@pytest.mark.parametrize("what", OWN_NAMES)
def test_a_parameter_is_told_by_its_own_name_too(what: str) -> None:
    """Whatever array of theirs a parameter is part of."""
    convention, model, parameter, sentence = OWN_NAMES[what]
    subject = convention.adapt(lambda view: (0.0, {}))

    assert in_own_names(subject, bc.Model.parse(model), parameter) == sentence
    assert in_own_names(loss_and_grads, bc.Model.parse(model), parameter) == ""
