"""A case is given as itself, as a spec, as its line, or as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bptt_check as bc
from bptt_check.cases.reading import read_case, save_temporarily
from bptt_check.errors import SpecError

LINE = "gru T=2 B=1 D=2 H=2 O=2 seed=4"


def test_every_way_gives_the_same_case(tmp_path):
    """To the last bit."""
    case = bc.Spec.parse(LINE).build()
    case.save(tmp_path / "it.npz")
    for given in (case, bc.Spec.parse(LINE), LINE, str(tmp_path / "it.npz")):
        again = read_case(given)

        assert str(again.spec) == LINE
        assert all(np.array_equal(a, again.inputs[n]) for n, a in case.inputs.items())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (7, "case must be a Case, a Spec, the line of one"),
        (None, "case must be a Case, a Spec, the line of one"),
        ("lsmt T=1", "Did you mean 'lstm'"),
        ("nowhere.npz", "there is no file nowhere.npz"),
        (bc.Model(), "case must be a Case"),
    ],
)
def test_what_is_no_case_is_refused(given, says):
    """With what one would be."""
    with pytest.raises(SpecError, match=says):
        read_case(given)


def test_a_saved_case_reads_back(monkeypatch):
    """A file that cannot be written is none, and no error of the check."""
    case = bc.Spec.parse(LINE).build().with_inputs({})
    name = save_temporarily(case)
    again = read_case(name)
    Path(name).unlink()
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")

    assert np.array_equal(again.x, case.x)
    assert save_temporarily(case) == ""
