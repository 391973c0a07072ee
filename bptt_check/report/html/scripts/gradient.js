// One gradient of one model in detail: which, and its charts and tables.
"use strict";

bptt.gradient = () => {
  const { run, page } = bptt;
  const models = bptt.$("#g-model"), parameters = bptt.$("#g-parameter");
  const keyOf = (one) => JSON.stringify([one.check ?? "", one.model]);
  const byModel = new Map(page.models.map((one) => [keyOf(one), one]));
  const all = page.models.flatMap((one) => one.parameters.map((parameter) => ({ model: one.model, check: one.check, parameter })));
  models.replaceChildren(...page.models.map((one) => bptt.el("option", { value: keyOf(one) }, `${bptt.label(one)} (${one.verdict})`)));

  const chosen = () => {
    const given = byModel.get(keyOf(bptt.state)) ?? page.models[0];
    const parameter = given.parameters.includes(bptt.state.parameter) ? bptt.state.parameter : given.parameters[0];
    return { model: given.model, check: given.check, parameter };
  };
  const is = (one, other) => keyOf(one) === keyOf(other) && one.parameter === other.parameter;
  const choose = (one) => bptt.go({ section: "gradient", ...one });
  models.addEventListener("change", () => {
    const { model, check, parameters: names } = byModel.get(models.value);
    choose({ model, check, parameter: names[0] });
  });
  parameters.addEventListener("change", () => choose({ ...chosen(), parameter: parameters.value }));
  const at = () => all.findIndex((one) => is(one, chosen()));
  bptt.$("#g-before").addEventListener("click", () => choose(all[at() - 1]));
  bptt.$("#g-next").addEventListener("click", () => choose(all[at() + 1]));

  let before = "";
  const draw = (force) => {
    const now = chosen();
    if (!force && JSON.stringify(now) === before) return;
    before = JSON.stringify(now);
    models.value = keyOf(now);
    parameters.replaceChildren(...byModel.get(keyOf(now)).parameters.map((name) => bptt.el("option", { value: name }, name)));
    parameters.value = now.parameter;
    bptt.$("#g-before").disabled = at() <= 0;
    bptt.$("#g-next").disabled = at() >= all.length - 1;
    bptt.$("#g-place").textContent = `${at() + 1} of ${all.length}, worst first`;
    const mine = (one) => is(one, now);
    show(now, run.worst_entries.find(mine), run.error_histograms.filter(mine), run.rows.filter(mine));
  };
  bptt.parts.push(() => draw(false));
  bptt.charts = async () => {
    await bptt.vendor("echarts");
    bptt.recolour = () => {
      draw(true);
      bptt.flows();
      bptt.remainders();
    };
    bptt.recolour();
    bptt.$("#g-unit").addEventListener("change", () => draw(true));
    addEventListener("resize", () => { for (const chart of drawn.values()) chart.resize(); });
    // paper is white, whatever the screen is
    const root = document.documentElement;
    let scheme = root.dataset.scheme;
    addEventListener("beforeprint", () => {
      scheme = root.dataset.scheme;
      root.dataset.scheme = "light";
      bptt.recolour();
    });
    addEventListener("afterprint", () => {
      root.dataset.scheme = scheme;
      bptt.recolour();
    });
  };

  function show(now, worst, histograms, rows) {
    bptt.summary(now, worst, rows);
    bptt.tables(worst);
    if (!window.echarts) return;
    const unit = bptt.$("#g-unit").value;
    const exact = histograms.reduce((sum, s) => sum + s.exact, 0), cases = histograms.reduce((sum, s) => sum + s.cases, 0);
    plot("spread", bptt.histogramChart(histograms, unit), `Distribution of the largest error of each case in ${unit}; ${exact} of ${bptt.plural(cases, "comparison")} exact.`);
    plot("entries", worst && bptt.entriesChart(worst), worst && `Errors of all entries of ${now.parameter}; the worst is at [${worst.index.join(", ")}].`);
    plot("reach", bptt.lengthChart(histograms), "Worst error against the number of steps over which the losses flow back.");
    plot("steps", worst && worst.over_time.norms.length > 1 ? bptt.stepsChart(worst.over_time) : null, worst && along(worst.over_time));
    plot("quotients", worst && bptt.quotientChart(worst.quotients), worst?.quotients && `Error of a central difference against its step; the chosen step is ${bptt.format(worst.quotients.chosen)}.`);
  }

  function along({ norms, windows }) {
    const known = norms.map(bptt.number), largest = known.indexOf(Math.max(...known));
    return `Norm of dL/dx over ${known.length} steps, largest at step ${largest} with ${bptt.format(known[largest])}; ${windows.length ? bptt.plural(windows.length, "truncation window") : "no truncation"}.`;
  }
};

