"""The page in a browser: opens from a file, asks for nothing, is there for everybody."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from support import made, searches
from support.opened import SCHEMES, Opened, axe, expect
from support.own_arrays import CONVENTIONS, WRONG, report_of
from support.shared_errors import floor, shared_error, with_floors, with_shared_error

import bptt_check as bc
from bptt_check.cases.written.reproduction import reproduction
from bptt_check.diagnosis.finding import Finding
from bptt_check.report import run_json
from bptt_check.report.html import comparison_page, page, runs_page
from bptt_check.report.several_runs import comparison
from bptt_check.runs.measurements import OwnArrays, OwnGrid
from bptt_check.runs.provenance.provenance import Provenance
from bptt_check.runs.systematic.slope import RegressorKind
from bptt_check.verdicts.case_kind import CaseKind

if TYPE_CHECKING:  # without it the tests are skipped by `support.opened`, and still collected
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

TALL = "name" * 2500
GAPS: dict[str, Any] = {
    "verdict": "inconclusive",
    "rows": (made.row(), made.vacuous(parameter="x"), made.not_offered(parameter="h0")),
    "models": ("lstm", "gru", "rnn-relu"),
    "declined": {"gru": "supports() says no"},
    "interrupted": True,
}


def hostile(name: str) -> bc.Report:
    """A run in which everything is called this."""
    named = {"model": name, "parameter": name}
    errors = tuple((0.01 * n, 0.05 / (n + 1)) for n in range(8))
    own = (OwnGrid(name, (8, 2), (0, 0), (1, 0), (name, "f"), (1, 1), errors, (3, 1)),)
    return made.failing(
        subject=name, models=(name,), oracles=("torch", name), rows=(made.wrong(**named),),
        failures=(made.failure(message=name, **named),), command=name,
        error_histograms=(made.histogram(**named), made.histogram(**named, oracle=name)),
        worst_entries=(made.worst_entry(**named, gates=(name, "f", "g", "o"), own=own),),
        own_arrays=(OwnArrays(name, {name: (name, name)}),),
    )  # fmt: skip


CAUSE = "h_t is used in place of h_{t-1} in the gradient of W_hh"
EXPLAINED = made.failure(
    kind=CaseKind.WRONG_GRADIENT,
    compared=(made.compared(),),
    findings=(
        Finding(
            f"your gradient is what you get when {CAUSE}", "certain", ("W_hh_l0",), 7,
            right="W_hh_bar += a_t_bar.T @ h_prev", wrong="W_hh_bar += a_t_bar.T @ h_t",
            equations=("4.7",), place="section 4", cause=CAUSE,
        ),
    ),
)  # fmt: skip
"""A failure with all that can be told of it."""
MADE = Provenance("2026-01-02T03:04:05Z", "a" * 40, True, "a-host")
REPORTS = {
    "explained": made.failing(
        failures=(EXPLAINED, made.failure(model="gru", compared=(made.compared(),))),
        searches=(searches.search(),),
        provenance=MADE,
        worst_entries=(
            made.worst_entry(verdict="fail", compared=(made.compared(),)),
            made.worst_entry(parameter="W_hy"),
        ),
        rows=(made.wrong(), made.row(parameter="W_hy")),
    ),
    "passing": made.report(),
    "covered": made.report(covered=made.covered()),
    "failing": made.failing(),
    "open": made.report(**GAPS),
    "repaired": made.failing(
        searches=(searches.search(), searches.search(repair=None, check="test_a.py::test_one"))
    ),
    "script": hostile("</script><script>document.title = 'pwned'</script>"),
    "quotes": hostile("\"'><img src=x onerror=alert(1)> {b|rich} \u2028 \\"),
    "tall": hostile(TALL),
    "many": made.large(20),
    "own arrays": report_of("transposed", True),
    "two dtypes": made.report(
        rows=(made.row(), made.row(oracle="jax")),
        oracles=("torch", "jax"),
        error_histograms=(
            made.histogram(),
            made.histogram(oracle="jax", max_budgets=0.5),
            made.histogram(dtype="float32", max_budgets=0.9),
        ),
    ),
    "shared error": with_shared_error(
        shared_error(),
        shared_error(parameter="x", kind=RegressorKind.TERM, name="c_prev"),
        systematic_floors=(floor(parameter="b_h_l0"), floor(parameter="W_hh", models=4)),
    ),
    "floors": with_floors(),
    "curves": made.report(
        taylor=(made.curve(verdict="fail", order=1.02), made.curve(parameter="x", order=None))
    ),
}


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
        assert "pwned" not in opened.page.title().split(":")[0]
        assert opened.page.locator("#main img").count() == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_is_accessible(browser: Browser, path: Path, scheme: str) -> None:
    """Axe finds nothing: contrast, headings, tables, names, keyboard."""
    with Opened(browser, path, scheme, bypass_csp=True) as opened:
        found = axe(opened.page)

    assert found.violations_count == 0, found.generate_report()


def test_axe_would_find_something(browser: Browser, tmp_path: Path) -> None:
    """The sibling with pale text on white is caught, so the test above can fail."""
    path = tmp_path / "pale.html"
    path.write_text(
        "<!doctype html><html data-ready='all'><title>t</title><p style='color:#ddd'>pale</p>"
    )
    with Opened(browser, path, "light", bypass_csp=True) as opened:
        assert axe(opened.page).violations_count > 0


@pytest.mark.parametrize(
    "planted", ["<script>window.ran = 1</script>", "<img src=x onerror='window.ran = 1'>"]
)
def test_a_foreign_script_would_not_run(browser: Browser, tmp_path: Path, planted: str) -> None:
    """The policy stops what escaping should have stopped already."""
    path = made.report().to_folder(tmp_path)
    path.write_text(path.read_text().replace('<main id="main">', f'<main id="main">{planted}'))
    with Opened(browser, path, "light") as opened:
        assert opened.page.evaluate("() => window.ran") is None
        assert any("Content Security Policy" in text for text in opened.said)


def test_without_script_the_answer_is_there(browser: Browser, page_of: Any) -> None:
    """Verdict, failures, overview and worst rows are markup; the page says what is missing."""
    options = {"java_script_enabled": False, "wait": False}
    with Opened(browser, page_of(made.failing()), "light", **options) as opened:
        main = opened.page.locator("main").inner_text()

    for words in ("Something is wrong", "the gradient of W_hh_l0", "1e10", "need JavaScript"):
        assert words in main


def test_the_scheme_follows_the_system_and_the_button(browser: Browser, page_of: Any) -> None:
    """Light and dark differ, charts included, and the reader may overrule the system."""
    path = page_of(made.report())
    look = (
        "() => [getComputedStyle(document.documentElement).backgroundColor, "
        "drawn.get('steps').getOption().textStyle.color]"
    )
    looks: list[list[str]] = []
    for scheme in SCHEMES:
        with Opened(browser, path, scheme) as opened:
            looks.append(opened.page.evaluate(look))
    with Opened(browser, path, "dark") as opened:
        opened.page.get_by_role("button", name="Colour scheme").click()
        looks.append(opened.page.evaluate(look))

    light, dark, chosen = looks
    assert light[0] != dark[0]
    assert light[1] != dark[1]
    assert chosen == light


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_does_not_scroll_sideways(browser: Browser, path: Path, width: int) -> None:
    """Only its wide tables do, each in its own frame; on a telephone too."""
    with Opened(browser, path, "light", viewport={"width": width, "height": 800}) as opened:
        inner = opened.page.evaluate("() => document.documentElement.scrollWidth")

    assert inner <= width


def test_a_large_page_is_ready_at_once(browser: Browser, page_of: Any) -> None:
    """85 models x 9 parameters x 5 oracles are there well within a few seconds."""
    with Opened(browser, page_of(made.large()), "light") as opened:
        timing = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"

        assert opened.page.evaluate(timing) < 5000
        assert opened.page.locator("#overview tbody tr").count() == 85
        assert opened.page.locator("#rows-table tbody tr").count() == 15
        assert "of 3,825" in opened.page.locator(".dt-info").inner_text()


def field(opened: Opened, name: str) -> Any:
    """A field of the filters."""
    return opened.page.locator(f"#filters [name={name}]")


def lines(opened: Opened) -> list[str]:
    """The models that the overview shows."""
    return opened.page.locator("#overview tbody tr:visible > th").all_inner_texts()


def test_filters_narrow_overview_and_table(browser: Browser, page_of: Any) -> None:
    """Status and text: both views show what is left, and say how much that is."""
    with Opened(browser, page_of(made.large(20)), "light") as opened:
        assert len(lines(opened)) == 20
        field(opened, "status").select_option("failing")
        failing = lines(opened)
        assert len(failing) == 2
        assert "2 of 20 models" in opened.page.locator("#overview-count").inner_text()
        assert "of 10" in opened.page.locator(".dt-info").inner_text()
        field(opened, "q").fill("20layers w_hh")
        assert lines(opened) == [m for m in failing if "20layers" in m]
        field(opened, "q").fill("no such thing")
        assert lines(opened) == []
        assert opened.page.get_by_text("Nothing matches the filters.").first.is_visible()
        opened.page.get_by_role("button", name="Clear").click()
        opened.page.wait_for_function("() => location.hash.indexOf('status') < 0")
        assert len(lines(opened)) == 20


def test_an_oracle_or_a_dtype_has_its_own_cells(browser: Browser, page_of: Any) -> None:
    """Chosen alone it fills the overview with its own errors; all together gives the first view."""
    with Opened(browser, page_of(REPORTS["two dtypes"]), "light") as opened:
        cell = opened.page.locator("td[data-base='W_hh'] a")
        first = cell.inner_text()
        field(opened, "dtype").select_option("float32")
        assert cell.locator("b").inner_text() == "0.9"
        field(opened, "dtype").select_option("")
        field(opened, "oracle").select_option("jax")
        assert cell.inner_text().split() == ["0.5", "✓", "jax", "pass"]
        assert "pass level2" in str(cell.get_attribute("class"))
        field(opened, "oracle").select_option("")
        assert cell.inner_text() == first


def test_all_cells_are_as_the_markup_has_them(browser: Browser, page_of: Any) -> None:
    """What the script makes of the rows of every oracle is what the page was rendered with."""
    rows = (
        made.row(),
        made.wrong(oracle="jax"),
        made.row(parameter="W_hh_l1", max_budgets=0.9),
        made.vacuous(parameter="x"),
        made.row(parameter="x", oracle="jax", max_budgets=0.2),
        made.not_offered(parameter="h0"),
        made.not_offered(parameter="h0", oracle="jax"),
        made.vacuous(model="gru"),
        made.refused(model="gru", oracle="jax"),
    )
    models, oracles = ("lstm", "gru"), ("torch", "jax")
    report = made.failing(
        models=models, oracles=oracles, rows=rows, error_histograms=(), worst_entries=()
    )
    read = "() => [...document.querySelectorAll('a.cell')].map((a) => [a.className, a.innerText])"
    with Opened(browser, page_of(report), "light") as opened:
        rendered = opened.page.evaluate(read)
        opened.page.evaluate("() => bptt.redrawAll()")

        assert opened.page.evaluate(read) == rendered


def test_a_gradient_that_is_only_wrong_in_all_cases_says_so(browser: Browser, page_of: Any) -> None:
    """Where its worst case is within budget, and only there."""
    with Opened(browser, page_of(with_shared_error()), "light") as opened:
        summary = opened.page.locator("#g-summary")
        assert re.fullmatch(
            r"fail W_hh_l0 of lstm is off by at most 0\.\d+ budgets in its worst case, at .*; "
            r"over all cases together 1\.02 \(\+-0\.0001\) times what it must be\.",
            summary.inner_text(),
        )
        opened.page.locator("#g-parameter").select_option("b_h_l0")
        assert "over all cases" not in summary.inner_text()


def test_the_table_sorts_by_number(browser: Browser, page_of: Any) -> None:
    """Budgets of 1e10 are more than 0.9, and what was not measured comes last."""
    sizes = (0.9, 1e10, 2e-5, made.NAN)
    rows = tuple(made.row(parameter=f"p{n}", max_budgets=s) for n, s in enumerate(sizes))
    with Opened(browser, page_of(made.report(rows=rows)), "light") as opened:
        heading = opened.page.get_by_role("columnheader", name="Budgets")
        column = opened.page.locator("#rows-table tbody td:nth-child(5)")
        assert column.all_inner_texts() == ["1.0e10", "0.9", "2.0e-5", "-"]
        heading.click()  # the table sorts a moment later
        expect(column).to_have_text(["-", "2.0e-5", "0.9", "1.0e10"])
        expect(heading).to_have_attribute("aria-sort", "ascending")


def test_a_view_can_be_linked(browser: Browser, page_of: Any) -> None:
    """The address has filters and gradient; opened again it shows the same."""
    path = page_of(made.large(20))
    with Opened(browser, path, "light") as opened:
        field(opened, "status").select_option("failing")
        opened.page.locator("#g-parameter").select_option("x")
        address = opened.page.url
    with Opened(browser, path, "light", fragment=address.partition("#")[2]) as opened:
        assert len(lines(opened)) == 2
        assert opened.page.locator("#g-parameter").input_value() == "x"
        assert "x of gru-reset-before" in opened.page.locator("#g-summary").inner_text()


def test_a_cell_leads_to_its_gradient(browser: Browser, page_of: Any) -> None:
    """By mouse: the cell opens the gradient in detail, and the address says so."""
    with Opened(browser, page_of(made.large(20)), "light") as opened:
        opened.page.locator("#overview tbody tr").nth(3).locator("td[data-base='W_hy'] a").click()
        name = opened.page.locator("#overview tbody tr").nth(3).get_attribute("data-model")

        assert opened.page.locator("#g-parameter").input_value() == "W_hy"
        words = parse_qs(opened.page.url.partition("#gradient&")[2])
        assert (words["model"], words["parameter"]) == ([name], ["W_hy"])


def test_the_page_is_walked_by_keyboard(browser: Browser, page_of: Any) -> None:
    """Skip link, arrow keys from cell to cell, Enter to the gradient: no mouse needed."""
    with Opened(browser, page_of(made.large(20)), "light") as opened:
        keyboard = opened.page.keyboard
        keyboard.press("Tab")
        assert opened.page.locator(":focus").inner_text() == "Skip to the content"
        opened.page.locator("a.cell[tabindex='0']").focus()
        keyboard.press("ArrowRight")
        keyboard.press("ArrowDown")
        focused = opened.page.locator(":focus")
        assert focused.locator("xpath=ancestor::tr").evaluate("(tr) => tr.rowIndex") == 2
        assert focused.locator("xpath=ancestor::td").get_attribute("data-base") == "W_hh"
        keyboard.press("Enter")
        opened.page.wait_for_function("() => location.hash.startsWith('#gradient&model')")
        assert opened.page.locator("#g-parameter").input_value().startswith("W_hh")


def test_a_gradient_is_drawn_in_detail(browser: Browser, page_of: Any) -> None:
    """Every chart is a picture with words; the tables have the exact numbers."""
    with Opened(browser, page_of(made.report()), "light") as opened:
        for name in ("entries", "spread", "reach", "steps", "quotients", "flow-0"):
            picture = opened.page.locator(f"#chart-{name} .plot")
            assert picture.locator("svg path").count() > 3
            assert len(str(picture.get_attribute("aria-label"))) > 30
        assert opened.page.locator("#g-values").inner_text().count("0.25") == 3
        assert "agree" in opened.page.locator("#g-agreement").inner_text()
        assert "32 typical rounding errors" in opened.page.locator("#gradient").inner_text()


def test_a_taylor_curve_is_drawn_with_both_slopes(browser: Browser, page_of: Any) -> None:
    """Right and wrong slope start where the last step used is; without an order there is none."""
    names = "() => drawn.get('taylor-%d').getOption().series.map((s) => [s.name, s.data])"
    curves = (made.curve(), made.curve(model="gru", order=None))
    with Opened(browser, page_of(made.report(taylor=curves)), "light") as opened:
        fitted = dict(opened.page.evaluate(names % 0))
        flat = dict(opened.page.evaluate(names % 1))

    assert fitted["slope 1, wrong"] == [[0.125, 0.01], [0.5, 0.04]]
    assert fitted["slope 2, right"] == [[0.125, 0.01], [0.5, 0.16]]
    assert set(flat) == {"remainder", "rounding"}


def test_what_was_not_measured_is_not_drawn(browser: Browser, page_of: Any) -> None:
    """A report of the first schema has no profiles: no empty frames, the rest works."""
    report = made.report(error_histograms=(), worst_entries=(), flows=())
    with Opened(browser, page_of(report), "light") as opened:
        assert opened.said == []
        assert opened.page.locator("#gradient figure:visible").count() == 0
        assert opened.page.locator("#rows-table tbody tr").count() == 1


@pytest.mark.parametrize("refused", [False, True])
def test_the_reproduction_line_is_copied(browser: Browser, page_of: Any, refused: bool) -> None:
    """One click, with or without a clipboard that the browser lets a file use."""
    options = {} if refused else {"permissions": ["clipboard-read", "clipboard-write"]}
    with Opened(browser, page_of(made.failing()), "light", **options) as opened:
        if refused:
            opened.page.evaluate(
                "() => { navigator.clipboard.writeText = () => Promise.reject(); }"
            )
        button = opened.page.locator("#failures").get_by_role("button", name="Copy the command")
        button.click()
        opened.page.wait_for_function(
            "() => document.querySelector('#said').textContent === 'Copied'"
        )
        assert button.inner_text() == "Copied"
        if not refused:
            text = opened.page.evaluate("() => navigator.clipboard.readText()")
            assert text == reproduction(made.SPEC, made.failing().run.origin)


def test_the_first_sight_has_what_why_and_the_edit(browser: Browser, page_of: Any) -> None:
    """Above the counts, each once; when, where and of which commit below them."""
    with Opened(browser, page_of(REPORTS["explained"]), "light") as opened:
        top = opened.page.locator("#top")
        shown = top.inner_text()

        assert top.locator("h1 .headline").inner_text() == f"W_hh is wrong: {CAUSE}"
        assert opened.page.locator("pre.diff").count() == 1
        assert opened.page.locator(".finding").count() == 1
        assert shown.index("W_hh_bar += a_t_bar.T @ h_prev") < shown.index("comparison")
        assert "2026-01-02 03:04:05 UTC on a-host" in shown
        assert f"{'a' * 40}" in shown


def test_wrong_gradients_are_matrices_with_names(browser: Browser, page_of: Any) -> None:
    """Gate and unit of each row, what each column multiplies; what is over budget is marked."""
    with Opened(browser, page_of(REPORTS["explained"]), "light") as opened:
        tables = opened.page.locator("#failure-1 .compared table")
        captions = [t.locator("caption").inner_text() for t in tables.all()]
        heads = tables.first.locator("tbody th").all_inner_texts()

        assert captions == ["got", "expected", "difference"]
        assert heads == ["i 0", "i 1", "f 0", "f 1", "g 0", "g 1", "o 0", "o 1"]
        assert tables.first.locator("thead th").all_inner_texts() == ["h 0", "h 1"]
        assert tables.nth(2).locator("td.over").all_inner_texts() == ["0.25", "0.25"]


def test_the_worst_case_of_a_wrong_gradient_is_there_number_by_number(
    browser: Browser, page_of: Any
) -> None:
    """At a click; of the gradient that is chosen, and of no other."""
    with Opened(browser, page_of(REPORTS["explained"]), "light") as opened:
        gradient = opened.page.locator("#gradient")
        summary = gradient.get_by_text("Got, expected, difference in its worst case")
        tables = gradient.locator(".compared table")
        expect(summary).to_be_visible()
        expect(tables.first).not_to_be_visible()
        summary.click()
        expect(tables).to_have_count(3)
        expect(tables.nth(2)).to_be_visible()
        gradient.get_by_role("button", name="Next").click()
        expect(opened.page.locator("#g-parameter")).to_have_value("W_hy")
        expect(summary).not_to_be_visible()


def test_words_are_explained_where_they_stand(browser: Browser, page_of: Any) -> None:
    """By keyboard: the word is a button, what it means is there and goes away again."""
    with Opened(browser, page_of(made.report()), "light") as opened:
        word = opened.page.locator("#overview").get_by_role("button", name="budgets")
        meaning = opened.page.locator("#term-budget")
        assert not meaning.is_visible()
        word.focus()
        opened.page.keyboard.press("Enter")
        expect(meaning).to_be_visible()
        assert "An error above 1 budget is wrong." in meaning.inner_text()
        assert "docs/budgets.md" in meaning.inner_text()
        opened.page.keyboard.press("Escape")
        expect(meaning).not_to_be_visible()


def test_a_failure_is_copied_as_markdown(browser: Browser, page_of: Any) -> None:
    """Its message, the repair, and what it was made with."""
    options = {"permissions": ["clipboard-read", "clipboard-write"]}
    with Opened(browser, page_of(REPORTS["explained"]), "light", **options) as opened:
        opened.page.locator("#failure-1").get_by_role("button", name="Copy as Markdown").click()
        expect(opened.page.locator("#said")).to_have_text("Copied")
        text = opened.page.evaluate("() => navigator.clipboard.readText()")
        second = opened.page.evaluate("() => bptt.markdown(1)")

    assert text.startswith("```text\nFAIL  lstm: the gradient of W_hh_l0 is wrong\n")
    assert "\n```diff\n" in text
    assert text.endswith(f"python 3.11.7, torch not installed; commit {'a' * 40}\n")
    assert "```diff" not in second


def test_oracles_that_agree_are_one_line_with_all_names(browser: Browser, page_of: Any) -> None:
    """Each oracle has one colour, shape and dash, the same in every chart."""
    oracles = ("torch", "jax", "certified")
    spread = tuple(
        made.histogram(oracle=o, budgets=((-4, 3 if o != "jax" else 2),)) for o in oracles
    )
    series = """(id) => drawn.get(id).getOption().series.filter((s) => s.name)
        .map((s) => [s.name, s.color, s.symbol, JSON.stringify(s.lineStyle.type)])"""
    rows = tuple(made.row(oracle=o) for o in oracles)
    report = made.report(oracles=oracles, rows=rows, error_histograms=spread)
    with Opened(browser, page_of(report), "light") as opened:
        lines = opened.page.evaluate(series, "spread")

    assert [name for name, *_ in lines] == ["torch = certified", "jax"]
    assert all(a != b for a, b in zip(lines[0], lines[1], strict=True))


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_no_legend_lies_over_its_chart(browser: Browser, page_of: Any, width: int) -> None:
    """A narrow one has more lines, and the chart begins below them."""
    oracles = ("finite_difference", "torch", "jax", "complex_step", "certified")
    spread = tuple(made.histogram(oracle=o, budgets=((-4, n + 1),)) for n, o in enumerate(oracles))
    rows = tuple(made.row(oracle=o) for o in oracles)
    report = made.report(oracles=oracles, rows=rows, error_histograms=spread)
    viewport = {"viewport": {"width": width, "height": 900}}
    lowest = """() => { const chart = drawn.get('spread');
        const names = chart.getOption().series.map((s) => s.name).filter(Boolean);
        const texts = [...chart.getDom().querySelectorAll('svg text')];
        const legend = texts.filter((t) => names.includes(t.textContent));
        const top = chart.getDom().getBoundingClientRect().top;
        const lowest = Math.max(...legend.map((t) => t.getBoundingClientRect().bottom));
        return [lowest - top, chart.getOption().grid[0].top, legend.length]; }"""
    with Opened(browser, page_of(report), "light", **viewport) as opened:
        bottom, grid, count = opened.page.evaluate(lowest)

    assert count == len(oracles)
    assert bottom <= grid


def test_all_rows_are_printed(browser: Browser, page_of: Any) -> None:
    """Not only those of the first page of the table; the screen is then as it was."""
    rows = tuple(made.row(parameter=f"W_{n}") for n in range(40))
    with Opened(browser, page_of(made.report(rows=rows)), "light") as opened:
        table = opened.page.locator("#rows-table tbody tr")
        before = table.count()
        opened.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        printed = table.count()
        opened.page.evaluate("() => dispatchEvent(new Event('afterprint'))")

        assert (before, printed, table.count()) == (15, 40, 15)


def downloaded(opened: Opened, name: str, into: Path) -> str:
    """The file that a button gives."""
    with opened.page.expect_download() as download:
        opened.page.get_by_role("button", name=f"Download {name}").click()
    download.value.save_as(into / download.value.suggested_filename)
    return (into / download.value.suggested_filename).read_text(encoding="utf-8")


def test_the_record_is_downloaded_as_json(browser: Browser, page_of: Any, tmp_path: Path) -> None:
    """It is a `run.json` of which the same page can be made again."""
    path = page_of(made.failing())
    with Opened(browser, path, "light", accept_downloads=True) as opened:
        text = downloaded(opened, "JSON", tmp_path / "saved")

    assert page.render_run(run_json.from_json(text.encode(), "download")) == path.read_text()
    assert json.loads(text)["schema_version"] == run_json.SCHEMA_VERSION


def test_the_rows_are_downloaded_as_csv(browser: Browser, page_of: Any, tmp_path: Path) -> None:
    """Commas, quotes and line breaks survive; a name is no formula of a spreadsheet."""
    rows = (made.row(parameter='a "b", c'), made.row(parameter="=1+1", max_budgets=made.INF))
    with Opened(browser, page_of(made.report(rows=rows)), "light", accept_downloads=True) as opened:
        text = downloaded(opened, "CSV", tmp_path / "saved")
    first, second = csv.DictReader(io.StringIO(text))

    assert (first["parameter"], first["max_budgets"]) == ('a "b", c', "0.05")
    assert (second["parameter"], second["max_budgets"]) == ("'=1+1", "inf")


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


@pytest.mark.parametrize(
    ("report", "most"), [(made.failing(), 5), (made.large(85), 20)], ids=["small", "large"]
)
def test_the_page_prints(browser: Browser, page_of: Any, report: bc.Report, most: int) -> None:
    """A small report is a few pages, a large one with its first 200 rows not hundreds, and none is
    dark.
    """
    with Opened(browser, page_of(report), "dark") as opened:
        printed = opened.page.pdf(print_background=True)
        opened.page.emulate_media(media="print")
        paper = opened.page.evaluate(
            "() => getComputedStyle(document.documentElement).backgroundColor"
        )

    assert 1 <= len(re.findall(rb"/Type /Page\b(?!s)", printed)) <= most
    assert paper == "rgb(255, 255, 255)"


@pytest.fixture
def quiet(tmp_path: Path) -> dict[str, Path]:
    """The pages without script: a comparison, and an index of runs."""
    base, run = made.report(rows=(made.row(), made.row(parameter="x"))), made.failing()
    base.to_folder(tmp_path / "base")
    run.to_folder(tmp_path / "nightly" / "run")
    found = comparison.compare(base.run, run.run)
    return {
        "comparison": comparison_page.write_comparison(str(tmp_path), found, "base", TALL),
        "runs": runs_page.write_index(tmp_path),
    }


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["comparison", "runs"])
def test_other_pages_are_as_good(browser: Browser, quiet: Any, name: str, scheme: str) -> None:
    """No request, no complaint, accessible in both schemes, and none scrolls on a telephone."""
    view = {"width": 390, "height": 800}
    with Opened(browser, quiet[name], scheme, wait=False, bypass_csp=True, viewport=view) as opened:
        found = axe(opened.page)
        assert found.violations_count == 0, found.generate_report()
        assert opened.asked == [quiet[name].as_uri()]
        assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    with Opened(browser, quiet[name], scheme, wait=False) as opened:
        assert opened.said == []


def test_the_index_leads_to_the_runs(browser: Browser, quiet: Any) -> None:
    """A click opens the page of a run below the folder."""
    with Opened(browser, quiet["runs"], "light", wait=False) as opened:
        opened.page.get_by_role("link", name="nightly/run").click()

        assert "Something is wrong" in opened.page.locator("h1").inner_text()


PICTURES = {
    "renamed": ("V0", " (gate i, unit 0)", "unit before"),
    "transposed": ("Wh", " (gate c, unit ", "gate, unit"),
    "stacked": ("Wall[H:]", " (gate i, unit 0)", "gate, unit"),
    "split": ("Vi, Vf, Vc, Vo", ".", "unit before"),
}
"""Of each convention what its wrong gradient is called, what is said of the worst entry, and what
the columns of its picture are."""


@pytest.mark.parametrize("kind", CONVENTIONS)
def test_a_gradient_is_shown_in_the_arrays_of_the_subject(
    browser: Browser, page_of: Any, kind: str
) -> None:
    """Which, where, the picture's rows and columns, the table, and what the search finds."""
    called, said, columns = PICTURES[kind]
    with Opened(browser, page_of(report_of(kind, True)), "dark") as opened:
        chosen = opened.page.locator("#g-parameter option:checked").inner_text()
        summary = opened.page.locator("#g-summary").inner_text()
        option = opened.page.evaluate("() => drawn.get('entries').getOption()")
        cell = opened.page.locator("#rows-table tbody tr").first.inner_text().split("\t")
        field(opened, "q").fill("bout")
        found = opened.page.locator("#rows-table tbody tr").all_inner_texts()

    array = WRONG[kind][0]
    assert chosen == called
    assert f"{called} of lstm is off by at most" in summary
    assert f"at {array}[" in summary
    assert said in summary.partition(array + "[")[2]
    assert option["xAxis"][0]["name"] == columns
    assert cell[1] == called
    assert cell[9].startswith(f"{array}[")
    assert [line.split("\t")[1] for line in found] == ["bout"]


TIP = (
    "() => bptt.entriesChart(bptt.run.worst_entries.find((w) => w.parameter === 'W_hh_l0'))"
    ".tooltip.formatter({ value: [0, 0, 0.5] })"
)
"""What the first cell of the picture says."""


def test_arrays_of_one_gradient_are_below_each_other(browser: Browser, page_of: Any) -> None:
    """As many cells as entries, a line between two arrays, the ring in the one that is wrong."""
    report = report_of("split", True)
    worst = next(w for w in report.run.worst_entries if w.parameter == "W_hh_l0")
    with Opened(browser, page_of(report), "light") as opened:
        option = opened.page.evaluate("() => drawn.get('entries').getOption()")
        tip = opened.page.evaluate(TIP)

    rows, width = worst.shape[0] // 4, worst.shape[1]
    cells, ring = option["series"]
    assert len(cells["data"]) == 4 * rows * width
    assert len(cells["markLine"]["data"]) == 3
    ((column, row),) = ring["data"]
    assert 2 * rows < row < 3 * rows
    assert column < width
    assert tip == "Vi 0 · 0\n0.5 budgets"
