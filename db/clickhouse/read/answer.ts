/** The bytes of an answer: documents as ClickHouse wrote them, with what belongs around them. Nothing is held but one chunk at a time. */
import { AppError } from "../../../core/errors.ts";
import { handTable } from "../../../core/exports/handed-table.ts";
import type { ExportTable } from "../../../core/tables/table.ts";
import type { ByteAnswer, ClickHouse } from "../client.ts";
import { countFrom } from "../plan-export.ts";
import { type RowsAsked, readSettings, selectNewest } from "./newest.ts";

/** Text, or bytes on their way. */
export type Piece = string | ReadableStream<Uint8Array>;

export type AnswerBounds = { bytesMax: number };

/** Which rows, by conditions over `e` that hold for any version and the newest. */
export type DocumentRows = { table: ExportTable; where: readonly string[]; params: Record<string, unknown> };

/** Rows on a page, by their ids in their order. */
export const pageRows = (table: ExportTable, projectId: string, ids: readonly string[]): DocumentRows => ({
  table: { ...table, relations: { ...table.relations, onPage: `INNER JOIN page_rows AS onPage ON onPage.id = ${table.id}` } },
  where: [`${table.id} IN (SELECT id FROM page_rows)`],
  params: {
    projectId,
    page_rows: handTable(
      "id String, at UInt32",
      ids.map((id, at) => ({ id, at })),
    ),
  },
});

export const pageOrder = "onPage.at";

const asked = ({ table, where }: DocumentRows): RowsAsked => ({ table, conditions: where, among: where });

/** Refuses with ANSWER_TOO_LARGE what would be more than the bounds, from stored lengths and metadata: no payload is read. */
export const assertBounded = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  rows: DocumentRows,
  { bytes, bytesMax, rowsMax }: AnswerBounds & { bytes: string; rowsMax?: number },
): Promise<number> => {
  const [found] = await clickhouse.queryRows<{ rows: string; bytes: string }>({
    sql: selectNewest(asked(rows), [bytes], (from) => `SELECT count() AS rows, sum(${bytes}) AS bytes ${from}`),
    params: rows.params,
    settings: readSettings,
  });
  const [count, size] = [countFrom(found?.rows), countFrom(found?.bytes)];
  const { name } = rows.table;
  if (rowsMax !== undefined && count > rowsMax)
    throw new AppError({ code: "ANSWER_TOO_LARGE", message: `There are ${count} ${name}; one answer has at most ${rowsMax}.` });
  if (size > bytesMax)
    throw new AppError({
      code: "ANSWER_TOO_LARGE",
      message: `The ${name} come to about ${megabytes(size)} MB; one answer has at most ${megabytes(bytesMax)} MB.`,
    });
  return count;
};

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(2);

/** Documents with commas between them, in the given order. The query has ended before this returns, so a failure is an error and no broken answer. */
export const openDocuments = (
  clickhouse: Pick<ClickHouse, "openBytes">,
  rows: DocumentRows,
  { json, orderBy }: { json: string; orderBy: string },
): Promise<ByteAnswer> =>
  clickhouse.openBytes({
    sql: `${selectNewest(asked(rows), [json, orderBy], (from) => `SELECT ${json} AS doc ${from} ORDER BY ${orderBy}`)} FORMAT Template`,
    params: rows.params,
    settings: {
      ...readSettings,
      format_template_row_format: "${doc:Raw}",
      format_template_resultset_format: "${data}",
      format_template_rows_between_delimiter: ",",
    },
    contentEncoding: null,
  });

/** All answers, or the first failure with the others closed. */
export const openAll = async (opening: readonly Promise<ByteAnswer>[]): Promise<ByteAnswer[]> => {
  const settled = await Promise.allSettled(opening);
  const failed = settled.find((one) => one.status === "rejected");
  const opened = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (failed === undefined) return opened;
  await Promise.allSettled(opened.map(({ body }) => body.cancel()));
  throw failed.reason;
};

/** The pieces one after the other; a reader that goes away closes them all. */
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
      await Promise.allSettled(pieces.map((piece) => (typeof piece === "string" ? undefined : piece.cancel())));
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