const drawn = new Map();

// Draws an option into its figure; hides the figure (or only the picture) where there is none.
function plot(id, option, words, whole = true) {
  const figure = bptt.$(`#chart-${id}`), place = bptt.$(".plot", figure);
  (whole ? figure : place).hidden = !option;
  if (!option) return;
  place.setAttribute("aria-label", words);
  const chart = drawn.get(id) ?? echarts.init(place, null, { renderer: "svg" });
  drawn.set(id, chart);
  chart.setOption(option, true);
  chart.resize();
  chart.getZr().flush();
  // so that the picture can be made smaller for paper
  bptt.$("svg", place).setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
}

bptt.flows = () => bptt.run.flows.forEach((flow, n) => {
  const strongest = Math.max(...flow.paths.flat().map(bptt.number));
  plot(`flow-${n}`, strongest > 0 ? bptt.flowChart(flow) : null, `Strength of each path of the gradient of ${flow.weight} in ${flow.model}; the numbers are in the table below.`);
});

// The first curve of each model is the one along all inputs.
bptt.remainders = () => [...Map.groupBy(bptt.run.taylor, (curve) => curve.model).values()].forEach(([curve], n) => {
  const found = curve.order === null ? "no order could be fitted" : `order ${curve.order.toFixed(2)}`;
  plot(`taylor-${n}`, bptt.taylorChart(curve), `Remainder by step of ${curve.model}: ${found}, ${curve.verdict}.`, false);
});

bptt.summary = (now, worst, rows) => {
  const verdicts = rows.map((row) => row.verdict);
  const verdict = worst?.verdict ?? bptt.worstOf(verdicts, bptt.page.order) ?? "not checked";
  const place = bptt.$("#g-summary");
  const badge = bptt.el("span", { class: `badge ${verdict.replaceAll(" ", "-")}` }, verdict);
  const name = bptt.el("strong", {}, `${now.parameter} of ${bptt.label(now)}`);
  if (!worst) {
    const why = [...new Set(rows.map((row) => row.reason).filter(Boolean))].join("; ");
    place.replaceChildren(badge, " ", name, bptt.el("span", { class: "quiet" }, why ? ` ${why}` : rows.some((row) => row.directional) ? " was measured along directions only: no entry is known by itself" : " no case of it was profiled"));
    bptt.$("#g-case").hidden = true;
    return;
  }
  const largest = Math.max(...worst.errors.flat().map(bptt.number));
  place.replaceChildren(badge, " ", name, ` is off by at most ${bptt.format(largest)} budgets in its worst case, at [${worst.index.join(", ")}]${bptt.entryName(worst)}.`);
  bptt.$("#g-case").hidden = !worst.spec;
  bptt.$("#g-spec").textContent = worst.spec ? bptt.page.again.replace(bptt.page.spec, worst.spec) : "";
};

const base = (worst) => bptt.base(worst.parameter);
const AXES = {
  W_xh: ["unit", "input"], W_hh: ["unit", "unit before"], W_hy: ["output", "unit"], x: ["step", "sequence, input"],
  h0: ["layer", "sequence, unit"], c0: ["layer", "sequence, unit"], b_y: ["", "output"],
};

