"""Where a subject declines a case, one that it takes is found soon, and is as alike as can be."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from support.drawn import design_of, k1, k2

from bptt_check.cases.case import Spec
from bptt_check.cases.content import content_of
from bptt_check.cases.design.alternatives import Change, alternatives
from bptt_check.cases.design.design import Design
from bptt_check.cases.design.recipe import recipe_of

CUT, PLAIN = "lstm+truncated+lengths", "lstm"


def padded(spec: Spec) -> bool:
    """Whether some sequence ends before the last step: what code sees, whatever the spec says."""
    lengths = spec.build().lengths
    return lengths is not None and bool((lengths < spec.sizes.T).any())


TAKES: tuple[tuple[str, str, Callable[[Spec], bool]], ...] = (
    ("D = O", PLAIN, lambda s: s.sizes.D == s.sizes.O),
    ("D = H", PLAIN, lambda s: s.sizes.D == s.sizes.H),
    ("B = 1", PLAIN, lambda s: s.sizes.B == 1),
    ("H a multiple of 8", PLAIN, lambda s: s.sizes.H % 8 == 0),
    ("D a multiple of 32", PLAIN, lambda s: s.sizes.D % 32 == 0),
    ("no initial state", PLAIN, lambda s: s.initial_state == "zero"),
    ("contiguous", PLAIN, lambda s: s.layout == "contiguous"),
    ("T up to 20", PLAIN, lambda s: s.sizes.T <= 20),
    ("no subnormal numbers", PLAIN, lambda s: s.inputs != "subnormal"),
    ("k1 = 1", CUT, lambda s: k1(s) == 1),
    ("k1 = k2", CUT, lambda s: k1(s) == k2(s)),
    ("whole sequences", CUT, lambda s: min(k1(s), k2(s)) >= s.sizes.T),
    ("T a multiple of k1", CUT, lambda s: s.sizes.T % k1(s) == 0),
    ("no lengths", CUT, lambda s: not padded(s)),
    (
        "a character model without initial state",
        PLAIN,
        lambda s: s.sizes.D == s.sizes.O and s.sizes.B == 1 and s.initial_state == "zero",
    ),
    (
        "chunks of a state that is not given, a batch at a time",
        CUT,
        lambda s: k1(s) == k2(s) and s.initial_state == "zero" and not padded(s),
    ),
)
IDS = [row[0] for row in TAKES]


def tries_of(
    design: Design, takes: Callable[[Spec], bool], most: int
) -> list[tuple[int, Spec, Spec]]:
    """Of every case of a run that is declined: how many others were declined before one was taken,
    the case, and that one.
    """
    first: list[tuple[Change, ...]] = []
    tries: list[tuple[int, Spec, Spec]] = []
    for declined in (spec for spec in design.specs(100) if not takes(spec)):
        offered = itertools.islice(design.alternatives(declined, first), most)
        count, changes, spec = next((n, c, s) for n, (c, s) in enumerate(offered) if takes(s))
        first = [changes, *(other for other in first if other != changes)]
        tries.append((count, declined, spec))
    return tries


@pytest.mark.parametrize(("_name", "target", "takes"), TAKES, ids=IDS)
def test_case_that_is_taken_is_found_soon(
    _name: str, target: str, takes: Callable[[Spec], bool]
) -> None:
    """Even where three things must be so at once; what was taken before is tried first."""
    tries = tries_of(design_of(target), takes, 150)

    assert len(tries) >= 3
    assert sum(count for count, *_ in tries[1:]) <= 6 * len(tries) + 60
    assert sum(count == 0 for count, *_ in tries) >= 0.7 * len(tries)


@pytest.mark.parametrize(("_name", "target", "takes"), TAKES, ids=IDS)
def test_case_that_is_taken_is_much_like_the_one_that_was_declined(
    _name: str, target: str, takes: Callable[[Spec], bool]
) -> None:
    """So that taken cases are still of all kinds; where it would be too dear, sizes get less."""
    fields = ("regime", "inputs", "lengths", "layout", "initial_state", "dtype", "seed")
    for _, declined, taken in tries_of(design_of(target), takes, 150):
        changed = sum(getattr(declined, n) != getattr(taken, n) for n in fields)
        assert changed <= 2
        assert taken.model == declined.model


@pytest.mark.parametrize(("_name", "target", "takes"), TAKES, ids=IDS)
def test_alternatives_stay_within_the_limits(
    _name: str, target: str, takes: Callable[[Spec], bool]
) -> None:
    """Of size and of cost, and each is another one."""
    design = design_of(target, within="T=2..40 H=8..33 O=D regimes=normal,tiny")
    for declined in design.specs(3):
        others = [spec for _, spec in itertools.islice(design.alternatives(declined), 150)]
        assert all(design.contains(spec) for spec in others)
        assert all(spec.sizes.O == spec.sizes.D for spec in others)
        assert all(2 <= spec.sizes.T <= 40 for spec in others)
        assert len({declined, *others}) == len(others) + 1


def test_cases_of_all_kinds_are_taken() -> None:
    """A subject for H that is a multiple of 8 is asked about small and about large ones."""
    design = design_of(PLAIN)
    tries = tries_of(design, lambda s: s.sizes.H % 8 == 0, 150)
    taken, declined = [s for *_, s in tries], [s for _, s, _ in tries]

    assert {s.sizes.H for s in taken} >= {8, 16, 32}
    assert len({s.sizes.T for s in taken}) >= 0.8 * len({s.sizes.T for s in declined})
    assert {s.layout for s in taken} == {s.layout for s in declined}


def test_changes_that_cannot_be_made_are_not_offered() -> None:
    """Where nothing may vary there is no other case."""
    design = design_of("lstm", within="T=3 B=2 D=2 H=2 O=2 regimes=normal inputs=random "
                       "initial_state=zero layouts=contiguous")  # fmt: skip
    (spec,) = design.specs(1)

    assert list(design.alternatives(spec)) == []
    assert list(design.alternatives(spec, [(("cut", "k1 = 1"),), (("H", 8),)])) == []


def test_first_changes_are_tried_first() -> None:
    """In their order, all of each at once."""
    design = design_of("gru")
    spec = Spec.parse("gru T=5 B=3 D=4 H=6 O=2 inputs=alike seed=3")
    first: list[tuple[Change, ...]] = [
        (("H", 16), ("B", "least")), (("initial_state", "zero"),), (("D", "H"), ("T", 8))
    ]  # fmt: skip
    specs = [s for _, s in itertools.islice(design.alternatives(spec, first), 3)]

    assert [str(s) for s in specs] == [
        "gru T=5 B=1 D=4 H=16 O=2 inputs=alike seed=3",
        "gru T=5 B=3 D=4 H=6 O=2 inputs=alike initial_state=zero seed=3",
        "gru T=8 B=3 D=6 H=6 O=2 inputs=alike seed=3",
    ]


def test_too_dear_an_alternative_gets_smaller_in_what_was_not_asked_for() -> None:
    """H that is a multiple of 32 leaves room for fewer steps."""
    design = design_of("gru")
    spec = Spec.parse("gru T=300 B=1 D=2 H=2 O=2 seed=3")
    _, other = next(design.alternatives(spec, [(("H", 32),)]))

    assert other.sizes.H == 32
    assert 1 <= other.sizes.T < 300
    assert design.contains(other)


@pytest.mark.parametrize("name", ["rnn-tanh", "gru+linear+lengths", "lstm+truncated"])
def test_no_alternative_has_the_numbers_of_another(name: str) -> None:
    """With one step all lengths are 1, whatever their kind: who declined one declines them all."""
    design = design_of(name, 0, "T=1,4 B=1,3 D=1,2 H=1,3")
    for declined in design.specs(6):
        others = [spec for _, spec in itertools.islice(design.alternatives(declined), 200)]
        contents = [content_of(spec.build()) for spec in (declined, *others)]

        assert others
        assert len(set(contents)) == len(contents), str(declined)


def test_recipes_of_alternatives_may_have_the_same_numbers() -> None:
    """The sibling: which of them do is only seen when they are made."""
    design = design_of("gru+linear+lengths", 0, "T=1 B=1,3 D=1,2 H=1,3")
    declined = next(design.specs(1))
    recipes = [r for _, r in alternatives(design.space, recipe_of(declined))]
    made = [content_of(r.spec(design.target.model, declined.seed).build()) for r in recipes]

    assert len(set(made)) < len(made) == len(set(recipes))
