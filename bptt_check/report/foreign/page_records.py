"""The record of a run in its page: a page that was sent around stands for its folder."""

from __future__ import annotations

import base64
import re
import zlib

from ...errors import ReportError
from ..strict_json import encoded

RECORDS = re.compile(rb'<script type="application/octet-stream" id="records">([\w+/=]*)</script>')
"""Where the page has it, as `html/templates/page.html` writes it."""


def is_page(content: bytes) -> bool:
    """Whether a file is a page and no record."""
    return content.lstrip()[:9].lower().startswith((b"<!doctype", b"<html"))


def record_in_page(content: bytes, source: str, largest: int) -> bytes:
    """The content of the `run.json` that a page was made of.

    Args:
        content: of the page.
        source: what it is called in errors.
        largest: bytes of a record that are read.

    Raises:
        ReportError: it holds none, or one that is damaged or larger.
    """
    import msgspec

    found = RECORDS.search(content)
    if found is None:
        raise ReportError(f"{source} is no page of a run: name one, or a folder that has run.json.")
    try:
        inflating = zlib.decompressobj()
        text = inflating.decompress(base64.b64decode(found.group(1), validate=True), largest)
        if inflating.unconsumed_tail:
            raise ValueError(f"it is larger than {largest:,} bytes")
        return encoded(msgspec.json.decode(text)["run"])
    except Exception as error:  # the page may hold anything
        raise ReportError(f"the record in {source} cannot be read: {error}") from error
