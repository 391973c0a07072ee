"""Remarks as lines that services of continuous integration take out of what a step prints.

The forms are those of GitHub Actions ("Workflow commands for GitHub Actions", which Gitea and
Forgejo take as well) and of Azure Pipelines ("Logging commands").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .annotation import Annotation

SERVICES = {"GITHUB_ACTIONS": "github", "TF_BUILD": "azure"}
"""Variables by which a service is known, and its name here."""
ESCAPED = {"%": "%25", "\r": "%0D", "\n": "%0A"}
"""What a message of either may not hold, in this order."""


def service_of(variables: Mapping[str, str]) -> str:
    """The service that a process runs in, by its environment; "" for none."""
    running = (name for key, name in SERVICES.items() if variables.get(key, "").lower() == "true")
    return next(running, "")


def workflow_commands(annotations: Iterable[Annotation], service: str) -> list[str]:
    """A line for each remark.

    Args:
        annotations: remarks.
        service: one of `SERVICES`, or "" for none.
    """
    forms: dict[str, Callable[[Annotation], str]] = {"github": _github, "azure": _azure}
    return [forms[service](one) for one in annotations] if service in forms else []


def _github(one: Annotation) -> str:
    """`::error file=my_rnn.py,line=23,title=...::...`."""
    places = {"file": one.file, "line": str(one.line or ""), "title": f"bptt_check: {one.title}"}
    given = ",".join(
        f"{n}={_property(v, {':': '%3A', ',': '%2C'})}" for n, v in places.items() if v
    )
    return f"::error {given}::{_property(one.text)}"


def _azure(one: Annotation) -> str:
    """`##vso[task.logissue type=error;sourcepath=my_rnn.py;linenumber=23]...`."""
    places = {"sourcepath": one.file, "linenumber": str(one.line or "")}
    further = {";": "%3B", "]": "%5D"}
    given = "".join(f";{name}={_property(v, further)}" for name, v in places.items() if v)
    return f"##vso[task.logissue type=error{given}]{_property(f'bptt_check: {one.title}')}"


def _property(text: str, further: Mapping[str, str] | None = None) -> str:
    for character, code in {**ESCAPED, **(further or {})}.items():
        text = text.replace(character, code)
    return text
