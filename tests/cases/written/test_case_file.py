"""The file of a case: whatever it is, it is a case or refused in one sentence."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.hostile_cases import FILES, LINE, members_of, saved, with_header, zipped
from support.mutations import told

import bptt_check as bc
from bptt_check.cases.written import case_file
from bptt_check.errors import SpecError


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written where nothing else is."""
    monkeypatch.chdir(tmp_path)


def refused(path: str) -> str:
    """What is said of a file that is no case, in one line."""
    with pytest.raises(SpecError) as caught:
        bc.Case.load(path)
    text = told(caught.value)

    assert "\n" not in text
    return text


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_no_case_is_refused(name):
    """In one line that names the file and what is wrong with it."""
    make, words = FILES[name]
    Path("it.npz").write_bytes(make())
    text = refused("it.npz")

    assert text.startswith("it.npz is not a case saved by Case.save: ")
    assert words in text


def test_the_right_file_among_them_is_read():
    """Whole, with its spec; also where it was compressed."""
    for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        Path("it.npz").write_bytes(zipped(saved(), how))

        assert str(bc.Case.load("it.npz").spec) == LINE


def test_a_case_in_fortran_order_is_the_same():
    """NumPy writes a transposed array so."""
    members = saved()
    Path("it.npz").write_bytes(zipped(members))
    before = bc.Case.load("it.npz")
    with open("x.npy", "wb") as file:
        np.save(file, np.asfortranarray(before.x))
    Path("it.npz").write_bytes(zipped({**members, "x.npy": Path("x.npy").read_bytes()}))

    assert np.array_equal(bc.Case.load("it.npz").x, before.x)


@pytest.mark.parametrize("place", ["folder", "pipe", "/dev/zero", "\0", "x" * 5000, "file/below"])
def test_what_is_no_file_is_refused(place):
    """A folder, a pipe that nobody writes to, a file without end, names that no file can have."""
    Path("folder").mkdir()
    Path("file").write_text("")
    os.mkfifo("pipe")

    assert "is not a case saved by Case.save" in refused(place)


def test_sizes_are_limited_by_what_a_file_says_and_by_what_it_holds(monkeypatch):
    """Zeros that take next to nothing are not unpacked; the same below the limit are read."""
    bomb = zipped({**saved(), "x.npy": bytes(100_000)}, zipfile.ZIP_DEFLATED)
    Path("it.npz").write_bytes(bomb)

    assert "magic" in refused("it.npz")
    monkeypatch.setattr(case_file, "LARGEST", 100_000)
    assert "a case has at most 100,000" in refused("it.npz")
    assert len(bomb) < 5_000


def test_the_number_of_arrays_is_limited(monkeypatch):
    """One below the limit is read."""
    Path("it.npz").write_bytes(zipped(saved()))
    monkeypatch.setattr(case_file, "MOST", len(saved()))
    bc.Case.load("it.npz")
    monkeypatch.setattr(case_file, "MOST", len(saved()) - 1)

    assert "members; a case has at most" in refused("it.npz")


def test_no_prefix_of_a_file_is_read():
    """Wherever its writing ended."""
    whole = zipped(saved())
    for end in range(0, len(whole), 37):
        Path("it.npz").write_bytes(whole[:end])
        refused("it.npz")


def test_a_spec_that_builds_other_numbers_is_not_believed():
    """It would reproduce another case; the numbers of the file are checked without it."""
    Path("it.npz").write_bytes(with_header(spec=LINE.replace("seed=3", "seed=4")))
    case = bc.Case.load("it.npz")

    assert case.spec is None
    assert np.array_equal(case.x, bc.Spec.parse(LINE).build().x)


@pytest.mark.parametrize(
    "line", ["lstm+linear", "gru+mse+nohead lengths", "rnn-relu dtype=bfloat16 layout=strided"]
)
def test_the_spec_of_a_saved_case_is_kept(line):
    """Whatever a spec says that its arrays do not have, such as O of a linear loss."""
    case = bc.Spec.parse(line).build()
    case.save("it.npz")

    assert bc.Case.load("it.npz").spec == case.spec
    assert set(members_of(Path("it.npz"))) >= {"header.npy", "x.npy", "h0.npy"}
