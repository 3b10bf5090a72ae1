/** Streams the traces of a window by time and id, page after page, with a keyset cursor. Holds one page of rows. */
import { z } from "zod";
import type { TraceSource } from "../../../core/traces/measure-and-return.ts";
import { openTraceRead, type RunQuery, type TraceReaderDeps } from "../answer-from.ts";
import { traceRelation } from "../trace-relation.ts";
import { idsMax, instant } from "../trace-row.ts";

export type TraceWindow = {
  projectId: string;
  /** Inclusive. */
  from: Date;
  /** Exclusive. */
  to: Date;
  /** Rows per batch, up to `idsMax`. */
  rowsMax?: number;
};

const Key = z.object({ id: z.string(), timestamp: instant });
type Key = z.infer<typeof Key>;

type LoadRows<Row> = (query: RunQuery, source: TraceSource, projectId: string, traceIds: readonly string[]) => Promise<Row[]>;

export const streamTraces = async function* <Row>(
  deps: TraceReaderDeps,
  operation: string,
  { projectId, from, to, rowsMax = 500 }: TraceWindow,
  load: LoadRows<Row>,
): AsyncGenerator<Row[]> {
  const pageRows = z.number().int().min(1).max(idsMax).parse(rowsMax);
  const answer = openTraceRead(deps, { operation, projectId, from });
  let after: Key | undefined;
  do {
    const cursor = after;
    const page = await answer(async (source, query) => {
      const keys = await listKeys(query, source, { projectId, from, to, rowsMax: pageRows, after: cursor });
      return {
        last: keys[keys.length - 1],
        isFull: keys.length === pageRows,
        rows: await load(
          query,
          source,
          projectId,
          keys.map(({ id }) => id),
        ),
      };
    });
    if (page.rows.length > 0) yield page.rows;
    after = page.isFull ? page.last : undefined;
  } while (after !== undefined);
};

/** Skips everything before the cursor: the window narrows from page to page. */
const listKeys = async (
  query: RunQuery,
  source: TraceSource,
  { projectId, from, to, rowsMax, after }: Required<Omit<TraceWindow, "rowsMax">> & { rowsMax: number; after: Key | undefined },
): Promise<Key[]> => {
  const narrow =
    "timestamp >= fromUnixTimestamp64Milli({startMs:Int64}, 'UTC') AND timestamp < fromUnixTimestamp64Milli({endMs:Int64}, 'UTC')";
  const isAfter = after === undefined ? "" : "AND (timestamp, id) > (fromUnixTimestamp64Milli({startMs:Int64}, 'UTC'), {afterId:String})";
  const rows = await query(
    `SELECT id, timestamp FROM ${traceRelation(source, { fields: ["timestamp"], narrow })} WHERE ${narrow} ${isAfter} ORDER BY timestamp, id LIMIT {rowsMax:UInt64}`,
    {
      projectId,
      startMs: after === undefined ? from.getTime() : Date.parse(after.timestamp),
      endMs: to.getTime(),
      rowsMax,
      ...(after === undefined ? {} : { afterId: after.id }),
    },
  );
  return z.array(Key).parse(rows);
};
