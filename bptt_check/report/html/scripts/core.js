// What all parts of the page share: the records, numbers, elements, the state in the address.
"use strict";

const bptt = { parts: [] };

bptt.$ = (selector, root = document) => root.querySelector(selector);
bptt.$$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// An element; text is only ever set as text, so no name can become markup.
bptt.el = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

bptt.inflate = async (id) => {
  const text = bptt.$(`#${id}`).textContent;
  const bytes = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
};

// A vendored library runs when it is first needed; the policy knows it by its hash.
const loading = new Map();
bptt.vendor = (id) => {
  const load = async () => {
    const script = bptt.el("script");
    script.textContent = await bptt.inflate(`vendor-${id}`);
    document.head.append(script);
  };
  if (!loading.has(id)) loading.set(id, load());
  return loading.get(id);
};

// JSON has no NaN and no infinity: the record has "nan", "inf" and "-inf" for them.
bptt.number = (value) =>
  typeof value === "string" ? Number(value.replace("inf", "Infinity")) : value;

// As facts.number.
bptt.format = (value, digits = 3) => {
  const number = bptt.number(value);
  if (number === null || Number.isNaN(number)) return "-";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  if (number === 0) return "0";
  const size = Math.abs(number);
  if (size >= 1e5 || size < 1e-3) return number.toExponential(Math.max(0, digits - 2)).replace("e+", "e");
  return String(Number(number.toPrecision(digits)));
};

bptt.plural = (count, thing) => `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;

bptt.worstOf = (verdicts, order) => order.find((verdict) => verdicts.includes(verdict));

// The address holds the state: #section&status=fail&model=lstm
bptt.state = { section: "", status: "", model: "", check: "", parameter: "", oracle: "", dtype: "", only: "", q: "" };

bptt.readAddress = () => {
  const [section, ...rest] = location.hash.slice(1).split("&");
  bptt.state.section = section;
  const given = new URLSearchParams(rest.join("&"));
  if (rest.length) {
    for (const name of Object.keys(bptt.state)) {
      if (name !== "section") bptt.state[name] = given.get(name) ?? "";
    }
  }
};

bptt.address = (changes = {}) => {
  const state = { ...bptt.state, ...changes };
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    if (name !== "section" && value) words.set(name, value);
  }
  const rest = words.toString();
  return `#${state.section}${rest ? `&${rest}` : ""}`;
};

bptt.go = (changes) => {
  Object.assign(bptt.state, changes);
  history.replaceState(null, "", bptt.address());
  for (const part of bptt.parts) part();
};

bptt.scroll = () => {
  const place = bptt.state.section && document.getElementById(bptt.state.section);
  if (place) place.scrollIntoView();
};

bptt.label = (record) => (record.check ? `${record.model} in ${record.check}` : record.model);
// What readers call the arrays that a gradient is in: as in their own code, where the run says how.
bptt.arrays = (record, parameter = record.parameter) => bptt.page.names[bptt.label(record)]?.[parameter] ?? [parameter];
bptt.called = (record, parameter) => bptt.arrays(record, parameter).join(", ");
bptt.base = (parameter) => parameter.replace(/_l\d+(_reverse)?$/, "");
