"""Findings as lines of a message."""

from __future__ import annotations

from collections.abc import Iterable

from ...cases.message import Message
from ...cases.own_names import OwnNames
from ...diagnosis.finding import Finding
from ...diagnosis.wording import derivation_lines
from ...verdicts.sentences.parts import diagnosed


def with_diagnosis(message: Message, own: OwnNames, findings: Iterable[Finding]) -> Message:
    """A message that names the mistakes."""
    for finding in findings:
        told = diagnosed(own.told(finding.sentence), derivation_lines(finding))
        message = message.with_lines(told)
    return message
