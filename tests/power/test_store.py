"""A study in its folder, written and read."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
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
    [(None, "cannot be read"), ("{", "holds no power study"), ("[]", "holds no power study")],
)
def test_file_that_is_no_study_is_refused(tmp_path: Path, content, message):
    """A missing, broken or foreign file is named."""
    if content is not None:
        (tmp_path / store.DATA).write_text(content)

    with pytest.raises(ReportError, match=message):
        store.load_study(tmp_path)


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
