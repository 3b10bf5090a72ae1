/** Pages through the rows of a table to the end, and reads the same rows out of an export. */
import { ExportQuery } from "../../core/query/export-query.ts";
import type { RowPosition } from "../../core/query/keyset-order.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { listRows, type PageAsked, type RowPage } from "../../services/exports/list-rows.ts";
import type { Fixture } from "./fixture.ts";

export const clickhouseOf = ({ clickhouseUrl: url, database }: Fixture): ClickHouse =>
  createClickHouse({ url, user: "default", password: "", database }, (input, init) => fetch(input, init));

const whole = { limit: 50, after: null, charactersMax: null, bytesMax: 50_000_000 };

export const pageOf = (
  fixture: Fixture,
  query: object,
  asked: Partial<PageAsked> = {},
  clickhouse = clickhouseOf(fixture),
): Promise<RowPage> =>
  listRows({ db: fixture.db, clickhouse, physical: { events: "events" } }, ExportQuery.parse(query), {
    ...whole,
    projectId: fixture.projectId,
    cutoff: new Date().toISOString(),
    ...asked,
  });

/** The JSON text of every row, page after page. `between` runs behind each page but the last. */
export const walkRows = async (
  fixture: Fixture,
  query: object,
  { limit, between = () => Promise.resolve() }: { limit: number; between?: (page: RowPage) => Promise<unknown> },
): Promise<{ pages: string[]; rows: number }> => {
  const pages: string[] = [];
  let rows = 0;
  for (let after: RowPosition | null = null; ; ) {
    const page: RowPage = await pageOf(fixture, query, { limit, after });
    pages.push(page.rowsJson);
    rows += page.rowCount;
    // No row is left over for a page of its own.
    if (page.next === null) return { pages: pages.filter((text) => text !== ""), rows };
    if (page.rowCount !== limit) throw new Error(`a page of ${page.rowCount} rows before the end`);
    after = page.next;
    await between(page);
  }
};

/** The lines of the JSONL file of the same query, in groups of `limit`, as pages show them. The column `id` must come first. */
export const exportedPages = async (fixture: Fixture, query: object, limit: number): Promise<{ pages: string[]; rows: number }> => {
  const row = await fixture.finished(await fixture.requestExport({ format: "JSONL", json: { embed: false }, query }));
  if (row.manifest === null) throw new Error(`${row.status} ${row.errorCode} ${JSON.stringify(row.job?.lastError)}`);
  const lines = (await fixture.readExport(row)).split("\n").filter((line) => line !== "");
  const rows = lines.map((line) => `{"id":${/^\{"id":("(?:[^"\\]|\\.)*")/.exec(line)?.[1]},"values":${line},"cut":{}}`);
  const pages = Array.from({ length: Math.ceil(rows.length / limit) }, (_, i) => rows.slice(i * limit, (i + 1) * limit).join(","));
  return { pages, rows: rows.length };
};
