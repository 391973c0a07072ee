"""Hypothesis strategies that draw models, sizes, specs and cases. Public, composable, keyword-only.

Everything shrinks to the simplest: T = B = D = H = 1, seed 0, regime normal, no lengths. What is
drawn is a small `Spec`; the numbers come from `Spec.build`, so a thousand entries cost no more than
one.

    @given(cases(models=["lstm"], max_T=6))
    def test_my_kernel(case): ...
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import strategies as st

from .cases.case import DTYPES, Case, Spec, Truncation
from .cases.generate import REGIMES
from .cases.model import Model, Sizes, families


def models(*, names: Iterable[str] | None = None) -> st.SearchStrategy[Model]:
    """One of the named models; of the families without modifiers if none is named."""
    return _named_models(names)


def _named_models(names: Iterable[str] | None) -> st.SearchStrategy[Model]:
    """`models`, for where that is the name of an argument."""
    return st.sampled_from([Model.parse(n) for n in (names or families())])


def sizes(
    *,
    max_T: int = 16,
    max_B: int = 4,
    max_D: int = 5,
    max_H: int = 5,
    max_O: int = 4,
    min_O: int = 1,
) -> st.SearchStrategy[Sizes]:
    """Sizes between 1 and the given bounds; T = 1, 2 and 3 often, since bugs hide there."""
    return st.builds(
        Sizes,
        T=_up_to(max_T, [1, 2, 3] * (max_T // 8)),
        B=_up_to(max_B, range(2, max_B + 1)),
        D=_up_to(max_D, range(2, max_D + 1)),
        H=_up_to(max_H, range(2, max_H + 1)),
        O=_up_to(max(min_O, max_O), start=min_O),
    )


def _up_to(most: int, again: Iterable[int] = (), start: int = 1) -> st.SearchStrategy[int]:
    """start..most, some of them with more weight; shrinks to `start`."""
    return st.sampled_from(sorted([*range(start, most + 1), *(n for n in again if n <= most)]))


def truncations(*, max_T: int = 16) -> st.SearchStrategy[Truncation]:
    """Any k1 and k2 from 1 to a little beyond the longest sequence."""
    steps = st.integers(1, max_T + 2)
    return st.builds(Truncation, k1=steps, k2=steps)


@st.composite
def specs(
    draw: st.DrawFn,
    *,
    model: Model | st.SearchStrategy[Model] | None = None,
    dtypes: Sequence[str] = DTYPES[:1],
    regimes: Sequence[str] = REGIMES,
    max_T: int = 16,
    lengths: bool | None = False,
    truncation: bool | None = False,
) -> Spec:
    """Specs of one model, or of models drawn from a strategy.

    Args:
        model: a `Model`, a strategy of them, or None for any family.
        dtypes, regimes: drawn from these; the first is the simplest.
        max_T: longest sequence.
        lengths, truncation: True always, False never, None either way.
    """
    chosen = model if isinstance(model, Model) else draw(models() if model is None else model)
    # with one class the cross-entropy is the constant 0 and shows nothing
    size = draw(sizes(max_T=max_T, min_O=2 if chosen.loss == "cross_entropy" else 1))
    either = st.booleans()
    cut = False if chosen.bidirectional else draw(either) if truncation is None else truncation
    return Spec(
        model=chosen,
        sizes=size,
        truncation=draw(truncations(max_T=size.T)) if cut else None,
        dtype=draw(st.sampled_from(list(dtypes))),
        regime=draw(st.sampled_from(list(regimes))),
        lengths=draw(either) if lengths is None else lengths,
        seed=draw(st.sampled_from(range(2**16))),
    )


def cases(
    *,
    models: Sequence[str] | None = None,
    dtypes: Sequence[str] = DTYPES[:1],
    regimes: Sequence[str] = REGIMES,
    max_T: int = 16,
) -> st.SearchStrategy[Case]:
    """Built cases of the named models; `case.spec` reproduces each in one line."""
    drawn = specs(model=_named_models(models), dtypes=dtypes, regimes=regimes, max_T=max_T)
    return drawn.map(lambda spec: spec.build())
