// What each chart shows, as options of ECharts; null where there is nothing to show.
"use strict";

// Colours come from the style sheet, resolved for the scheme of the moment.
const colour = (name) => {
  const probe = bptt.$("#probe");
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
};

// One colour, shape and dash for each oracle, the same in every chart; shape and dash tell in grey.
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect"];
const DASHES = ["solid", [7, 3], [2, 3], [9, 3, 2, 3], [4, 2]];
const lookOf = (oracle) => {
  const at = Math.max(0, bptt.run.oracles.indexOf(oracle)), n = at % SYMBOLS.length;
  return { color: colour(`series-${n + 1}`), symbol: SYMBOLS[n], dash: DASHES[n] };
};

// Series of oracles; those whose points are the same are one line with all their names.
const byOracle = (found) => [...Map.groupBy(found, (one) => JSON.stringify(one.data))].map(([, same]) => {
  const look = lookOf(same[0].name);
  return {
    ...same[0], name: same.map((one) => one.name).join(" = "), color: look.color, symbol: look.symbol, symbolSize: 6,
    itemStyle: { color: look.color }, lineStyle: { width: 1.5, color: look.color, type: look.dash },
  };
});

const short = (text) => (text.length > 34 ? `${text.slice(0, 33)}…` : text);

const power = (value) => {
  const exponent = Math.log10(value);
  return Math.abs(exponent - Math.round(exponent)) < 1e-9 ? `1e${Math.round(exponent)}` : bptt.format(value, 1);
};

const axis = (more) => ({
  axisLine: { lineStyle: { color: colour("line-strong") } },
  axisTick: { show: true, length: 4, lineStyle: { color: colour("line-strong") } },
  axisLabel: { color: colour("quiet"), fontSize: 11, hideOverlap: true },
  splitLine: { lineStyle: { color: colour("line") } },
  nameTextStyle: { color: colour("quiet"), fontSize: 11 },
  nameLocation: "middle",
  ...more,
});

const logAxis = (name, gap, more = {}) =>
  axis({ type: "log", name, nameGap: gap, axisLabel: { color: colour("quiet"), fontSize: 11, hideOverlap: true, formatter: power }, minorSplitLine: { show: false }, ...more });

const frame = (more) => ({
  animation: false,
  textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("ink") },
  color: [1, 2, 3, 4, 5].map((n) => colour(`series-${n}`)),
  grid: { left: 58, right: 18, top: 34, bottom: 46 },
  legend: { top: 0, left: 0, itemWidth: 26, itemHeight: 8, formatter: short, textStyle: { color: colour("quiet"), fontSize: 11 } },
  tooltip: {
    // drawn as text into the picture: nothing that a subject named can become markup
    renderMode: "richText", confine: true, borderColor: colour("line-strong"), backgroundColor: colour("card"),
    textStyle: { color: colour("ink"), fontSize: 12 },
  },
  ...more,
});

// A dashed line between two points, with a word at its end.
const rule = (from, to, text) => ({
  type: "line", silent: true, symbol: "none", data: [from, to], color: colour("strong"), tooltip: { show: false },
  lineStyle: { type: "dashed", width: 1 },
  endLabel: { show: true, formatter: text, color: colour("strong"), fontSize: 11, align: "right", verticalAlign: "bottom", offset: [-10, -2] },
});

const positive = (pairs) => pairs.map(([x, y]) => [x, bptt.number(y) > 0 && Number.isFinite(bptt.number(y)) ? bptt.number(y) : null]);

