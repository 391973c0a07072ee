"""When, where and of which commit a run was made."""

from __future__ import annotations

import functools
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SECONDS = 5.0
"""How long git may take: on a slow disk of a large repository nothing is said of it."""
FRESH = 20.0
"""Seconds for which an answer of git holds."""
COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "CIRCLE_SHA1", "BITBUCKET_COMMIT")
"""Variables in which the usual services of continuous integration have the commit."""
EPOCH = "SOURCE_DATE_EPOCH"
"""The variable by which builds that can be repeated fix the time."""


@dataclass(frozen=True)
class Provenance:
    """When, where and of which commit a run was made.

    Args:
        begun: in UTC, to the second, as ISO 8601; "" where it was not recorded.
        commit: of the folder that the run was started in; "" where there is none.
        changed: whether files that git knows differed from that commit.
        host: name of the machine; "several" for checks that ran on different ones.
    """

    begun: str = ""
    commit: str = ""
    changed: bool = False
    host: str = ""


def provenance(variables: Mapping[str, str] = os.environ, folder: str = ".") -> Provenance:
    """That of a run that begins now.

    Args:
        variables: of the environment.
        folder: that it is started in.
    """
    now = variables.get(EPOCH, "")
    seconds = float(now) if now.isdigit() else time.time()
    begun = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    commit, changed = commit_of(os.path.abspath(folder), int(time.monotonic() // FRESH))
    if commit is None:
        found = next((variables[name] for name in COMMITS if variables.get(name)), "")
        return Provenance(begun, found, host=platform.node())
    return Provenance(begun, commit, changed, platform.node())


@functools.lru_cache(maxsize=8)
def commit_of(folder: str, period: int) -> tuple[str | None, bool]:
    """The commit of a folder, None where there is none, and whether its files differ.

    Asked once in a while: a session of tests begins hundreds of runs, and git takes long for a
    large repository.

    Args:
        folder: its absolute path.
        period: the number of `FRESH` seconds that have passed since some moment.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None, False
    return commit, bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))


def _git(folder: str, *words: str) -> str | None:
    """What git says; None where it is not installed, finds no repository, or takes too long."""
    program = shutil.which("git")
    if program is None or not Path(folder).is_dir():
        return None
    try:
        said = subprocess.run(
            [program, "--no-optional-locks", *words],
            cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return said.stdout.strip()


def merged_provenance(values: Iterable[Provenance]) -> Provenance:
    """That of several runs: when the first began; of the commit, and the host, that all have."""
    known = [v for v in values if v != Provenance()]
    commits, hosts = {v.commit for v in known}, {v.host for v in known}
    return Provenance(
        begun=min((v.begun for v in known if v.begun), default=""),
        commit=commits.pop() if len(commits) == 1 else "",
        changed=any(v.changed for v in known),
        host=hosts.pop() if len(hosts) == 1 else "several" if hosts else "",
    )
