"""A page opened in Chromium, and what it said and asked for meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="the nox session `browser` installs it")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect as expect

SCHEMES = ("light", "dark")


class Opened:
    """A page that was opened from its file; all of it is drawn when the block begins."""

    def __init__(self, browser: Browser, path: Path, scheme: str, **options: Any) -> None:
        fragment, wait = options.pop("fragment", ""), options.pop("wait", True)
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        self.context = browser.new_context(color_scheme=scheme, **options)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri() + (f"#{fragment}" if fragment else ""))
        if wait:
            ready = "() => document.documentElement.dataset.ready === 'all'"
            self.page.wait_for_function(ready, timeout=15_000)

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


def axe(page: Page) -> Any:
    """What axe finds."""
    return Axe().run(page)
