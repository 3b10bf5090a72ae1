/** Public reads: the bytes of an answer, documents as ClickHouse wrote them plus the JSON around them. Holds one chunk at a time. */

import { AppError } from "../../core/errors.ts";
import { externalTable } from "../../core/query/external-table.ts";
import { type Expression, relation } from "../../core/query/sql.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { parseCount } from "../../db/clickhouse/parse-count.ts";
import { type RowsAsked, readSettings, selectNewest } from "./newest.ts";

/** Text, or a stream of bytes. */
export type Piece = string | ReadableStream<Uint8Array>;

export type AnswerBounds = {
  /** Maximum bytes of payload. More is refused with ANSWER_TOO_LARGE. */
  bytesMax: number;
  rowsMax?: number;
  /** An answer of at most this many payload bytes is held as text; 0 by default. */
  heldBytesMax?: number;
};

/** Selects rows by conditions over `e` that hold for any version and for the newest. */
export type DocumentRows = { table: ExportTable; where: readonly string[]; params: Record<string, unknown> };

/** Selects the rows of a page by id and keeps their order. */
export const pageRows = (table: ExportTable, projectId: string, ids: readonly string[]): DocumentRows => ({
  table: { ...table, relations: { ...table.relations, onPage: () => `INNER JOIN page_rows AS onPage ON onPage.id = ${table.id}` } },
  where: [`${table.id} IN (SELECT id FROM page_rows)`],
  params: {
    projectId,
    page_rows: externalTable(
      "id String, at UInt32",
      ids.map((id, at) => ({ id, at })),
    ),
  },
});

export const pageOrder = relation("onPage")("at");

const asked = ({ table, where }: DocumentRows): RowsAsked => ({ table, conditions: where, among: where, areFew: true });

type Size = { rows: number; bytes: number };

/** Throws ANSWER_TOO_LARGE if the answer would exceed the bounds. Uses stored lengths and metadata and reads no payload. */
export const assertBounded = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  rows: DocumentRows,
  { bytes, bytesMax, rowsMax }: AnswerBounds & { bytes: Expression },
): Promise<Size> => {
  const [found] = await clickhouse.queryRows<{ rows: string; bytes: string }>({
    sql: selectNewest(asked(rows), [bytes], (from) => `SELECT count() AS rows, sum(${bytes.sql}) AS bytes ${from}`),
    params: rows.params,
    settings: readSettings,
  });
  const size = { rows: parseCount(found?.rows), bytes: parseCount(found?.bytes) };
  const { name } = rows.table;
  if (rowsMax !== undefined && size.rows > rowsMax)
    throw new AppError({ code: "ANSWER_TOO_LARGE", message: `There are ${size.rows} ${name}; one response has at most ${rowsMax}.` });
  if (size.bytes > bytesMax)
    throw new AppError({
      code: "ANSWER_TOO_LARGE",
      message: `The ${name} have about ${megabytes(size.bytes)} MB; one response has at most ${megabytes(bytesMax)} MB.`,
    });
  return size;
};

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(2);

type Shown = { json: Expression; orderBy: Expression };

/**
 * Returns documents separated by commas, in the given order; nothing without rows. The query has finished before this returns, so a failure
 * is an error and never a truncated answer.
 */
export const openDocuments = async (
  clickhouse: Pick<ClickHouse, "openBytes">,
  rows: DocumentRows,
  { json, orderBy }: Shown,
): Promise<Piece[]> => {
  const { body, rows: count } = await clickhouse.openBytes({
    sql: `${selectNewest(asked(rows), [json, orderBy], (from) => `SELECT ${json.sql} AS doc ${from} ORDER BY ${orderBy.sql}`)} FORMAT Template`,
    params: rows.params,
    settings: {
      ...readSettings,
      format_template_row_format: "${doc:Raw}",
      format_template_resultset_format: "${data}",
      format_template_rows_between_delimiter: ",",
    },
    contentEncoding: null,
  });
  if (count > 0) return [body];
  await body.cancel();
  return [];
};

type ReadDeps = { clickhouse: Pick<ClickHouse, "queryRows" | "openBytes"> };

/** Does the same within bounds. Throws ANSWER_TOO_LARGE. */
export const openBounded = async (
  { clickhouse }: ReadDeps,
  rows: DocumentRows,
  { bytes, json, orderBy, ...bounds }: AnswerBounds & Shown & { bytes: Expression },
): Promise<Piece[]> => {
  const size = await assertBounded(clickhouse, rows, { ...bounds, bytes });
  if (size.rows === 0) return [];
  const pieces = await openDocuments(clickhouse, rows, { json, orderBy });
  return size.bytes > (bounds.heldBytesMax ?? 0)
    ? pieces
    : Promise.all(pieces.map((piece) => (typeof piece === "string" ? piece : new Response(piece).text())));
};

export const closePieces = async (pieces: readonly Piece[]): Promise<void> => {
  await Promise.allSettled(pieces.map((piece) => (typeof piece === "string" ? undefined : piece.cancel())));
};

/** Returns all answers, or throws the first failure after closing the others. */
export const openAll = async (opening: readonly Promise<Piece[]>[]): Promise<Piece[][]> => {
  const settled = await Promise.allSettled(opening);
  const failed = settled.find((one) => one.status === "rejected");
  const opened = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (failed === undefined) return opened;
  await closePieces(opened.flat());
  throw failed.reason;
};

/** Concatenates the pieces; closes them all if the reader cancels. */
export const joinPieces = (pieces: readonly Piece[]): ReadableStream<Uint8Array> => {
  const chunks = chunksOf(pieces);
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = await chunks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: async () => {
      await chunks.return(undefined);
      await closePieces(pieces);
    },
  });
};

async function* chunksOf(pieces: readonly Piece[]): AsyncGenerator<Uint8Array, undefined> {
  for (const piece of pieces) {
    if (typeof piece === "string") yield new TextEncoder().encode(piece);
    else yield* piece as unknown as AsyncIterable<Uint8Array>;
  }
  return undefined;
}
