"""Runs as the second version of the schema had them: every record an object of its own."""

from __future__ import annotations

from typing import Any

import msgspec

from bptt_check.report.strict_json import strict
from bptt_check.runs.records import Run


def version_2(run: Run) -> dict[str, Any]:
    """The run as JSON types; rows and measurements are lists of objects that can be changed."""
    return {"schema_version": 2, **strict(msgspec.to_builtins(run))}
