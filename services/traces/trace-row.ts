/** Trace reads: schemas that parse ClickHouse rows into traces. */
import { z } from "zod";
import type { TraceSource } from "../../core/traces/measure-and-return.ts";
import type { RunQuery } from "./answer-from.ts";
import { coreFields, payloadFields, totalsRelation, traceRelation } from "./trace-relation.ts";

/** ISO 8601, UTC, milliseconds. */
export const instant = z.iso.datetime({ precision: 3 });
/** ClickHouse writes 64-bit integers as text. */
export const wholeNumber = z.coerce.number().int().safe();
/** Kept as text: sums of tokens and costs may not fit a double. */
export const numberText = z.string().regex(/^-?\d+(\.\d+)?$/);

/** Not z.record, which drops the key `__proto__`. */
const textMap = z.custom<Record<string, string>>(
  (value) => typeof value === "object" && value !== null && Object.values(value).every((entry) => typeof entry === "string"),
);

export const TraceRow = z.object({
  id: z.string(),
  projectId: z.string(),
  timestamp: instant,
  name: z.string(),
  userId: z.string().nullable(),
  sessionId: z.string().nullable(),
  release: z.string().nullable(),
  version: z.string().nullable(),
  environment: z.string(),
  tags: z.array(z.string()),
  public: z.boolean(),
  bookmarked: z.boolean(),
  createdAt: instant,
  updatedAt: instant,
});
export type TraceRow = z.infer<typeof TraceRow>;

export const FullTraceRow = TraceRow.extend({ input: z.string().nullable(), output: z.string().nullable(), metadata: textMap });
export type FullTraceRow = z.infer<typeof FullTraceRow>;

const totals = {
  observationIds: z.array(z.string()),
  scoreIds: z.array(z.string()),
  /** USD. */
  totalCost: numberText,
  totalTokens: numberText,
  /** Null without observations. */
  latencyMs: wholeNumber.nullable(),
};
export const MeasuredTraceRow = TraceRow.extend(totals);
export type MeasuredTraceRow = z.infer<typeof MeasuredTraceRow>;

/** Selects the columns of a relation with `coreFields`. */
const coreColumns = `t.id AS id, t.project_id AS projectId, t.timestamp AS timestamp, t.name AS name, t.user_id AS userId, t.session_id AS sessionId,
  t.release AS release, t.version AS version, t.environment AS environment, t.tags AS tags, t.public AS public, t.bookmarked AS bookmarked,
  t.created_at AS createdAt, t.updated_at AS updatedAt`;
const payloadColumns = "t.input AS input, t.output AS output, t.metadata AS metadata";

/** Over a row of `totalsRelation`. */
const latencyMs = "if(empty(m.observation_ids), NULL, date_diff('millisecond', m.started_at, m.ended_at))";
const totalColumns = `m.observation_ids AS observationIds, m.score_ids AS scoreIds,
  m.cost_details['total'] AS totalCost, toString(m.usage_details['total']) AS totalTokens, ${latencyMs} AS latencyMs`;

/** Maximum ids per query. */
export const idsMax = 1000;
const Ids = z.array(z.string()).max(idsMax);

const loaderOf =
  <Row extends { id: string }>(schema: z.ZodType<Row>, { withPayload, withTotals }: { withPayload: boolean; withTotals: boolean }) =>
  /** In the order of the ids; omits unknown ids. */
  async (query: RunQuery, source: TraceSource, projectId: string, traceIds: readonly string[]): Promise<Row[]> => {
    if (traceIds.length === 0) return [];
    const among = "{traceIds:Array(String)}";
    const relation = traceRelation(source, { fields: [...coreFields, ...(withPayload ? payloadFields : [])], ids: `id IN ${among}` });
    const columns = [coreColumns, ...(withPayload ? [payloadColumns] : []), ...(withTotals ? [totalColumns] : [])];
    const join = withTotals ? `LEFT JOIN ${totalsRelation(source, among)} AS m ON m.id = t.id` : "";
    const rows = await query(`SELECT ${columns.join(", ")} FROM ${relation} AS t ${join}`, { projectId, traceIds: Ids.parse(traceIds) });
    const byId = new Map(rows.map((row) => schema.parse(row)).map((row) => [row.id, row]));
    return [...new Set(traceIds)].flatMap((id) => byId.get(id) ?? []);
  };

export const loadTraceRows = loaderOf(TraceRow, { withPayload: false, withTotals: false });
export const loadFullTraceRows = loaderOf(FullTraceRow, { withPayload: true, withTotals: false });
export const loadMeasuredTraceRows = loaderOf(MeasuredTraceRow, { withPayload: false, withTotals: true });