// How the errors of all cases spread: counts by half a decade, one line per oracle.
bptt.histogramChart = (histograms, unit) => {
  const bins = histograms.flatMap((s) => s[unit].map(([bin]) => bin));
  if (!bins.length) return null;
  // whole decades, and the budget in view
  const bounds = unit === "budgets" ? [-2, 2] : [];
  const first = 2 * Math.floor((Math.min(...bins, ...bounds) - 1) / 2), last = 2 * Math.ceil((Math.max(...bins, ...bounds) + 1) / 2);
  const places = Array.from({ length: last - first + 1 }, (_, n) => first + n);
  const found = [...Map.groupBy(histograms, (s) => s.oracle)].map(([oracle, found]) => {
    const counts = new Map();
    for (const [bin, count] of found.flatMap((s) => s[unit])) counts.set(bin, (counts.get(bin) ?? 0) + count);
    const at = (bin) => ({ value: [10 ** (bin / 2), counts.get(bin) ?? 0], symbol: counts.get(bin) ? undefined : "none" });
    return { name: oracle, type: "line", step: "end", areaStyle: { opacity: 0.1 }, data: places.map(at) };
  });
  const series = byOracle(found.filter((one) => one.data.some(({ value }) => value[1])));
  if (unit === "budgets") {
    const highest = Math.max(...series.flatMap((s) => s.data.map((one) => one.value[1])));
    series.push(rule([1, 0], [1, highest], "budget"));
  }
  return frame({
    xAxis: logAxis(`largest error of a case, in ${unit}`, 28, { min: 10 ** (first / 2), max: 10 ** (last / 2) }),
    yAxis: axis({ type: "value", name: "cases", nameGap: 36, minInterval: 1 }),
    tooltip: { ...frame({}).tooltip, trigger: "axis", formatter: (shown) => [`from ${bptt.format(shown[0].value[0], 2)} ${unit}`, ...shown.map((s) => `${s.seriesName}: ${s.value[1]}`)].join("\n") },
    series,
  });
};

const evenly = (count, most) => {
  const every = Math.ceil(count / most);
  return Array.from({ length: Math.ceil(count / every) }, (_, n) => n * every + 0.5);
};

const labelled = (labels, name, gap, most, more) => axis({
  type: "value", min: 0, max: labels.length, name, nameGap: gap, splitLine: { show: false },
  axisLabel: { color: colour("quiet"), fontSize: 11, customValues: evenly(labels.length, most), formatter: (at) => short(labels[Math.floor(at)]) },
  ...more,
});

// Rows and columns of coloured cells, with lines between groups and one cell that is marked.
bptt.heatChart = ({ rows, columns, names, values, pieces, words, lines = [], mark = null }) => frame({
  grid: { left: 66, right: 12, top: 8, bottom: 76 },
  legend: { show: false },
  xAxis: labelled(columns, names[1], 26, 20),
  yAxis: labelled(rows, names[0], 48, 16, { inverse: true }),
  visualMap: { type: "piecewise", dimension: 2, pieces, orient: "horizontal", left: "center", bottom: 0, itemWidth: 12, itemHeight: 12, itemGap: 8, textGap: 4, textStyle: { color: colour("quiet"), fontSize: 11 }, selectedMode: false },
  tooltip: { ...frame({}).tooltip, formatter: ({ value: [c, r, v] }) => words(r, c, v) },
  series: [{
    type: "custom", clip: true,
    data: values.flatMap((line, r) => line.map((v, c) => [c, r, v])).filter(([, , v]) => v !== null),
    renderItem: (_, api) => {
      const [x, y] = api.coord([api.value(0), api.value(1)]);
      const [right, below] = api.coord([api.value(0) + 1, api.value(1) + 1]);
      const gap = Math.min(1, (right - x) / 8);
      return { type: "rect", shape: { x: x + gap, y: y + gap, width: right - x - 2 * gap, height: below - y - 2 * gap, r: 2 }, style: { fill: api.visual("color") } };
    },
    markLine: {
      silent: true, symbol: "none", label: { show: false }, lineStyle: { color: colour("ink"), width: 1.5, type: "solid" },
      data: lines.map(([from, to]) => [{ coord: from }, { coord: to }]),
    },
  }, ...(mark ? [{ type: "scatter", silent: true, symbol: "circle", symbolSize: 11, data: [[mark[1] + 0.5, mark[0] + 0.5]], itemStyle: { color: "transparent", borderColor: colour("ink"), borderWidth: 2 }, visualMap: false }] : [])],
});

bptt.budgetPieces = () => [
  { lt: 1e-3, label: "<0.001", color: colour("heat-0") }, { gte: 1e-3, lt: 1e-2, label: "<0.01", color: colour("heat-1") },
  { gte: 1e-2, lt: 0.1, label: "<0.1", color: colour("heat-2") }, { gte: 0.1, lte: 1, label: "≤1", color: colour("heat-3") },
  { gt: 1, lt: 1e3, label: ">1", color: colour("heat-4") }, { gte: 1e3, label: "≥1000", color: colour("heat-5") },
];

