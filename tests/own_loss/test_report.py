"""The report of a function as files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.functions import X, changed, square

import bptt_check as bc


def test_report_is_written_as_json_and_its_arrays_as_npz(tmp_path: Path) -> None:
    """As JSON without arrays, and the arrays for the next run."""
    wrong = changed(lambda v, g: (v, {n: -a for n, a in g.items()}), square)
    report = bc.verify_function(wrong, X)
    report.to_json(tmp_path / "report.json")
    report.save(tmp_path / "arrays.npz")
    data = json.loads((tmp_path / "report.json").read_text())
    again = bc.verify_function(wrong, dict(np.load(tmp_path / "arrays.npz")))

    assert (data["verdict"], data["rows"][0]["parameter"]) == ("fail", "x")
    assert [row["reason"] for row in data["rows"]] == [row.reason for row in report.rows]
    assert data["coverage"]["x"]["measured"] is None
    assert again.message == report.message


def test_report_that_cannot_be_written_raises_an_error_of_ours(tmp_path: Path) -> None:
    """With the file and what to do."""
    with pytest.raises(bc.BpttCheckError, match=r"cannot be written.*Choose another file"):
        bc.verify_function(square, X).to_json(tmp_path / "nowhere" / "report.json")
