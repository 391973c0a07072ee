// The tables of the record as lists of records: what columns/read.py does.
"use strict";

const DIGITS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const [SMALLEST, LARGEST] = [-30, 32];

// The number of each pair of digits, as levels() of columns/levels.py has them.
const LEVELS = (() => {
  const decade = Array.from(DIGITS, (_, n) => (10 ** (n / DIGITS.length)).toPrecision(3));
  const powers = Array.from({ length: LARGEST - SMALLEST + 1 }, (_, n) => n + SMALLEST);
  const found = powers.flatMap((power) => decade.map((level) => Number(`${level}e${power}`)));
  return [0, ...Array(DIGITS.length - 1).fill(NaN), ...found.slice(0, -1), Infinity];
})();
const PLACES = new Map(Array.from(DIGITS, (digit, n) => [digit, n]));

const numbersOfLevels = (texts) =>
  Array.isArray(texts)
    ? texts.map(numbersOfLevels)
    : Array.from({ length: texts.length / 2 }, (_, n) => LEVELS[PLACES.get(texts[2 * n]) * DIGITS.length + PLACES.get(texts[2 * n + 1])]);

const columnOf = (column, length) => {
  if (Array.isArray(column)) return column;
  if ("every" in column) return Array(length).fill(column.every);
  if ("places" in column) return column.places.map((place) => column.values[place]);
  if ("counts" in column) return column.values.flatMap((value, n) => Array(column.counts[n]).fill(value));
  if ("levels" in column) return numbersOfLevels(column.levels);
  const entries = recordsOf(column.entries).values();
  const next = () => entries.next().value;
  if ("present" in column) return columnOf(column.present, length).map((is) => (is ? next() : null));
  return columnOf(column.lengths, length).map((count) => Array.from({ length: count }, next));
};

const recordsOf = ({ length, columns }) => {
  const names = Object.keys(columns);
  const values = names.map((name) => columnOf(columns[name], length));
  const record = (n) => names.map((name, k) => [name, values[k][n]]);
  return Array.from({ length }, (_, n) => (Array.isArray(columns) ? values.map((column) => column[n]) : Object.fromEntries(record(n))));
};

bptt.records = (run, tables) => ({ ...run, ...Object.fromEntries(tables.map((name) => [name, recordsOf(run[name])])) });
