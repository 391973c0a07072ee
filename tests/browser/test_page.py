"""The page in a browser: opens from a file, asks for nothing, is read by everybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report import made

import bptt_check as bc

pytest.importorskip("playwright", reason="the nox session `browser` installs it")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

pytestmark = pytest.mark.browser

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
GAPS: dict[str, Any] = {
    "verdict": "inconclusive",
    "rows": (made.row(), made.vacuous(parameter="x"), made.not_offered(parameter="h0")),
    "models": ("lstm", "gru", "rnn-relu"),
    "declined": {"gru": "supports() says no"},
    "interrupted": True,
}
REPORTS = {
    "passing": made.report(),
    "failing": made.failing(),
    "open": made.report(**GAPS),
    "hostile": made.failing(
        subject=made.HOSTILE[0],
        failures=tuple(made.failure(message=h, parameter=h) for h in made.HOSTILE),
    ),
    "many": made.large(20),
    "curves": made.report(
        taylor=(made.curve(verdict="fail", order=1.02), made.curve(parameter="x", order=None))
    ),
}
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; a session that asks for browser tests and has none fails."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail("browser tests need chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield found
        found.close()


class Opened:
    """A page that was opened from its file, and what it said and asked for meanwhile."""

    def __init__(self, browser: Browser, path: Path, scheme: str, **options: Any) -> None:
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        self.context = browser.new_context(color_scheme=scheme, **options)  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.fixture(params=REPORTS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The page of each kind of report."""
    return REPORTS[request.param].to_folder(tmp_path)


@pytest.fixture
def page_of(tmp_path: Path) -> Any:
    """Makes the page of a report."""
    return lambda report: report.to_folder(tmp_path)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_opens_from_its_file(browser: Browser, path: Path, scheme: str) -> None:
    """No error, no complaint of the security policy, no request but for the file itself."""
    with Opened(browser, path, scheme) as opened:
        assert opened.said == []
        assert opened.asked == [path.as_uri()]
        assert opened.page.locator("h1").count() == 1


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_is_accessible(browser: Browser, path: Path, scheme: str) -> None:
    """Axe finds nothing: contrast, headings, tables, names, keyboard."""
    with Opened(browser, path, scheme, bypass_csp=True) as opened:
        found = Axe().run(opened.page)

    assert found.violations_count == 0, found.generate_report()


def test_axe_would_find_something(browser: Browser, tmp_path: Path) -> None:
    """The sibling with pale text on white is caught, so the test above can fail."""
    path = tmp_path / "pale.html"
    path.write_text("<!doctype html><title>t</title><p style='color:#ddd'>pale</p>")
    with Opened(browser, path, "light", bypass_csp=True) as opened:
        assert Axe().run(opened.page).violations_count > 0


def test_a_script_would_not_run(browser: Browser, tmp_path: Path) -> None:
    """The policy stops what escaping should have stopped already."""
    path = made.report().to_folder(tmp_path)
    path.write_text(path.read_text().replace("<main>", "<main><script>window.ran = 1</script>"))
    with Opened(browser, path, "light") as opened:
        assert opened.page.evaluate("() => window.ran") is None
        assert "Content Security Policy" in opened.said[0]


def test_light_and_dark_differ(browser: Browser, page_of: Any) -> None:
    """The page follows what the reader's system asks for."""
    path = page_of(made.report())
    colour = "() => getComputedStyle(document.documentElement).backgroundColor"
    found: set[str] = set()
    for scheme in SCHEMES:
        with Opened(browser, path, scheme) as opened:
            found.add(opened.page.evaluate(colour))

    assert len(found) == 2


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_does_not_scroll_sideways(browser: Browser, path: Path, width: int) -> None:
    """Only its wide tables do, each in its own frame; on a telephone too."""
    with Opened(browser, path, "light", viewport={"width": width, "height": 800}) as opened:
        inner = opened.page.evaluate("() => document.documentElement.scrollWidth")

    assert inner <= width


def test_a_large_page_is_ready_at_once(browser: Browser, page_of: Any) -> None:
    """85 models x 9 parameters x 5 oracles are laid out well within a few seconds."""
    with Opened(browser, page_of(made.large()), "light") as opened:
        timing = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"

        assert opened.page.evaluate(timing) < 5000
        assert opened.page.locator("details.model").count() == 85


def test_folded_models_unfold_by_keyboard(browser: Browser, page_of: Any) -> None:
    """A reader without a mouse gets to every table."""
    with Opened(browser, page_of(made.report()), "light") as opened:
        model = opened.page.locator("details.model").first
        assert model.get_attribute("open") is None
        model.locator("summary").focus()
        opened.page.keyboard.press("Enter")

        assert model.get_attribute("open") is not None
        assert opened.page.get_by_role("rowheader", name="W_hh_l0").is_visible()


def test_a_failure_leads_to_its_counterexample(browser: Browser, page_of: Any) -> None:
    """The link downloads the file beside the page, and it is a case."""
    path = page_of(made.failing())
    with (
        Opened(browser, path, "light", accept_downloads=True) as opened,
        opened.page.expect_download() as download,
    ):
        opened.page.get_by_role("link", name="counterexamples/").click()
        saved = path.parent / "saved.npz"
        download.value.save_as(saved)

        assert str(bc.Case.load(saved).spec) == made.SPEC


def test_what_reproduces_a_failure_is_selected_by_one_click(browser: Browser, page_of: Any) -> None:
    """Without a script: the command and the spec are units of selection."""
    with Opened(browser, page_of(made.failing()), "light") as opened:
        opened.page.locator("#failures .copy").first.click()

        assert opened.page.evaluate("() => String(getSelection()).trim()") == made.SPEC


def test_the_page_prints(browser: Browser, page_of: Any) -> None:
    """A small report is a page or two, not fifty blank ones."""
    with Opened(browser, page_of(made.failing()), "light") as opened:
        printed = opened.page.pdf()

    assert 1 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page/") <= 3
