/**
 * Where results go: to stdout, as text for people or as JSON for scripts. Everything else (progress, hints, errors) goes to stderr, so that
 * a pipe holds results alone.
 */
import Table from "cli-table3";
import colors from "picocolors";
import type { Terminal } from "../terminal.ts";
import { printable } from "./printable.ts";

export type Colors = ReturnType<typeof colors.createColors>;
export type Cell = string | number | null | undefined;

export type Output = {
  isJson: boolean;
  colors: Colors;
  /** One result: a JSON document, or text. */
  document: (value: unknown, text: () => string) => void;
  /** Many results: a JSON document on each line, or one table. */
  rows: <Row>(
    rows: AsyncIterable<Row> | Iterable<Row>,
    table: { head: readonly string[]; cells: (row: Row) => Cell[]; empty: string },
  ) => Promise<void>;
  /** One of several results over time, for scripts: a line of JSON. */
  event: (value: unknown) => void;
  /** One of several results over time, for people. */
  line: (text: string) => void;
  /** A hint on stderr. */
  note: (text: string) => void;
};

export const colorsOf = (stream: { isTTY?: boolean }, env: Terminal["env"]): Colors => {
  const isForced = (env["FORCE_COLOR"] ?? "") !== "" && env["FORCE_COLOR"] !== "0";
  const isRefused = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return colors.createColors(!isRefused && (isForced || stream.isTTY === true));
};

export const createOutput = ({ stdout, stderr, env }: Terminal, isJson: boolean): Output => {
  const paint = colorsOf(stdout, env);
  const line = (text: string): void => {
    stdout.write(`${text}\n`);
  };
  return {
    isJson,
    colors: paint,
    document: (value, text) => line(isJson ? JSON.stringify(value, null, 2) : text()),
    rows: async (rows, { head, cells, empty }) => {
      if (isJson) {
        for await (const row of rows) line(JSON.stringify(row));
        return;
      }
      const table: Cell[][] = [];
      for await (const row of rows) table.push(cells(row));
      if (table.length === 0) stderr.write(`${empty}\n`);
      else line(formatTable([head.map((title) => paint.bold(title.toUpperCase())), ...table]));
    },
    event: (value) => line(JSON.stringify(value)),
    line,
    note: (text) => {
      stderr.write(`${text}\n`);
    },
  };
};

const gap = "  ";
const none = "";
/** Columns are aligned by spaces alone, so that lines can be copied and cut. */
const borderless = {
  top: none,
  "top-mid": none,
  "top-left": none,
  "top-right": none,
  bottom: none,
  "bottom-mid": none,
  "bottom-left": none,
  "bottom-right": none,
  left: none,
  "left-mid": none,
  mid: none,
  "mid-mid": none,
  right: none,
  "right-mid": none,
  middle: gap,
};

/** Cells are printed as they are: text of others goes through `printable` before. */
export const formatTable = (rows: readonly (readonly Cell[])[]): string => {
  const table = new Table({ chars: borderless, style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true } });
  table.push(...rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? "" : String(cell)))));
  return table
    .toString()
    .split("\n")
    .map((one) => one.trimEnd())
    .join("\n");
};

/** `name: value` lines, aligned. Pairs without a value are left out. */
export const formatFacts = (facts: readonly (readonly [string, Cell])[], paint: Colors): string =>
  formatTable(facts.flatMap(([name, value]) => (value === null || value === undefined || value === "" ? [] : [[paint.dim(name), value]])));

/** Text of others, at most so many characters. */
export const clip = (text: string | null | undefined, charactersMax = 48): string => {
  const clean = [...printable(text ?? "")];
  return clean.length <= charactersMax ? clean.join("") : `${clean.slice(0, charactersMax - 1).join("")}…`;
};
