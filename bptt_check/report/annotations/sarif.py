"""Remarks in the Static Analysis Results Interchange Format (SARIF) 2.1.0, an OASIS standard, which
code hosts and editors show on the lines of a change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from ..strict_json import encoded
from .annotation import Annotation

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RULES = {
    "fail": "A gradient, the loss or an output is wrong.",
    "imprecise": "A gradient has fewer digits than its dtype.",
    "contract": "What the subject returns cannot be taken as loss and gradients.",
    "error": "The subject raised, died or ran out of time.",
}
"""Verdict of a failure to what it means; the rules of the format."""


def to_sarif(annotations: Iterable[Annotation], version: str) -> bytes:
    """The content of a `.sarif` file.

    Args:
        annotations: remarks; none for a run that passed, which closes what was open.
        version: of this program.
    """
    driver = {
        "name": "bptt_check",
        "version": version,
        "rules": [{"id": name, "shortDescription": {"text": text}} for name, text in RULES.items()],
    }
    results = [_result(one) for one in annotations]
    run = {"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}
    return encoded({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(one: Annotation) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": one.verdict,
        "level": "warning" if one.verdict == "imprecise" else "error",
        "message": {"text": f"{one.title}\n\n{one.text}"},
    }
    if one.file:
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(one.file.replace("\\", "/"))}}
        if one.line:
            place["region"] = {"startLine": one.line}
        result["locations"] = [{"physicalLocation": place}]
    return result
