"""Which files are the subject's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptt_check.diagnosis.repair.own_package import is_in_package, package_root, shown_path
from bptt_check.errors import SubjectNotFound


def test_what_lies_beside_a_file_is_its_own(tmp_path: Path) -> None:
    """And below; what lies elsewhere is not."""
    subject = f"{tmp_path / 'a.py'}:f"

    assert is_in_package(subject, str(tmp_path / "b" / "c.py"))
    assert not is_in_package(subject, str(tmp_path.parent / "c.py"))


def test_the_modules_of_a_package_are_its_own() -> None:
    """The folder of the package, not its neighbours."""
    root = package_root("bptt_reference:loss_and_grads")

    assert root.name == "bptt_reference"
    assert not is_in_package("bptt_reference:loss_and_grads", str(root.parent / "other.py"))


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ("exec:./program", "is a program"),
        ("no_such_module:f", "no Python source"),
        ("sys:f", "no Python source"),
    ],
)
def test_what_has_no_source_is_refused(subject: str, why: str) -> None:
    """With what to name instead."""
    with pytest.raises(SubjectNotFound, match=why) as refused:
        package_root(subject)

    assert "path/to/file.py:attribute" in str(refused.value)


def test_paths_are_shown_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole where they lie elsewhere."""
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")

    assert shown_path(str(tmp_path / "sub" / "a.py")) == "a.py"
    assert shown_path(str(tmp_path / "a.py")) == str((tmp_path / "a.py").resolve())
