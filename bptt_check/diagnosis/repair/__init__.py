"""Looks for the edit of a subject's own source that makes its gradients right.

The way: `judged_case` (what is asked, and what is right) and `own_file` (what can be edited);
`observing` (which lines run, shapes of values), `suspicion` (which lines first), `candidates` (the
edits in order), `search` (tried in `edit_runner`'s process until everything is right). What is
found passes a few cases; only the whole check in a fresh process makes it a repair.
"""

from __future__ import annotations

from .candidates import Place, SourceEdit
from .edit_round import Runner
from .judged_case import ANSWER, specs_to_judge
from .own_file import OwnFile, read_own_file, unified_diff
from .own_package import is_in_package, package_root, shown_path
from .running.edit_pool import EditPool
from .running.edit_runner import EditRunner
from .search import FoundEdits, search

__all__ = [
    "ANSWER",
    "EditPool",
    "EditRunner",
    "FoundEdits",
    "OwnFile",
    "Place",
    "Runner",
    "SourceEdit",
    "is_in_package",
    "package_root",
    "read_own_file",
    "search",
    "shown_path",
    "specs_to_judge",
    "unified_diff",
]