// Rows, columns and their labels: stacked gates apart, vectors of gates folded to a row per gate.
bptt.entriesChart = (worst) => {
  const { shape, gates, block, index } = worst;
  let values = worst.errors.map((line) => line.map(bptt.number));
  const whole = block[0] === 1 && block[1] === 1;
  const per = gates.length ? shape[0] / gates.length : 0;
  const folded = whole && shape.length === 1 && gates.length > 0;
  if (folded) values = gates.map((_, g) => values[0].slice(g * per, (g + 1) * per));
  const names = AXES[base(worst)] ?? (shape.length === 1 ? ["", "unit"] : ["unit", "entry"]);
  const gated = gates.length > 0 && !folded;
  const rowName = (r) => {
    if (folded) return gates[r];
    const first = r * block[0];
    return gated ? `${gates[Math.floor(first / per)]} ${first % per}` : shape.length === 1 ? "" : String(first);
  };
  const columnName = (c) => {
    const first = c * block[1];
    return shape.length === 3 ? `${Math.floor(first / shape[2])}, ${first % shape[2]}` : String(first);
  };
  const [rows, columns] = [values.map((_, r) => rowName(r)), values[0].map((_, c) => columnName(c))];
  const lines = gated ? gates.slice(1).map((_, g) => ((g + 1) * per) / block[0]).map((y) => [[0, y], [columns.length, y]]) : [];
  const flat = shape.length === 3 ? [index[0], index[1] * shape[2] + index[2]] : shape.length === 2 ? index : folded ? [Math.floor(index[0] / per), index[0] % per] : [0, index[0]];
  return bptt.heatChart({
    rows, columns, values, lines, pieces: bptt.budgetPieces(), mark: whole ? flat : null,
    names: [folded ? "gate" : gated ? "gate, unit" : names[0], folded ? "unit" : names[1]],
    words: (r, c, v) => `${[rows[r], columns[c]].filter(Boolean).join(" · ")}\n${bptt.format(v)} budgets`,
  });
};

bptt.entryName = ({ gates, shape, index }) => {
  if (!gates.length) return "";
  const per = shape[0] / gates.length;
  return ` (gate ${gates[Math.floor(index[0] / per)]}, unit ${index[0] % per})`;
};

const filled = (id, rows) => bptt.$(`#${id} tbody`).replaceChildren(...rows);
const line = (head, ...cells) => bptt.el("tr", {}, bptt.el("th", { scope: "row" }, head), ...cells.map((text) => bptt.el("td", { class: "n" }, text)));

bptt.tables = (worst) => {
  for (const id of ["g-values", "g-budget", "g-agreement"]) bptt.$(`#${id}`).closest("figure").hidden = !worst;
  if (!worst) return;
  const exact = (value) => String(bptt.number(value));
  const share = (j) => bptt.format(Math.abs(bptt.number(worst.got) - bptt.number(j.value)) / bptt.number(j.budget));
  filled("g-values", [line("subject", exact(worst.got), "", ""), ...worst.opinions.map((j) =>
    line(j.oracle, exact(j.value), bptt.format(bptt.number(worst.got) - bptt.number(j.value)), share(j)))]);
  filled("g-budget", worst.opinions.map((j) => line(j.proven ? `${j.oracle} (proof)` : j.oracle, ...[j.units * bptt.number(j.subject), j.units * bptt.number(j.oracle_rounding), bptt.number(j.bound) + bptt.number(j.choice), j.budget].map((v) => bptt.format(v)))));
  bptt.$("#g-units").textContent = worst.opinions.length ? bptt.format(worst.opinions[0].units) : "";
  bptt.$("#g-dtype").textContent = worst.dtype;
  bptt.$("#g-agreement").closest("figure").hidden = !worst.agreement.length;
  filled("g-agreement", worst.agreement.map((a) => line(`${a.one} and ${a.other}`, bptt.format(a.gap), bptt.number(a.gap) > 1 ? "exclude each other" : a.at_kinks ? `agree but for the slope at kinks (${a.at_kinks})` : "agree")));
};
