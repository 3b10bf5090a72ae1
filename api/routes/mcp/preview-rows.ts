/** Rows of a preview as JSON strings for an agent, whatever the format of the file. */
import { bytesOf, type Fields, fitAnswer } from "./fit-answer.ts";
import { escapeUntrusted } from "./untrusted-text.ts";

/** So that several rows fit into one answer. */
const rowBytesMax = 1200;

type Preview = { format: string; content: string | null; rows: Fields[] | null };

/** A row that is too large loses its largest fields; its field `leftOut` names them. */
export const previewRows = (preview: Preview): string[] =>
  rowsOf(preview).map((row) => escapeUntrusted(JSON.stringify(fitAnswer(row, rowBytesMax, (fitted) => utf8Length(fitted)))));

const utf8Length = (row: Fields): number => bytesOf(escapeUntrusted(JSON.stringify(row)));

const rowsOf = ({ format, content, rows }: Preview): Fields[] => {
  if (rows !== null || content === null) return rows ?? [];
  if (format === "CSV") return csvRows(content);
  if (format === "JSON") return JSON.parse(content) as Fields[];
  return content
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Fields);
};

/** A cell and what ends it (RFC 4180). */
const cell = /("(?:[^"]|"")*"|[^,\r\n"]*)(,|\r\n|$)/gy;

const csvRows = (content: string): Fields[] => {
  const lines: string[][] = [[]];
  for (const [all, text = "", end] of content.replace(/^\ufeff/, "").matchAll(cell)) {
    if (all === "") break;
    lines.at(-1)?.push(text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);
    if (end === "\r\n") lines.push([]);
  }
  const [header = [], ...rows] = lines.filter((line) => line.length > 0);
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ""])));
};
