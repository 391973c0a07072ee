"""Of several things that an error may be a multiple of, the one that explains most is named."""

from __future__ import annotations

import numpy as np
import pytest

from bptt_check.runs.systematic.candidates import Candidate, best, best_of_each
from bptt_check.runs.systematic.slope import Errors, Regressor, RegressorKind

UNIT = 2.0**-8


def candidates(
    error_of: dict[str, float], noise: float = 1e-4, cases: int = 12, name: str = "W"
) -> dict[str, Candidate]:
    """Candidates tried on cases whose error is so much of some of them, and noise."""
    kinds = {
        "whole": RegressorKind.WHOLE,
        "f": RegressorKind.GATE,
        "a_f": RegressorKind.TERM,
        "a_i": RegressorKind.TERM,
        "truncating": RegressorKind.ARITHMETIC,
    }
    found = {n: Candidate(Regressor(name, kind, n)) for n, kind in kinds.items()}
    random = np.random.default_rng(len(name))
    for _ in range(cases):
        forms = {n: random.normal(size=20) for n in kinds}
        error = sum((c * forms[n] for n, c in error_of.items()), noise * random.normal(size=20))
        errors = Errors(np.asarray(error), np.full(20, 1.0 / UNIT**2), UNIT)
        for n, candidate in found.items():
            candidate.add(errors, forms[n])
    return found


@pytest.mark.parametrize("name", ["whole", "f", "a_f", "truncating"])
def test_the_right_one_is_named_with_its_multiple(name: str) -> None:
    """It explains nearly all of the squares, and the others nearly nothing."""
    found = candidates({name: -0.02})
    chosen = best(list(found.values()))

    assert chosen is found[name]
    assert chosen.multiple == pytest.approx(-0.02, rel=0.01)
    assert chosen.share > 0.99
    assert all(c.share < 0.2 for n, c in found.items() if n != name)


def test_of_two_that_explain_as_much_the_plainer_is_named() -> None:
    """The gradient itself before a term that is the same."""
    kinds = RegressorKind.TERM, RegressorKind.WHOLE
    one, other = (Candidate(Regressor("W", kind, kind)) for kind in kinds)
    for form in np.random.default_rng(0).normal(size=(10, 9)):
        errors = Errors(0.02 * form, np.full(9, 1.0), UNIT)
        one.add(errors, form)
        other.add(errors, form)

    assert best([one, other]) is other


def test_one_cause_is_named_for_all_gradients_where_it_explains_nearly_as_much() -> None:
    """Of one gradient something else explains a little more by chance."""
    one = candidates({"a_f": -0.02}, name="W_xh")
    other = candidates({"a_f": -0.02, "f": -0.003}, name="W_hh")
    apart = candidates({"a_i": -0.02}, name="b_h")

    same = best_of_each({"W_xh": list(one.values()), "W_hh": list(other.values())})
    different = best_of_each({"W_xh": list(one.values()), "b_h": list(apart.values())})

    assert {c.part.name for c in same.values()} == {"a_f"}
    assert {n: c.part.name for n, c in different.items()} == {"W_xh": "a_f", "b_h": "a_i"}


def test_case_without_errors_says_nothing() -> None:
    """Neither does one whose weights are all zero."""
    candidate = Candidate(Regressor("W", RegressorKind.WHOLE))
    form = np.ones(4)

    candidate.add(Errors(np.zeros(4), np.ones(4), UNIT), form)
    candidate.add(Errors(np.ones(4), np.zeros(4), UNIT), form)

    assert candidate.tried == []
