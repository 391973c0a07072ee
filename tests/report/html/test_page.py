"""The page: one file, everything in it escaped, the worst first."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from support import made, searches

import bptt_check as bc
from bptt_check.cases.timing.stage_clock import Stage
from bptt_check.cases.written.reproduction import reproduction
from bptt_check.report import run_json
from bptt_check.report.html import matrix, page, sections
from bptt_check.report.html.failing_test import failing_test
from bptt_check.report.html.script_data import page_data
from bptt_check.runs.coverage.covered import Covered, CoveredFactor, CoveredTarget, Limit
from bptt_check.runs.effort.quick import Quick
from bptt_check.runs.effort.stages import Stages


class Reader(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def having(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every tag of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]


def read(report: bc.Report) -> Reader:
    """The page of a report."""
    return Reader(page.render_run(report.run))


REPORTS = {"pass": made.report(), "fail": made.failing(), "large": made.large(12)}


@pytest.mark.parametrize("report", REPORTS.values(), ids=list(REPORTS))
def test_the_page_needs_nothing_from_outside(report: bc.Report) -> None:
    """No address, nothing that a browser would fetch, no style or handler beside the sheets."""
    found = read(report)
    links = [a["href"] for _, a in found.tags if "href" in a]

    assert not {"img", "iframe", "object", "embed"} & {tag for tag, _ in found.tags}
    assert not any({"src", "style", "action"} & set(a) for _, a in found.tags)
    assert not any(name.startswith("on") for _, a in found.tags for name in a)
    assert all(str(link).startswith(("#", "data:,", "counterexamples/")) for link in links)


def digest(text: str) -> str:
    """What the security policy calls a text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_names_what_is_in_the_page_and_nothing_else() -> None:
    """The style, the script and what each library inflates to, by hash; nothing unsafe."""
    source = page.render_run(made.report().run)
    (policy,) = re.findall(r'Security-Policy" content="([^"]*)"', source)
    (style,) = re.findall(r"<style>(.*?)</style>", source, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    libraries = [inflated(source, f"vendor-{name}") for name in ("echarts", "datatables")]
    scripts = " ".join(digest(text) for text in (script, *libraries))

    assert html.unescape(policy) == (
        f"default-src 'none'; script-src {scripts}; style-src {digest(style)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def inflated(source: str, name: str) -> str:
    """What is embedded in a page under a name."""
    (text,) = re.findall(rf'id="{name}">([^<]*)</script>', source)
    return zlib.decompress(base64.b64decode(text)).decode()


@pytest.mark.parametrize("report", REPORTS.values(), ids=list(REPORTS))
def test_the_whole_record_is_in_the_page(report: bc.Report) -> None:
    """What the page embeds is what `run.json` holds, so that a page alone is enough."""
    embedded = json.loads(inflated(page.render_run(report.run), "records"))

    assert embedded["run"] == json.loads(run_json.to_json(report.run))


def test_the_script_is_told_the_order_of_the_models() -> None:
    """Worst first, in the words of the sections, so that the page has no opinion of its own."""
    embedded = json.loads(inflated(page.render_run(made.failing().run), "records"))["page"]

    assert embedded["models"] == [
        {"check": "", "model": "lstm", "verdict": "fail", "parameters": ["W_hh_l0", "b_h_l0"]}
    ]
    assert set(embedded["decided"]) < set(embedded["order"])


def test_vendored_libraries_are_what_they_claim_to_be() -> None:
    """Every file has the hash that is written down for it, and comes with its licence."""
    folder = files("bptt_check.report.html").joinpath("vendor")
    for library in json.loads(folder.joinpath("vendored.json").read_text()):
        names = [file["name"] for file in library["files"]]
        assert any(name.endswith(".LICENSE") for name in names)
        for file in library["files"]:
            content = folder.joinpath(file["name"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"], file["name"]


def everywhere(name: str) -> bc.Report:
    """A failing run in which everything that has a name has this one."""
    rows = (
        made.wrong(model=name, parameter=name, worst_spec=name),
        made.refused(model=name, parameter=name, oracle=name, reason=name),
    )
    failure = made.failure(
        model=name, parameter=name, message=name, spec=name, first_spec=f"{name}1",
        diagnoses=(f"diagnosis: {name}",),
    )  # fmt: skip
    measured = {"model": name, "parameter": name}
    return made.failing(
        subject=name, models=(name, "gru"), oracles=("torch", name), rows=rows, failures=(failure,),
        declined={"gru": name}, cases={name: 1}, command=name, environment={name: name},
        error_histograms=(made.histogram(**measured, oracle=name),),
        worst_entries=(made.worst_entry(**measured, spec=name, gates=(name, "b", "c", "d")),),
        flows=(replace(made.flow(), model=name, spec=name, weight=name),),
        covered=_covered_by(name),
    )  # fmt: skip


def _covered_by(name: str) -> Covered:
    """A coverage in which everything that has a name has this one, and nothing was decided."""
    levels = ("1", name, f"{name} 2")
    return Covered(
        factors=(
            CoveredFactor(name, levels, (4, 0, None), (), ("3", "0", "0")),
            CoveredFactor(f"{name} 2", (name,), (0,), (), ("",)),
        ),
        targets=(CoveredTarget(name, 10, 0, 5, 0, 1, 3),),
        calls={name: 1},
        largest={name: 1, "T": 2},
        limits=(Limit(name, name, (name,)),),
    )


@pytest.mark.parametrize("name", [name for name in made.HOSTILE if name])
def test_everything_is_escaped(name: str) -> None:
    """Names with markup in them add no tag to the page, wherever they stand."""
    tags = [tag for tag, _ in read(everywhere(name)).tags]

    assert tags == [tag for tag, _ in read(everywhere("tame")).tags]


def test_the_same_run_gives_the_same_page() -> None:
    """To the last byte, whatever was rendered in between."""
    first = page.render_run(made.failing().run)
    page.render_run(made.large(2).run)

    assert first == page.render_run(made.failing().run)


def test_only_the_duration_tells_two_runs_apart() -> None:
    """No clock is in the page."""
    one = read(made.report(seconds=1.0)).text
    other = read(made.report(seconds=2.0)).text
    record = re.compile(r"eN[\w+/=]{1000,}")  # the embedded record has the duration too

    assert record.sub("", one) == record.sub("", other).replace("2.0 s", "1.0 s")


@pytest.mark.parametrize("report", REPORTS.values(), ids=list(REPORTS))
def test_every_link_has_its_target(report: bc.Report) -> None:
    """Identifiers are unique, and every anchor leads to one."""
    found = read(report)
    ids = [a["id"] for _, a in found.tags if "id" in a]
    wanted = [
        str(a["href"])[1:].partition("&")[0]
        for a in found.having("a")
        if str(a["href"]).startswith("#")
    ]

    assert len(ids) == len(set(ids))
    assert wanted
    assert set(wanted) <= set(ids)


def test_a_link_to_a_gradient_is_quoted() -> None:
    """Whatever a model and a parameter are called, the address has them whole."""
    address = matrix.link("a & b", "lstm+2layers", "W hh#")

    assert address == "#gradient&model=lstm%2B2layers&check=a+%26+b&parameter=W+hh%23"


def test_links_to_counterexamples_lead_to_files(tmp_path: Path) -> None:
    """The address is quoted, and the file is there."""
    failure = made.failure(model="lstm+2layers+100% é")
    path = made.failing(failures=(failure,), models=("lstm+2layers+100% é",)).to_folder(tmp_path)
    (link,) = [a["href"] for a in Reader(path.read_text()).having("a") if "download" in a]

    assert link is not None
    assert (tmp_path / link.replace("%2B", "+")).is_file()


def test_every_section_has_its_template() -> None:
    """A section is a function and a template of its name; the page shows them in their order."""
    run = made.failing(declined={"gru": "no"}).run
    full = replace(
        run,
        checks=run.parts,
        flows=(made.flow(),),
        taylor=(made.curve(),),
        covered=made.covered(),
        stages=Stages({Stage.JUDGING: 0.5}),
        searches=(searches.search(check="another test"),),
    )
    names = [s.name for f in sections.SECTIONS if (s := f(full))]
    source = page.render_run(full)

    assert len(sections.SECTIONS) == len(names)
    assert names == re.findall(r'<section id="(\w+)"', source)


def test_a_path_is_shown_relative_to_the_strongest() -> None:
    """The strongest path is 0.0, a thousandth of it -3.0, and nothing is left empty."""
    source = page.render_run(replace(made.report().run, flows=(made.flow(),)))

    assert re.findall(r'<td class="path ([\w ]+)">([^<]*)<', source) == [
        ("shade0", "0.0"),
        ("void", ""),
        ("shade3", "-3.0"),
        ("shade0", "-0.3"),
    ]


def test_a_curve_without_order_says_why() -> None:
    """No number stands where no order could be fitted; the reason is told."""
    reason = "flat: nothing changes"
    flat = made.curve(verdict="inconclusive", reason=reason, order=None, first=4, last=4)
    reader = read(made.report(taylor=(flat,)))

    assert reason in reader.text


def test_the_order_along_each_input_is_a_line() -> None:
    """Whatever the input is called; only the first curve of a model is drawn."""
    hostile = made.HOSTILE[0]
    wrong = made.curve(parameter=hostile, verdict="fail", order=1.03)
    reader = read(made.report(taylor=(made.curve(), wrong)))

    assert (
        sum(str(a.get("id", "")).startswith("chart-taylor") for a in reader.having("figure")) == 1
    )
    assert hostile in reader.text
    assert "1.03" in reader.text


def test_the_page_of_a_passing_run_has_no_failures() -> None:
    """Sections with nothing to say are left out."""
    ids = [a["id"] for a in read(made.report()).having("section")]

    assert ids == ["top", "overview", "gradient", "flow", "sensitivity", "rows"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"declined": {"gru": "supports() says no"}, "models": ("lstm", "gru")},
            "supports() says no",
        ),
        ({"rows": (made.row(), made.vacuous(parameter="x"))}, "x not decided: vacuous"),
        ({"rows": (made.row(), made.not_offered(parameter="x"))}, "returns no gradient of x"),
        ({"interrupted": True}, "the run was stopped before its end"),
        ({"models": ("lstm", "gru")}, "no case was compared"),
        ({"rows": (made.row(), made.refused())}, "decided 1 of 2 gradients: complex step does not"),
    ],
)
def test_what_was_not_checked_is_on_the_page(changes: dict[str, Any], words: str) -> None:
    """Each kind of gap is named with its reason."""
    found = read(made.report(**changes))

    assert "gaps" in [a["id"] for a in found.having("section")]
    assert words in found.text


def test_the_provenance_is_on_the_page() -> None:
    """Subject, command, seed, versions and duration: what one needs to do it again."""
    text = read(made.report(seed=17)).text

    for words in ("subject", "bptt-check run subject", "17", "torch not installed", "1.5 s"):
        assert words in text


def test_the_worst_comes_first() -> None:
    """Failing rows before passing ones, the larger error first, in markup and in the script."""
    rows = (
        made.row(max_budgets=0.9),
        made.row(model="gru", parameter="W_hy"),
        made.wrong(model="gru", parameter="b_y"),
        made.refused(parameter="x"),
    )
    run = made.failing(rows=rows, models=("lstm", "gru"), failures=()).run
    found = sections.rows_section(run)

    assert found is not None
    assert [r.parameter for r in found.shown["rows"]] == ["b_y", "W_hh_l0", "W_hy", "x"]
    assert [m["model"] for m in page_data(run)["models"]] == ["gru", "lstm"]


@pytest.mark.parametrize(
    "origin", [{"address": "my.kernels:lstm"}, {"setup": ("subject = f",)}, {}]
)
def test_the_script_types_what_reproduces_a_case(origin: dict[str, Any]) -> None:
    """With the spec in its quotes: a shell would cut it at the blanks, and Python refuse it."""
    run = made.report(**origin).run
    data = page_data(run)
    typed = data["again"].replace(data["spec"], made.SPEC)

    assert typed == reproduction(made.SPEC, run.origin)
    assert repr(made.SPEC) in typed


def test_only_the_worst_rows_are_markup() -> None:
    """Thousands of rows would make the page slow: the script pages them, and it has them all."""
    found = sections.rows_section(made.large(20).run)

    assert found is not None
    assert len(found.shown["rows"]) == sections.ROWS_WITHOUT_SCRIPT
    assert found.shown["left"] == 20 * 9 * 5 - sections.ROWS_WITHOUT_SCRIPT
    assert {row.verdict for row in found.shown["rows"][:10]} == {"fail"}


def test_the_query_fetches_what_the_page_leaves_out(tmp_path: Path) -> None:
    """The printed query is SQL that DuckDB runs on the table of the run."""
    made.report(table={**made.table(), "max_budgets": [0.1, made.NAN]}).to_folder(tmp_path)
    query = sections.QUERY.removeprefix('duckdb -c "').removesuffix('"')
    with duckdb.connect(":memory:") as connection:
        name = str(tmp_path / "results.parquet")
        found = connection.execute(query.replace("results.parquet", name)).fetchall()

    assert [row[:5] for row in found] == [("lstm", "x", "torch", "pass", 0.1)]


def test_a_failure_has_code_to_paste(tmp_path: Path) -> None:
    """The test that the page offers runs, and fails as long as the subject is wrong."""
    made.failing().to_folder(tmp_path)
    (file,) = tmp_path.rglob("*.npz")
    entry = replace(made.failing().run.failures[0], counterexample=str(file))
    scope: dict[str, Any] = {"subject": lambda case: (0.0, {})}
    exec(failing_test(entry), scope)

    with pytest.raises(AssertionError, match="CONTRACT"):
        scope["test_lstm"]()


def test_code_with_the_numbers_in_it_comes_first() -> None:
    """A test that needs no other file is offered in place of one that loads the case."""
    entry = replace(made.failing().run.failures[0], test_code="def test_gradient(): ...")

    assert failing_test(entry) == "def test_gradient(): ..."


def found(confidence: str, **changes: Any) -> str:
    """The markup of a finding."""
    given: dict[str, Any] = {
        "sentence": "it starts here", "confidence": confidence, "cases": 0, "condition": "",
        "right": "", "wrong": "", "place": "", "equations": (), "alternatives": (), **changes,
    }  # fmt: skip
    template = page.page_templates().get_template("finding.html")
    return template.render(finding=SimpleNamespace(**given))


def test_a_finding_shows_the_right_line_beside_the_wrong_one() -> None:
    """Both lines with where the right one stands, how sure it is, and what else it could be."""
    lines = {"right": "W_hh_bar += a_bar.T @ h_prev", "wrong": "W_hh_bar += a_bar.T @ h_t"}
    where = {"place": "rnn.backward", "equations": ("12",), "condition": "T > 1"}
    source = found("certain", cases=4, alternatives=("<b>another</b>",), **lines, **where)
    text = Reader(source).text

    for words in ("certain, confirmed by 4 cases, only when T > 1", "rnn.backward, equation 12"):
        assert words in text
    assert text.index("@ h_prev") < text.index("@ h_t")
    assert "<b>" not in source


def test_a_finding_without_lines_is_a_sentence() -> None:
    """Where no known edit matches there is only where it starts."""
    source = found("hint")

    assert "it starts here" in source
    assert "<pre" not in source


def cell(*rows: Any, oracles: tuple[str, ...] = ("torch", "jax")) -> matrix.MatrixCell:
    """The cell of W_hh in a matrix of one model."""
    found = sections.overview_section(made.report(rows=rows, oracles=oracles).run)
    assert found is not None
    ((_, cells),) = found.shown["lines"]
    return cells[found.shown["columns"].index("W_hh")]


@pytest.mark.parametrize(
    ("rows", "want"),
    [
        ((made.row(), made.row(oracle="jax")), ("pass level0", "0.05", "✓✓")),
        ((made.row(max_budgets=0.2), made.row(oracle="jax")), ("pass level1", "0.2", "✓✓")),
        ((made.row(), made.row(oracle="jax", max_budgets=0.9)), ("pass level2", "0.9", "✓✓")),
        ((made.row(), made.wrong(oracle="jax")), ("fail", "1e10", "✓✗")),
        ((made.row(), made.refused(oracle="jax")), ("pass level0", "0.05", "✓–")),
        ((made.vacuous(), made.refused(oracle="jax")), ("inconclusive", "0.05", "?–")),
        ((made.not_offered(), made.not_offered(oracle="jax")), ("not-offered", "", "··")),
        (
            (made.row(), made.row(parameter="W_hh_l1", max_budgets=0.5)),
            ("pass level2", "0.5", "✓·"),
        ),
        ((made.wrong(verdict="imprecise", max_budgets=3.0),), ("imprecise", "3", "≈·")),
    ],
)
def test_a_cell_shows_the_worst_and_a_mark_per_oracle(
    rows: tuple[Any, ...], want: tuple[str, str, str]
) -> None:
    """Colour, number and marks agree, and over layers the worst one counts."""
    found = cell(*rows)

    assert want == (found.look, found.text, found.marks)


def test_a_cell_is_also_words() -> None:
    """What the marks say is there for those who do not see them."""
    found = cell(made.row(), made.wrong(oracle="jax"))

    assert found.words == "torch pass, jax fail"


def test_every_mark_is_explained() -> None:
    """The legend has every mark that a cell can have."""
    assert set(matrix.MARKS.values()) == set(matrix.LEGEND)


def test_tables_say_what_their_cells_belong_to() -> None:
    """Every table has a caption, every heading cell a scope."""
    found = read(made.large(3))

    assert len(found.having("table")) == len(found.having("caption"))
    assert all("scope" in a for a in found.having("th"))


def test_a_large_page_stays_small() -> None:
    """85 models x 9 parameters x 5 oracles are a page that opens at once."""
    assert len(page.render_run(made.large().run)) < 3_000_000


@pytest.mark.parametrize("diagnosis", ["looks like a missing factor", "something else"])
def test_a_diagnosis_is_shown_once(diagnosis: str) -> None:
    """As a note of its own, unless the message has it already."""
    told = made.failure(message="FAIL\n  diagnosis: looks like a missing factor")
    failure = replace(told, diagnoses=(diagnosis,))

    assert read(made.failing(failures=(failure,))).text.count(diagnosis) == 1


def covered_text(**changes: Any) -> str:
    """The text of the section on coverage."""
    source = page.render_run(made.report(covered=replace(made.covered(), **changes)).run)
    (section,) = re.findall(r'<section id="covered".*?</section>', source, re.DOTALL)
    return " ".join(re.sub("<[^>]*>", " ", section).split())


def test_coverage_says_the_cases_of_every_level() -> None:
    """Counts, a zero where a level could occur, and words where none can."""
    text = covered_text()

    assert "What was checked" in text
    assert "T 1 4 2 6 many 0 H 1 5 2 5 129 too large" in text
    assert "third call 4" in text
    assert "lstm 10 10 1 2 3 5" in text


def test_levels_that_no_case_had_are_marked() -> None:
    """By a look of their own, which a level with cases does not have."""
    source = page.render_run(made.report(covered=made.covered()).run)

    assert '<span class="level unseen">many <b>0</b></span>' in source
    assert '<span class="level seen">1 <b>4</b></span>' in source
    assert '<span class="level never">129 <b>too large</b></span>' in source


def test_pairs_of_factors_are_listed_only_where_some_are_missing() -> None:
    """A pair of levels that no case had is named; a complete pair of factors is not."""
    one, other = made.covered().factors
    complete = replace(one, pairs=("333", "999", "111")), replace(other, cases=(5, 5, 1))

    assert "many with 1" in covered_text()
    assert "Pairs of factors of which" not in covered_text(factors=complete)


def test_few_decided_cases_are_marked() -> None:
    """In the table of models, and not where half of them were decided."""
    few, enough = (
        page.render_run(made.report(covered=made.covered(decided=n)).run) for n in (4, 5)
    )

    assert 'class="n few">4<' in few
    assert "n few" not in enough.partition("</style>")[2]


def test_run_without_coverage_has_no_section_on_it() -> None:
    """One that was recorded before coverage was."""
    assert 'id="covered"' not in page.render_run(made.report().run)


def test_a_row_of_directions_names_no_entry() -> None:
    """Instead of an index the table says along how many."""
    row = made.wrong(directional=3, worst_directions=4, worst_index=())

    assert "<td>along 4 directions</td>" in page.render_run(made.failing(rows=(row,)).run)


def test_page_shows_the_time_by_stage_and_older_records_have_none() -> None:
    """Each stage with its seconds and its share of all; a record without has no such section."""
    stages = Stages({Stage.JUDGING: 0.5, Stage.STARTING: 2.0}, {"torch": 1.25})
    shown = page.render_run(made.report(seconds=2.0, stages=stages).run)

    assert (
        '<th scope="row">oracle torch</th><td class="n">1.25</td><td class="n">31 %</td>' in shown
    )
    assert '<th scope="row">the rest</th><td class="n">0.25</td>' in shown
    assert '<section id="time"' not in page.render_run(made.report().run)


def test_page_says_what_a_quick_run_left_out() -> None:
    """Among what was not checked; of any other run nothing is said."""
    quick = made.report(quick=Quick(("torch", "jax")), covered=made.covered()).run

    assert "<dd>the oracles torch, jax (slow to start)</dd>" in page.render_run(quick)
    assert "Left out by quick" not in page.render_run(replace(quick, quick=None))
