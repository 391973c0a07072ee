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
    parameters.replaceChildren(...byModel.get(keyOf(now)).parameters.map((name) => bptt.el("option", { value: name }, bptt.called(now, name))));
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
    let waiting = 0;
    addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(bptt.recolour); });
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

  const compared = [...bptt.$("#gradient").querySelectorAll("details[data-parameter]")];
  function show(now, worst, histograms, rows) {
    for (const one of compared) one.hidden = !is({ check: "", ...one.dataset }, now);
    bptt.summary(now, worst, rows);
    bptt.tables(worst);
    if (!window.echarts) return;
    const unit = bptt.$("#g-unit").value;
    const exact = histograms.reduce((sum, s) => sum + s.exact, 0), cases = histograms.reduce((sum, s) => sum + s.cases, 0);
    plot("spread", bptt.histogramChart(histograms, unit), `Distribution of the largest error of each case in ${unit}; ${exact} of ${bptt.plural(cases, "comparison")} exact.`);
    plot("entries", worst && bptt.entriesChart(worst), worst && `Errors of all entries of ${bptt.called(now)}; the worst is at ${bptt.place(worst)}.`);
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

// A chart with room for as many lines as its legend takes, which wraps in a narrow one.
const LEGEND_LINE = 17;
function below(option, width) {
  if (option.legend?.show === false) return option;
  const wide = option.series.map((one) => one.name).filter(Boolean).map((name) => 42 + 6.5 * Math.min(name.length, 34));
  const lines = [...wide].reduce(([count, used], next) => (used + next > width ? [count + 1, next] : [count, used + next]), [1, 0])[0];
  const more = LEGEND_LINE * (lines - 1);
  const moved = (grid) => ({ ...grid, top: grid.top + more });
  return { ...option, grid: Array.isArray(option.grid) ? option.grid.map(moved) : moved(option.grid) };
}

// Draws an option into its figure; hides the figure (or only the picture) where there is none.
function plot(id, option, words, whole = true) {
  const figure = bptt.$(`#chart-${id}`), place = bptt.$(".plot", figure);
  (whole ? figure : place).hidden = !option;
  if (!option) return;
  place.setAttribute("aria-label", words);
  const chart = drawn.get(id) ?? echarts.init(place, null, { renderer: "svg" });
  drawn.set(id, chart);
  chart.setOption(below(option, place.clientWidth), true);
  chart.resize();
  chart.getZr().flush();
  // so that the picture can be made smaller for paper
  bptt.$("svg", place).setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
}

bptt.flows = () => bptt.run.flows.forEach((flow, n) => {
  const strongest = Math.max(...flow.paths.flat().map(bptt.number));
  plot(`flow-${n}`, strongest > 0 ? bptt.flowChart(flow) : null, `Strength of each path of the gradient of ${bptt.called(flow, flow.weight)} in ${flow.model}; the numbers are in the table below.`);
});

// The first curve of each model is the one along all inputs.
bptt.remainders = () => [...Map.groupBy(bptt.run.taylor, (curve) => curve.model).values()].forEach(([curve], n) => {
  const found = curve.order === null ? "no order could be fitted" : `order ${curve.order.toFixed(2)}`;
  plot(`taylor-${n}`, bptt.taylorChart(curve), `Remainder by step of ${curve.model}: ${found}, ${curve.verdict}.`, false);
});

bptt.summary = (now, worst, rows) => {
  const verdicts = rows.map((row) => row.verdict);
  const together = rows.find((row) => row.reason_kind === bptt.page.systematic);
  const verdict = together?.verdict ?? worst?.verdict ?? bptt.worstOf(verdicts, bptt.page.order) ?? "not checked";
  const place = bptt.$("#g-summary");
  const badge = bptt.el("span", { class: `badge ${verdict.replaceAll(" ", "-")}` }, verdict);
  const name = bptt.el("strong", {}, `${bptt.called(now)} of ${bptt.label(now)}`);
  if (!worst) {
    const why = [...new Set(rows.map((row) => row.reason).filter(Boolean))].join("; ");
    place.replaceChildren(badge, " ", name, bptt.el("span", { class: "quiet" }, why ? ` ${why}` : rows.some((row) => row.directional) ? " was measured along directions only: no entry is known by itself" : " no case of it was profiled"));
    bptt.$("#g-case").hidden = true;
    return;
  }
  const largest = Math.max(...worst.errors.flat().map(bptt.number));
  place.replaceChildren(badge, " ", name, ` is off by at most ${bptt.format(largest)} budgets in its worst case, at ${bptt.place(worst)}${bptt.entryName(worst)}${together ? `; ${together.reason}` : ""}.`);
  bptt.$("#g-case").hidden = !worst.spec;
  bptt.$("#g-spec").textContent = worst.spec ? bptt.page.again.replace(bptt.page.spec, worst.spec) : "";
};

// What the axes of an array of the contract are.
const AXES = {
  W_xh: ["unit", "input"], W_hh: ["unit", "unit before"], W_hy: ["output", "unit"], b_y: ["output"],
  x: ["step", "sequence", "input"], h0: ["layer", "sequence", "unit"], c0: ["layer", "sequence", "unit"],
};
const axesOf = ({ parameter, shape }) => AXES[bptt.base(parameter)] ?? (shape.length === 1 ? ["unit"] : ["unit", "entry"]);

// The arrays that a gradient is in: the subject's own, or that of the contract.
const gridsOf = (worst) => (worst.own.length ? worst.own : [{
  ...worst, array: "", first: worst.shape.map(() => 0), axes: worst.shape.map((_, axis) => axis),
}]);

// The axis of a grid that has gates, how many rows each has there, and the axis of units if it is another.
const gated = ({ gates, axes, shape }) => {
  const axis = gates.length ? axes.indexOf(0) : -1, units = axes.lastIndexOf(0);
  return { axis, per: axis < 0 ? 0 : shape[axis] / gates.length, units: axis === units ? -1 : units };
};

bptt.place = (worst) => gridsOf(worst).filter((grid) => grid.index.length).map((grid) => `${grid.array}[${grid.index.join(", ")}]`).join(", ");

bptt.entryName = (worst) => {
  const grid = gridsOf(worst).find((one) => one.index.length), { axis, per, units } = gated(grid);
  if (axis < 0) return "";
  const at = grid.index[axis] - grid.first[axis];
  return ` (gate ${grid.gates[Math.floor(at / per)]}, unit ${units < 0 ? at % per : grid.index[units]})`;
};

// One array as rows and columns of numbers and labels: vectors of stacked gates have a row per gate.
const tableOf = (grid) => {
  const { shape, first, gates, block, index } = grid, { axis, per, units } = gated(grid);
  const values = grid.errors.map((line) => line.map(bptt.number));
  const whole = block[0] === 1 && block[1] === 1;
  if (shape.length === 1 && axis === 0 && whole) {
    const at = index.length ? index[0] - first[0] : -1;
    return {
      values: gates.map((_, g) => values[0].slice(g * per, (g + 1) * per)), rows: gates, columns: Array.from({ length: per }, (_, n) => String(n)),
      lines: [], mark: at < 0 ? null : [Math.floor(at / per), at % per], names: ["gate", "unit"],
    };
  }
  const along = (which, n) => (which !== axis ? String(first[which] + n) : units < 0 ? `${gates[Math.floor(n / per)]} ${n % per}` : gates[n]);
  const width = shape[2] ?? 1, last = shape.length === 1 ? 0 : 1;
  const column = (n) => (shape.length === 3 ? `${along(1, Math.floor(n / width))}, ${along(2, n % width)}` : along(last, n));
  const own = index.map((n, which) => n - first[which]);
  const cuts = axis < 0 || shape.length === 1 ? [] : gates.slice(1).map((_, g) => ((g + 1) * per) / block[axis]);
  return {
    values, rows: values.map((_, r) => (shape.length === 1 ? "" : along(0, r * block[0]))), columns: values[0].map((_, c) => column(c * block[1])),
    lines: cuts.map((at) => (axis === 0 ? [[0, at], [values[0].length, at]] : [[at, 0], [at, values.length]])),
    mark: !whole || !index.length ? null : shape.length === 1 ? [0, own[0]] : [own[0], shape.length === 3 ? own[1] * width + own[2] : own[1]],
  };
};

// What the rows and the columns of an array are.
const namesOf = (worst, grid) => {
  const words = axesOf(worst), { axis, units } = gated(grid);
  const named = grid.axes.map((k, which) => (which !== axis ? words[k] ?? "" : units < 0 ? "gate, unit" : "gate"));
  return grid.shape.length === 1 ? ["", named[0]] : [named[0], named.slice(1).filter(Boolean).join(", ")];
};

// The arrays that a gradient is in, one below the other.
bptt.entriesChart = (worst) => {
  const grids = gridsOf(worst), several = grids.length > 1;
  const tables = grids.map((grid) => ({ names: namesOf(worst, grid), ...tableOf(grid) }));
  const starts = tables.map((_, n) => tables.slice(0, n).reduce((sum, table) => sum + table.rows.length, 0));
  const rows = tables.flatMap((table, n) => table.rows.map((row) => (several ? `${grids[n].array} ${row}`.trim() : row)));
  const columns = tables.reduce((most, table) => (table.columns.length > most.length ? table.columns : most), []);
  const between = starts.slice(1).map((at) => [[0, at], [columns.length, at]]);
  const within = tables.flatMap((table, n) => table.lines.map((ends) => ends.map(([c, r]) => [c, r + starts[n]])));
  const marked = tables.findIndex((table) => table.mark);
  return bptt.heatChart({
    rows, columns, values: tables.flatMap((table) => table.values), lines: [...between, ...within], pieces: bptt.budgetPieces(),
    mark: marked < 0 ? null : [tables[marked].mark[0] + starts[marked], tables[marked].mark[1]],
    names: several ? [["array", tables[0].names[0]].filter(Boolean).join(", "), tables[0].names[1]] : tables[0].names,
    words: (r, c, v) => `${[rows[r], columns[c]].filter(Boolean).join(" · ")}\n${bptt.format(v)} budgets`,
  });
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
