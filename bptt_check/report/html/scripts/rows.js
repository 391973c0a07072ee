// The table of everything that was compared, and the downloads.
"use strict";

const MOST_PRINTED = 200;

bptt.rows = async () => {
  const { run, page } = bptt;
  await bptt.vendor("datatables");
  const escaped = DataTable.render.text();
  const sized = (name) => ({
    data: name, className: "n",
    render: (value, type) => {
      const number = bptt.number(value);
      return type === "display" ? bptt.format(number) : Number.isNaN(number) ? -1 : number;
    },
  });
  const rank = (verdict) => page.order.indexOf(verdict);
  const badge = (value, type) =>
    type === "display" ? bptt.el("span", { class: `badge ${value}` }, value) : type === "sort" ? rank(value) : value;
  const where = (_, type, row) => {
    const text = row.reason || row.worst_spec;
    return type === "display" ? bptt.el(row.reason ? "span" : "code", { title: text }, text) : text;
  };
  const link = (_, type, row) => {
    const target = bptt.address({ section: "gradient", model: row.model, check: row.check, parameter: row.parameter });
    return type === "display" ? bptt.el("a", { href: target }, bptt.called(row)) : bptt.called(row);
  };
  const failing = (row) => (page.failing.includes(row.verdict) ? rank(row.verdict) : page.failing.length);
  const size = (row) => (Number.isNaN(bptt.number(row.max_budgets)) ? -1 : bptt.number(row.max_budgets));
  const data = [...run.rows].sort((a, b) => failing(a) - failing(b) || size(b) - size(a));
  const dtypes = Map.groupBy(run.error_histograms, (one) => rowKey(one));
  const table = new DataTable("#rows-table", {
    data,
    columns: [
      { data: null, render: (_, type, row) => escaped.display(bptt.label(row)) },
      { data: "parameter", render: link },
      { data: "oracle", render: escaped },
      { data: "verdict", render: badge },
      sized("max_budgets"), sized("max_rel"), sized("max_abs"), sized("max_ulps"),
      { data: "decided", className: "n", render: (value, type, row) => (type === "display" ? `${value} of ${row.cases}` : value) },
      { data: "worst_index", render: (value, type, row) => escaped.display(row.worst_directions ? `along ${row.worst_directions} directions` : row.worst_place || value.join(", ")) },
      { data: null, className: "long", render: where },
    ],
    order: [],
    pageLength: 15,
    lengthMenu: [15, 50, 200],
    autoWidth: false,
    deferRender: true,
    searching: true,
    layout: { topStart: null, topEnd: null, bottomStart: ["info", "pageLength"], bottomEnd: "paging" },
    language: { emptyTable: "Nothing was compared.", info: "_START_ to _END_ of _TOTAL_", infoEmpty: "", infoFiltered: "(of _MAX_)", lengthMenu: "_MENU_ a page", zeroRecords: "Nothing matches the filters." },
  });
  table.search.fixed("filters", (_, row) => {
    const { oracle, dtype } = bptt.state;
    const text = `${bptt.label(row)} ${bptt.called(row)} ${row.oracle}`;
    return bptt.isShown(row.verdict, row, text) && (!oracle || row.oracle === oracle) &&
      (!dtype || (dtypes.get(rowKey(row)) ?? []).some((one) => one.dtype === dtype));
  });
  // on paper nobody turns a page of the table; of very many rows the worst are there
  let length = table.page.len();
  addEventListener("beforeprint", () => { length = table.page.len(); table.page.len(MOST_PRINTED).draw(); });
  addEventListener("afterprint", () => { table.page.len(length).draw(); });
  let before = "";
  bptt.parts.push(() => {
    const { status, only, oracle, dtype, q } = bptt.state;
    const now = JSON.stringify([status, only, oracle, dtype, q]);
    if (now !== before) table.draw();
    before = now;
  });
};

const rowKey = (one) => JSON.stringify([one.check, one.model, one.parameter, one.oracle]);

// A spreadsheet must not take a name for a formula.
const cell = (value) => {
  const text = Array.isArray(value) ? value.join(" ") : String(value);
  const tame = typeof value === "string" && /^[=+\-@\t\r]/.test(text) && Number.isNaN(bptt.number(text)) && text !== "nan" ? `'${text}` : text;
  return /[",\n\r]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
};

bptt.csv = () => {
  const names = Object.keys(bptt.run.rows[0] ?? {});
  const lines = bptt.run.rows.map((row) => names.map((name) => cell(row[name])).join(","));
  return [names.join(","), ...lines].join("\r\n") + "\r\n";
};

bptt.downloads = () => {
  const kinds = {
    json: ["run.json", "application/json", () => JSON.stringify(bptt.record)],
    csv: ["rows.csv", "text/csv", bptt.csv],
  };
  for (const button of bptt.$$("[data-download]")) {
    button.addEventListener("click", () => {
      const [name, type, text] = kinds[button.dataset.download];
      const link = bptt.el("a", { download: name, href: URL.createObjectURL(new Blob([text()], { type })) });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }
};
