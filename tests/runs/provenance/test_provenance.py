"""When, where and of which commit a run was made."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import pytest

from bptt_check.runs.provenance import provenance as provenances
from bptt_check.runs.provenance.provenance import (
    Provenance,
    commit_of,
    merged_provenance,
    provenance,
)

FIXED = {"SOURCE_DATE_EPOCH": "1700000000"}


def git(folder: Path, *words: str) -> str:
    """What git says in a folder."""
    named = ["-c", "user.name=Anyone", "-c", "user.email=anyone@example.org"]
    command = ["git", *named, *words]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    """What git said in another test is of another repository."""
    commit_of.cache_clear()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    git(tmp_path, "init", "-q")
    (tmp_path / "my_rnn.py").write_text("one = 1\n")
    git(tmp_path, "add", "my_rnn.py")
    git(tmp_path, "commit", "-q", "-m", "Begin")
    return tmp_path


def test_the_commit_is_told_and_whether_something_differs_from_it(repository: Path) -> None:
    """Files that git does not know are none of its business."""
    commit = git(repository, "rev-parse", "HEAD")
    (repository / "new.txt").write_text("new\n")
    clean = provenance(FIXED, str(repository))
    (repository / "my_rnn.py").write_text("one = 2\n")
    commit_of.cache_clear()

    assert clean == Provenance("2023-11-14T22:13:20Z", commit, False, platform.node())
    assert provenance(FIXED, str(repository)).changed


def test_git_is_asked_once_in_a_while(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session of tests begins many runs; what is older than that is asked again."""
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(provenances, "_git", lambda *words: asked.append(words) or "abc")
    monkeypatch.setattr(provenances, "FRESH", 1e9)
    for _ in range(3):
        assert provenance(FIXED, str(repository)).commit == "abc"
    assert [words[1] for words in asked] == ["rev-parse", "status"]
    monkeypatch.setattr(provenances, "FRESH", 1e-9)
    provenance(FIXED, str(repository))
    assert len(asked) == 4


def test_without_a_repository_the_service_tells_the_commit(tmp_path: Path) -> None:
    """Where it has one; and git's absence is no error."""
    assert provenance({**FIXED, "GITHUB_SHA": "abc"}, str(tmp_path)).commit == "abc"
    assert provenance(FIXED, str(tmp_path)).commit == ""
    assert provenance(FIXED, str(tmp_path / "missing")).commit == ""


def test_git_that_does_not_answer_holds_nothing_up(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is said of the commit then."""
    monkeypatch.setattr(provenances, "SECONDS", 1e-9)

    assert provenance(FIXED, str(repository)).commit == ""


def test_a_time_that_is_none_is_not_taken() -> None:
    """The clock's is."""
    assert provenance({"SOURCE_DATE_EPOCH": "soon"}).begun > "2026"


def test_several_runs_have_what_all_have() -> None:
    """When the first began; what differs is not told, and an older record says nothing."""
    first = Provenance("2026-01-02T03:04:05Z", "abc", False, "one")
    other = Provenance("2026-01-02T03:04:09Z", "abc", True, "two")

    assert merged_provenance([other, Provenance(), first]) == Provenance(
        "2026-01-02T03:04:05Z", "abc", True, "several"
    )
    assert merged_provenance([Provenance()]) == Provenance()
