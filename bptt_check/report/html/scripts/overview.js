// The matrix of models and gradients: filters, and cells of only some oracles or one dtype.
"use strict";

bptt.overview = () => {
  const { run, page } = bptt;
  const lines = bptt.$$("#overview tbody tr");
  const original = new Map(bptt.$$("#overview td[data-base]").map((td) => [td, bptt.$("a", td)]));
  const badges = new Map(lines.map((tr) => [tr, bptt.$(".badge", tr).cloneNode(true)]));
  const measured = run.error_histograms.length ? run.error_histograms : run.rows;
  const reasons = new Map(run.rows.map((row) => [key(row, row.parameter, row.oracle), row.reason_kind]));
  const byCell = Map.groupBy(measured, (one) => key(one, bptt.base(one.parameter), ""));

  function key(one, parameter, oracle) {
    return JSON.stringify([one.check, one.model, parameter, oracle]);
  }

  const isOffered = (one) => reasons.get(key(one, one.parameter, one.oracle)) !== page.notOffered;

  // What facts.Gradient says of its rows.
  const verdictOf = (found) => {
    const offered = found.filter(isOffered);
    const decided = bptt.worstOf(offered.map((one) => one.verdict), page.decided);
    return decided ?? (offered.length < found.length ? "not offered" : "inconclusive");
  };

  const cellOf = (found) => {
    const gradients = [...Map.groupBy(found, (one) => one.parameter).values()].map((rows) => ({
      rows, verdict: verdictOf(rows), size: Math.max(0, ...rows.map((r) => bptt.number(r.max_budgets) || 0)),
    }));
    gradients.sort((a, b) =>
      page.order.indexOf(a.verdict) - page.order.indexOf(b.verdict) || b.size - a.size);
    const oracles = run.oracles.filter((o) => !bptt.state.oracle || o === bptt.state.oracle);
    const said = oracles.map((oracle) => {
      const rows = found.filter((one) => one.oracle === oracle);
      const verdicts = rows.map((one) => (isOffered(one) ? one.verdict : "not offered"));
      return [oracle, bptt.worstOf(verdicts, page.order) ?? "not offered"];
    });
    return { worst: gradients[0], said };
  };

  const redraw = (td, found) => {
    const { worst, said } = cellOf(found);
    const level = page.limits.filter((limit) => worst.size > limit).length;
    const look = worst.verdict === "pass" ? `pass level${level}` : worst.verdict.replaceAll(" ", "-");
    const cell = original.get(td).cloneNode();
    cell.tabIndex = bptt.$("a", td).tabIndex;
    cell.className = `cell ${look}`;
    cell.replaceChildren(
      bptt.el("b", {}, worst.verdict === "not offered" ? "" : bptt.format(worst.size, 2)),
      bptt.el("span", { class: "marks", "aria-hidden": "true" }, said.map(([, v]) => page.marks[v]).join("")),
      bptt.el("span", { class: "hidden" }, said.map(([o, v]) => `${o} ${v}`).join(", ")),
    );
    td.replaceChildren(cell);
    return worst.verdict;
  };

  const restore = (td) => td.replaceChildren(original.get(td));

  const narrow = () => Boolean(bptt.state.oracle || bptt.state.dtype);

  const chosen = (one) =>
    (!bptt.state.oracle || one.oracle === bptt.state.oracle) &&
    (!bptt.state.dtype || one.dtype === bptt.state.dtype);

  const badge = (tr, verdict) => {
    const shown = bptt.$(".badge", tr);
    const wanted = verdict ? bptt.el("span", { class: `badge ${verdict.replaceAll(" ", "-")}` }, verdict) : badges.get(tr).cloneNode(true);
    shown.replaceWith(wanted);
    return wanted.textContent;
  };

  const drawLine = (tr) => {
    const verdicts = [];
    for (const td of bptt.$$("td[data-base]", tr)) {
      const found = (byCell.get(key(tr.dataset, td.dataset.base, "")) ?? []).filter(chosen);
      td.classList.toggle("empty", narrow() && !found.length);
      if (!narrow()) restore(td);
      else if (found.length) verdicts.push(redraw(td, found));
    }
    const worst = bptt.worstOf(verdicts.filter((v) => v !== "not offered"), page.order);
    return badge(tr, narrow() ? worst ?? "not checked" : "");
  };

  bptt.isShown = (verdict, one, text) => {
    const { status, only, q } = bptt.state;
    const kind = page.failing.includes(verdict) ? "failing" : verdict === "pass" ? "pass" : "undecided";
    const wanted = q.toLowerCase().split(/\s+/).filter(Boolean);
    return (!status || status === kind) && (!only || only === bptt.label(one)) &&
      wanted.every((word) => text.toLowerCase().includes(word));
  };

  let before = null;
  const draw = () => {
    const { status, only, oracle, dtype, q } = bptt.state;
    const now = JSON.stringify([status, only, oracle, dtype, q]);
    if (now === before) return;
    before = now;
    let shown = 0;
    for (const tr of lines) {
      const verdict = drawLine(tr);
      const columns = bptt.$$("td[data-base]", tr).map((td) => td.dataset.names).join(" ");
      tr.hidden = !bptt.isShown(verdict, tr.dataset, `${bptt.label(tr.dataset)} ${columns}`);
      shown += !tr.hidden;
    }
    const marked = oracle || run.oracles.join(", ");
    bptt.$("#marks-of").textContent = marked;
    bptt.$("#overview-count").textContent =
      shown === lines.length ? bptt.plural(shown, "model") : `${shown} of ${bptt.plural(lines.length, "model")}`;
    bptt.$("#overview-none").hidden = shown > 0;
  };

  // For a test: what the script makes of everything must be what the page came with.
  bptt.redrawAll = () => original.forEach((_, td) =>
    redraw(td, byCell.get(key(td.parentElement.dataset, td.dataset.base, ""))));
  bptt.wireFilters();
  walk(bptt.$("#overview table"));
  bptt.parts.push(draw);
};

// One tab stop for all cells; arrow keys go from cell to cell.
function walk(table) {
  const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  const first = bptt.$("a.cell", table);
  if (first) first.tabIndex = 0;
  table.addEventListener("keydown", (event) => {
    const [down, right] = step[event.key] ?? [0, 0];
    const td = event.target.closest("td");
    if (!td || (!down && !right)) return;
    event.preventDefault();
    const rows = bptt.$$("tbody tr", table).filter((tr) => !tr.hidden);
    let row = rows.indexOf(td.parentElement), column = td.cellIndex, next = null;
    do {
      row += down;
      column += right;
      next = rows[row]?.cells[column];
    } while (next && !bptt.$("a.cell", next));
    const cell = next && bptt.$("a.cell", next);
    if (!cell) return;
    bptt.$$("a.cell[tabindex='0']", table).forEach((other) => { other.tabIndex = -1; });
    cell.tabIndex = 0;
    cell.focus();
  });
}

bptt.wireFilters = () => {
  const form = bptt.$("#filters");
  const names = ["status", "only", "oracle", "dtype", "q"];
  const apply = () => bptt.go(Object.fromEntries(names.map((name) => [name, form.elements[name]?.value ?? ""])));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  const show = () => {
    for (const name of names) {
      const field = form.elements[name];
      if (field && field !== document.activeElement) field.value = bptt.state[name];
    }
    bptt.$("#clear").disabled = !names.some((name) => bptt.state[name]);
  };
  bptt.parts.push(show);
};
