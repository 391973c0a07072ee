"""Note 001: an Elman network U, W, V with softmax; closed double sums, and the update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from bptt_check.cases.model import Model, Sizes
from bptt_check.cases.targets import PRESETS, Target
from bptt_check.cases.types import Array

from .entry import Entry, Formula, Update
from .unrolled import Grads, Unrolled, require

SOURCE = "Note 001, notes on an Elman network with softmax"
MODEL = Model("rnn", bias=False)
AS_MANY_OUTPUTS = Target("Elman softmax, O = H", MODEL, sizes=Sizes(T=3, B=2, D=2, H=3, O=3))
SQUARE = Target("Elman softmax, D = H = O", MODEL, sizes=Sizes(T=2, B=2, D=3, H=3, O=3))
(ANY_SIZE,) = PRESETS["elman_softmax"]

W, U = "W_hh_l0", "W_xh_l0"
PRODUCT = "[ Π(m=k+1…i) Wᵀ diag(1 − hₘ²) ]"
RIGHT = f"Σ(i=1…T) Σ(k=1…i) diag(1 − hₖ²) {PRODUCT} Vᵀ(ŷᵢ − yᵢ) ⊗"
RIGHT_W, RIGHT_U = f"∂L/∂W = {RIGHT} hₖ₋₁", f"∂L/∂U = {RIGHT} xₖ"
ASCENDING = "with the factors from left to right in the order of rising m"


def double_sums(
    run: Unrolled,
    *,
    names: Sequence[str] = (W, U),
    output_weight: bool = True,
    own_slope: bool = True,
    error_on_the_left: bool = False,
    first: int = 1,
) -> Grads:
    """The closed sums for W (2.4) and U (2.5), over losses i and uses k.

    Args:
        names: of the weights.
        output_weight: with `V^T` in front of the output error.
        own_slope: with `diag(1 - h_k^2)` of step k itself.
        error_on_the_left: the error is a row in front of the product, not a column behind it.
        first: where both sums start.
    """
    H, used = len(run.W_hh), {W: run.h_prev, U: run.x_t}
    total = {n: np.zeros((H, len(used[n](1)))) for n in names}
    for i in range(first, run.T + 1):
        error = run.own(i) if output_weight else _bare_error(run, i)
        for k in range(first, i + 1):
            product = np.eye(H)
            for m in range(k + 1, i + 1):
                product = product @ (run.W_hh.T @ run.diag(m))
            flow = error @ product if error_on_the_left else product @ error
            flow = run.diag(k) @ flow if own_slope else flow
            for n in names:
                total[n] += np.outer(flow, used[n](k))
    return total


def _bare_error(run: Unrolled, i: int) -> Array:
    """`yhat_i - y_i` where a derivative by h_i belongs."""
    require(len(run.W_hy) == len(run.W_hh), "as many outputs as hidden units: O = H")
    return run.error[i]


def output_sum(run: Unrolled) -> Grads:
    """`sum_i (yhat_i - y_i) (x) h_i`."""
    total = np.zeros_like(run.W_hy)
    for i in range(1, run.T + 1):
        total += np.outer(run.error[i], run.h[i])
    return {"W_hy": total}


def closed_sums(run: Unrolled) -> Grads:
    """All three weights: a whole gradient without any recursion."""
    return output_sum(run) | double_sums(run)


def update_from(start_of_V: str) -> Update:
    """The gradient step in which V starts from the parameter named."""

    def update(
        params: Mapping[str, Array], grads: Mapping[str, Array], learning_rate: float
    ) -> dict[str, Array]:
        V = params[start_of_V]
        require(V.shape == params["W_hy"].shape, "D = H = O, so that U and V have one shape")
        return {
            W: params[W] - learning_rate * grads[W],
            "W_hy": V - learning_rate * grads["W_hy"],
            U: params[U] - learning_rate * grads[U],
        }

    return update


OUTPUT = Formula(
    name="001-output-weight",
    title="Output weight V",
    source=f"{SOURCE}, update rule for V",
    printed="∂L/∂V = Σ(i) (ŷᵢ − yᵢ) ⊗ hᵢ,  i over all steps",
    fault="Nothing is wrong: this is the gradient.",
)
RECURRENT = Formula(
    name="001-recurrent-weight",
    title="Recurrent weight W",
    source=f"{SOURCE}, closed double sum, equation 2.4",
    printed=f"∂L/∂W = Σ(i=1…T) Σ(k=1…i) (ŷᵢ − yᵢ) {PRODUCT} ⊗ hₖ₋₁",
    fault=(
        "Two factors are missing. ŷᵢ − yᵢ is the derivative by the logits; by hᵢ it is "
        "Vᵀ(ŷᵢ − yᵢ), and without Vᵀ the shapes fit only where O = H. And step k itself has a "
        "tanh: the explicit derivative carries diag(1 − hₖ²), not hₖ₋₁ alone. Putting back one of "
        "the two is not enough."
    ),
    corrected=f"{RIGHT_W}\n{ASCENDING}",
)
INPUT = Formula(
    name="001-input-weight",
    title="Input weight U",
    source=f"{SOURCE}, closed double sum, equation 2.5",
    printed=f"∂L/∂U = Σ(i=1…T) Σ(k=1…i) (ŷᵢ − yᵢ) {PRODUCT} ⊗ xₖ",
    fault=(
        "The same two factors are missing as for W: Vᵀ in front of the error, and diag(1 − hₖ²) "
        "of step k."
    ),
    corrected=f"{RIGHT_U}\n{ASCENDING}",
)
ORDER = Formula(
    name="001-error-on-the-left",
    title="Side of the output error",
    source=f"{SOURCE}, equations 2.4 and 2.5 with their missing factors, in the order printed",
    printed=(
        f"∂L/∂W = Σ(i=1…T) Σ(k=1…i) (Vᵀ(ŷᵢ − yᵢ))ᵀ {PRODUCT} diag(1 − hₖ²) ⊗ hₖ₋₁\n"
        f"∂L/∂U = the same with xₖ;  {ASCENDING}"
    ),
    fault=(
        "A third slip that the missing factors hide: Wᵀ diag(1 − hₘ²) carries a column back "
        "from step m to step m − 1, so the error belongs behind the product. In front of it, as a "
        "row, it meets the transposed product. One hidden unit does not show it."
    ),
    corrected=f"{RIGHT_W}\n{RIGHT_U}\n{ASCENDING}",
)
FIRST_STEP = Formula(
    name="001-first-step",
    title="Where the sums start",
    source=f"{SOURCE}, ranges of equations 2.3 to 2.5, with the factors put right",
    printed=(f"L = Σ(i=0…T) Lᵢ\n{RIGHT_W}\n{RIGHT_U}"),
    fault=(
        "The loss, and the sum for V, start at step 0, those for W and U at step 1: the use of U "
        "at step 0 is lost, and that of W too unless the initial state is zero. Read with one "
        "numbering throughout, as the other entries do, the ranges are right."
    ),
    corrected=f"{RIGHT_W}\n{RIGHT_U}\nL = Σ(i=1…T) Lᵢ",
)
CLOSED = Formula(
    name="001-closed-sums",
    title="All three weights in closed form",
    source=f"{SOURCE}, all closed sums, corrected",
    printed="The three sums above.",
    fault=(
        "Corrected, the sums are a whole hand-written gradient without any recursion, right for "
        "all sizes."
    ),
    corrected=f"∂L/∂V = Σ(i=1…T) (ŷᵢ − yᵢ) ⊗ hᵢ\n{RIGHT_W}\n{RIGHT_U}",
)
UPDATE = Formula(
    name="001-update",
    title="Gradient step",
    source=f"{SOURCE}, update of the weights",
    printed="W ← W − α ∂L/∂W\nV ← U − α ∂L/∂V\nU ← U − α ∂L/∂U",
    fault="V starts from U. The shapes fit only where D = H = O, and there nothing else stops it.",
    corrected="W ← W − α ∂L/∂W\nV ← V − α ∂L/∂V\nU ← U − α ∂L/∂U",
)

COLUMN = "The product acts on the error as on a column: the charitable reading."
FROM_ZERO = "The first step of the sequence is the text's step 0."
BARE = partial(double_sums, output_weight=False, own_slope=False)
ON_THE_LEFT = partial(double_sums, error_on_the_left=True)
ONLY_W, ONLY_U = partial(double_sums, names=(W,)), partial(double_sums, names=(U,))
ENTRIES = (
    Entry(OUTPUT, "as-printed", ANY_SIZE, gradients=output_sum),
    Entry(RECURRENT, "printed", AS_MANY_OUTPUTS, (W,), COLUMN, partial(BARE, names=(W,))),
    Entry(RECURRENT, "corrected", AS_MANY_OUTPUTS, gradients=ONLY_W),
    Entry(INPUT, "printed", AS_MANY_OUTPUTS, (U,), COLUMN, partial(BARE, names=(U,))),
    Entry(INPUT, "corrected", AS_MANY_OUTPUTS, gradients=ONLY_U),
    Entry(ORDER, "printed-half-mended", AS_MANY_OUTPUTS, (W, U), gradients=ON_THE_LEFT),
    Entry(ORDER, "corrected", AS_MANY_OUTPUTS, gradients=double_sums),
    Entry(
        FIRST_STEP,
        "printed-half-mended",
        ANY_SIZE,
        (W, U),
        FROM_ZERO,
        partial(double_sums, first=2),
    ),
    Entry(FIRST_STEP, "corrected", ANY_SIZE, gradients=double_sums),
    Entry(CLOSED, "corrected", ANY_SIZE, gradients=closed_sums),
    Entry(UPDATE, "printed", SQUARE, ("update",), update=update_from(U)),
    Entry(UPDATE, "corrected", SQUARE, update=update_from("W_hy")),
)
