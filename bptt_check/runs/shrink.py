"""Makes a failing case small and readable: hypothesis shrinks the spec, each size is made as small
as it may be, then the values are simplified.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..cases.any_case import AnyCase
from ..cases.case import Case, Spec, Truncation
from ..cases.design.recipe import recipe_of, work_of
from ..cases.generate import DATA_SETS, ON_REQUEST
from ..cases.model import Sizes

if TYPE_CHECKING:  # imported where something is shrunk: a run that passes goes without
    from hypothesis import strategies as st

Fails = Callable[[Case], bool]


class _StillFails(Exception):
    pass


def shrink_spec(
    spec: Spec,
    known: Mapping[Spec, bool],
    fails: Fails,
    allowed: Callable[[Spec], bool] = lambda spec: True,
    most: int = 300,
) -> Spec:
    """The smallest spec that is found that still fails, starting from the cheapest that does.

    Hypothesis shrinks sizes and words together, as if what fails in a large case failed in all
    larger ones; then every smaller value of each size is tried, as what is wrong for T = 7 may be
    right for 8.

    Args:
        spec: fails.
        known: answers for those that were checked already.
        fails: asks about others, at most `most` of them.
        allowed: whether a spec may be drawn at all.
    """
    start = min((spec, *(s for s, failed in known.items() if failed and allowed(s))), key=_cost)
    tried: dict[Spec, bool] = {start: True}
    smallest = [start]

    def test(candidate: Spec) -> bool:
        if candidate not in tried:
            if candidate in known:
                tried[candidate] = known[candidate]
            else:
                tried[candidate] = len(tried) < most and fails(candidate.build())
        return tried[candidate]

    def visit(candidate: Spec) -> None:
        if test(candidate):
            smallest.append(candidate)
            raise _StillFails

    with contextlib.suppress(_StillFails):
        _explore(_no_larger(start).filter(allowed), visit)
    return _with_each_size_smaller(smallest[-1], lambda s: allowed(s) and test(s))


def _cost(spec: Spec) -> int:
    return work_of(len(spec.model.directions), recipe_of(spec))


def _with_each_size_smaller(spec: Spec, fails: Callable[[Spec], bool]) -> Spec:
    """The spec with the least value of every size with which it fails, one size after the other."""
    for name, values in _sizes_up_to(spec).items():
        smaller = (replace(spec, sizes=replace(spec.sizes, **{name: n})) for n in values[:-1])
        spec = next(filter(fails, smaller), spec)
    return spec


def _explore(strategy: st.SearchStrategy[Spec], visit: Callable[[Spec], None]) -> None:
    """Let hypothesis find something that `visit` raises on, and shrink it; always the same way."""
    import hypothesis
    from hypothesis import HealthCheck, Phase

    @hypothesis.seed(0)
    @hypothesis.settings(
        max_examples=100,
        phases=(Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck(check) for check in HealthCheck],
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=hypothesis.Verbosity.quiet,
    )
    @hypothesis.given(strategy)
    def bptt_check_spec(spec: Spec) -> None:
        visit(spec)

    bptt_check_spec()


OFTEN = 9
"""How often a value is kept for once that it is a smaller one: so a spec is soon met as it is, and
hypothesis shrinks from there.
"""


def _no_larger(spec: Spec) -> st.SearchStrategy[Spec]:
    """Specs with no larger sizes and simpler words; shrinks to the simplest of them."""
    from hypothesis import strategies as st

    sizes = {name: _kept(values) for name, values in _sizes_up_to(spec).items()}
    cut = spec.truncation
    plain = {f.name: f.default for f in fields(Spec) if f.name in ("regime", *_PLAIN)}
    words = {n: _kept([*{plain[n]: 0, getattr(spec, n): 0}]) for n in plain}
    return st.builds(
        functools.partial(_changed, spec),
        sizes=st.builds(Sizes, **sizes),
        truncation=st.none()
        if cut is None
        else st.builds(Truncation, k1=_kept(_smaller(cut.k1)), k2=_kept(_smaller(cut.k2))),
        lengths=_kept([*{True: 0, spec.lengths: 0}]) if spec.lengths else st.just(False),
        seed=_kept([n for n in (0, 1, 2) if n < spec.seed] + [spec.seed]),
        **({} if spec.regime in (*ON_REQUEST, *DATA_SETS) else words),
    )


def _sizes_up_to(spec: Spec) -> dict[str, list[int]]:
    """For every size the values that are tried, its own last."""
    one_class = 2 if spec.model.loss == "cross_entropy" else 1
    of_data = "TBDO" if spec.regime in DATA_SETS else ""  # a data set has sizes of its own
    return {
        n: [size] if n in of_data else _smaller(size, one_class if n == "O" else 1)
        for n, size in asdict(spec.sizes).items()
    }


def _changed(spec: Spec, **changes: Any) -> Spec:
    return replace(spec, **changes)


_PLAIN = ("inputs", "initial_state", "layout")


def _kept(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    """One of the values, mostly the last; shrinks to the first."""
    from hypothesis import strategies as st

    return st.sampled_from([*values, *[values[-1]] * (OFTEN * (len(values) - 1))])


def _smaller(size: int, least: int = 1) -> list[int]:
    """Sizes up to a size, that one last; of many those at which something may change."""
    beside = {n for k in range(3, 12) for n in (2**k - 1, 2**k, 2**k + 1)}
    sizes = {*range(least, 13), *beside, size // 2, size // 2 + 1, size - 2, size - 1, size}
    return sorted(n for n in sizes if least <= n <= size)


def simplify(case: AnyCase, fails: Callable[[AnyCase], bool], most: int = 200) -> AnyCase:
    """The case with values zeroed and rounded for as long as it still fails, in at most `most`
    tries.
    """
    tries = 0
    for name in case.inputs:
        for simpler in _simpler(case.inputs[name]):
            if tries >= most:
                return case
            if np.array_equal(simpler, case.inputs[name]):
                break
            tries += 1
            candidate = case.with_inputs({name: simpler})
            if fails(candidate):
                case = candidate
                break
    return case


def _simpler(array: NDArray[np.floating]) -> Iterator[NDArray[np.floating]]:
    """Simpler versions of an array, the simplest first; ends with the array itself."""
    yield np.zeros_like(array)
    yield np.sign(array)
    for decimals in range(3):
        yield np.round(array, decimals)
    yield array