// Worst error by how many steps the losses flow back.
bptt.lengthChart = (histograms) => {
  const series = [...Map.groupBy(histograms, (s) => s.oracle)].map(([oracle, found]) => {
    const worst = new Map();
    for (const [steps, , largest] of found.flatMap((s) => s.by_length)) {
      worst.set(steps, Math.max(worst.get(steps) ?? 0, bptt.number(largest)));
    }
    const points = positive([...worst].sort((a, b) => a[0] - b[0]));
    return { name: oracle, type: "line", connectNulls: true, data: points };
  });
  const drawn = byOracle(series.filter((s) => s.data.length));
  if (!drawn.some((s) => s.data.length > 1)) return null;
  const steps = drawn.flatMap((s) => s.data.map(([at]) => at));
  drawn.push(rule([Math.min(...steps), 1], [Math.max(...steps), 1], "budget"));
  const sizes = drawn.flatMap((s) => s.data.map(([, size]) => size)).filter((size) => size !== null).map(Math.log10);
  const range = { min: 10 ** Math.floor(Math.min(...sizes)), max: 10 ** Math.ceil(Math.max(...sizes) + 0.01) };
  return frame({
    xAxis: axis({ type: "value", name: "steps over which the losses flow back", nameGap: 28, minInterval: 1, min: "dataMin", max: "dataMax" }),
    yAxis: logAxis("worst error, budgets", 44, range),
    tooltip: { ...frame({}).tooltip, trigger: "axis", formatter: (shown) => [`${shown[0].value[0]} steps`, ...shown.map((s) => `${s.seriesName}: ${bptt.format(s.value[1])} budgets`)].join("\n") },
    series: drawn,
  });
};

// Norm of dL/dx_t and its error along time, with the windows of a truncation above.
bptt.stepsChart = ({ norms, errors, windows }) => {
  const points = (values) => positive(values.map((value, t) => [t, value]));
  const x = { type: "value", min: 0, max: Math.max(1, norms.length - 1), minInterval: 1 };
  const top = windows.length ? Math.min(70, 14 + 7 * windows.length) : 0;
  const grids = [{ left: 58, right: 58, top: 34 + top, bottom: 46 }, { left: 58, right: 58, top: 26, height: top }];
  const segments = windows.flatMap(([start, end], n) => [[start, n], [end - 1, n], [null, null]]);
  const series = [
    { name: "norm of dL/dx", type: "line", symbolSize: 5, data: points(norms) },
    ...(errors.length ? [{ name: "error in budgets", type: "line", yAxisIndex: 1, symbolSize: 5, lineStyle: { type: "dashed", width: 1.5 }, data: points(errors) }] : []),
    ...(windows.length ? [{ name: "truncation windows", type: "line", xAxisIndex: 1, yAxisIndex: errors.length ? 2 : 1, symbol: "circle", symbolSize: 4, lineStyle: { width: 3, cap: "round" }, data: segments, color: colour("series-3") }] : []),
  ];
  return frame({
    grid: windows.length ? grids : grids.slice(0, 1),
    xAxis: [axis({ ...x, name: "step t", nameGap: 28 }), ...(windows.length ? [{ ...x, gridIndex: 1, show: false }] : [])],
    yAxis: [logAxis("norm", 44), ...(errors.length ? [logAxis("budgets", 44, { splitLine: { show: false } })] : []), ...(windows.length ? [{ type: "value", gridIndex: 1, show: false, inverse: true, min: -0.5, max: windows.length - 0.5 }] : [])],
    tooltip: { ...frame({}).tooltip, trigger: "item", formatter: (s) => s.seriesName === "truncation windows" ? `window ${s.value[1]}` : `step ${s.value[0]}\n${s.seriesName}: ${bptt.format(s.value[1])}` },
    series,
  });
};

