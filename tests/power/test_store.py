"""A study in its folder, written and read."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
from support.mutations import told
from support.power_studies import STUDY

from bptt_check.errors import ReportError
from bptt_check.power import store
from bptt_check.power.page import render_study


def test_study_is_read_back_as_it_was_written(tmp_path: Path):
    """Records to JSON and back; the page lies beside them."""
    page = store.write_study(tmp_path / "new", STUDY)

    assert page.read_text("utf-8") == render_study(STUDY)
    assert store.load_study(page.parent) == STUDY


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"", "holds no power study: Input data was truncated"),
        (b"{", "holds no power study: Input data was truncated"),
        (b"[]", "holds no power study: Expected `object`"),
        (b"[" * 100_000, "holds no power study"),
        (b'{"subject": ' + b"[" * 100_000, "holds no power study"),
        (b'{"subject": "\xff"}', "holds no power study: it is not UTF-8: byte 0xff"),
        (rb'{"subject": "\ud800"}', "half of a surrogate pair"),
        (b'{"subject": "s", "oracles": 3}', "holds no power study: Expected `array`"),
        (b'{"subject": "s", "oracles": [], "cases": 1, "outcomes": [null]}', "at `\\$.outcomes"),
        (b'{"subject": "s", "oracles": [], "cases": NaN}', "holds no power study"),
    ],
)
def test_file_that_is_no_study_is_refused(tmp_path: Path, content, message):
    """A missing, broken or foreign file is named."""
    if content is not None:
        (tmp_path / store.DATA).write_bytes(content)

    with pytest.raises(ReportError, match=message) as caught:
        store.load_study(tmp_path)
    assert "\n" not in told(caught.value)


@pytest.mark.parametrize("place", ["folder", "pipe", "zero"])
def test_what_is_no_file_is_refused(tmp_path: Path, place):
    """Nothing of it is waited for."""
    path = tmp_path / store.DATA
    match place:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.symlink_to("/dev/zero")

    with pytest.raises(ReportError, match=r"it is (a folder|no regular file)"):
        store.load_study(tmp_path)


def test_texts_of_a_study_are_clean(tmp_path: Path):
    """Lines of code keep their breaks; nothing in them is a command."""
    line = dataclasses.replace(STUDY.outcomes[0], before="a\n\x1b[2J", name="m\u202e")
    study = dataclasses.replace(STUDY, outcomes=(line,))
    (tmp_path / store.DATA).write_bytes(store.study_to_json(study))
    (found,) = store.load_study(tmp_path).outcomes

    assert (found.before, found.name) == ("a\n\\x1b[2J", "m\\u202e")


@pytest.mark.parametrize("version", [1, 99])
def test_study_of_another_version_is_refused(tmp_path: Path, version):
    """With what to do: a study is measured again, not converted."""
    other = dataclasses.replace(STUDY, schema_version=version)
    (tmp_path / store.DATA).write_bytes(store.study_to_json(other))

    with pytest.raises(ReportError, match="run `bptt-check power` again"):
        store.load_study(tmp_path)


def test_study_of_the_first_version_is_refused(tmp_path: Path):
    """Its records have other names: it must not be read as a study without mutants."""
    mutants = '"fates": [{"name": "m"}], "schema_version": 1'
    first = '{"subject": "p:f", "oracles": [], "cases": 1, ' + mutants + "}"
    (tmp_path / store.DATA).write_text(first)

    with pytest.raises(ReportError, match="has schema version 1, this version reads 2"):
        store.load_study(tmp_path)