// The V: error of a central difference against its step.
bptt.quotientChart = (quotients) => {
  if (!quotients) return null;
  const points = positive(quotients.steps.map((step, n) => [step, quotients.errors[n]]));
  const errors = points.map(([, error]) => error).filter((error) => error !== null);
  if (!errors.length) return null;
  return frame({
    legend: { show: false },
    grid: { left: 62, right: 18, top: 14, bottom: 46 },
    xAxis: logAxis("step of a central difference", 28, { min: 1e-15, max: 1, splitLine: { show: false } }),
    yAxis: logAxis("relative error", 46),
    tooltip: { ...frame({}).tooltip, trigger: "axis", formatter: ([s]) => `step ${bptt.format(s.value[0])}\nerror ${bptt.format(s.value[1])}` },
    series: [{ type: "line", symbolSize: 5, connectNulls: true, data: points }, rule([quotients.chosen, Math.min(...errors)], [quotients.chosen, Math.max(...errors)], "chosen step")],
  });
};

// The remainder of a Taylor expansion by step, with the slopes of a right and a wrong gradient.
bptt.taylorChart = ({ steps, remainders, rounding, first, last, order }) => {
  const points = (values) => positive(steps.map((step, n) => [step, values[n]]));
  const foot = [bptt.number(steps[last - 1]), bptt.number(remainders[last - 1])];
  const slope = (power, name, look) => ({
    name, type: "line", silent: true, symbol: "none", lineStyle: { type: look, width: 1.2 },
    data: positive([[foot[0], foot[1]], [steps[0], foot[1] * (steps[0] / foot[0]) ** power]]),
  });
  const drawn = points(remainders).map(([, size]) => size).filter((size) => size !== null);
  if (!drawn.length) return null;
  const slopes = order === null || !(foot[1] > 0) ? [] : [slope(2, "slope 2, right", "dashed"), slope(1, "slope 1, wrong", "dotted")];
  return frame({
    grid: { left: 62, right: 18, top: 34, bottom: 46 },
    xAxis: logAxis("step s", 28, { splitLine: { show: false } }),
    yAxis: logAxis("remainder", 46, { max: 10 ** Math.ceil(Math.log10(Math.max(...drawn)) + 0.5) }),
    tooltip: { ...frame({}).tooltip, trigger: "item", formatter: (s) => `${s.seriesName}\nstep ${bptt.format(s.value[0])}: ${bptt.format(s.value[1])}` },
    series: [
      { name: "remainder", type: "line", symbolSize: 5, connectNulls: true, data: points(remainders),
        markArea: { silent: true, itemStyle: { color: colour("soft") }, data: last > first ? [[{ xAxis: steps[last - 1] }, { xAxis: steps[first] }]] : [] } },
      { name: "rounding", type: "line", symbol: "none", lineStyle: { width: 1, opacity: 0.8 }, connectNulls: true, data: points(rounding) },
      ...slopes,
    ],
  });
};

// log10 of each path relative to the strongest: loss step i through step k.
bptt.flowChart = (flow) => {
  const strongest = Math.max(...flow.paths.flat().map(bptt.number));
  const T = flow.paths.length;
  const steps = Array.from({ length: T }, (_, t) => String(t));
  const decades = flow.paths.map((row) => row.map((v) => (bptt.number(v) > 0 ? Math.log10(bptt.number(v) / strongest) : null)));
  const [, k1, k2] = /\bk1=([1-9]\d*) k2=(\d+)/.exec(flow.spec) ?? [];
  const lines = [];
  for (let block = 0; k1 && block < T; block += Number(k1)) {
    const end = Math.min(block + Number(k1), T), start = Math.max(0, end - Number(k2));
    lines.push([[start, block], [start, end]], [[start, end], [end, end]], [[start, block], [end, block]]);
  }
  const shade = (n) => colour(`flow-${n}`);
  return bptt.heatChart({
    rows: steps, columns: steps, names: ["loss of step i", "through step k"], values: decades, lines,
    pieces: [{ gt: -0.5, label: "all", color: shade(5) }, { gt: -1, lte: -0.5, label: ">1/10", color: shade(4) }, { gt: -2, lte: -1, label: ">1/100", color: shade(3) }, { gt: -4, lte: -2, label: ">1e-4", color: shade(2) }, { gt: -8, lte: -4, label: ">1e-8", color: shade(1) }, { lte: -8, label: "less", color: shade(0) }],
    words: (i, k, v) => `loss of step ${i} through step ${k}\n${bptt.format(10 ** v)} of the strongest path`,
  });
};
