/** Finds differences, field by field, between `traces` and an aggregate for the traces of a window. */
import { z } from "zod";
import type { AggregateTable } from "../../core/traces/experiment-env.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { candidateIds, coreFields, payloadFields, totalsRelation, traceRelation } from "./trace-relation.ts";
import { wholeNumber } from "./trace-row.ts";

/**
 * Compared as text. Maps are sorted, and zero counts treated as absent. Creation and update times are omitted: an aggregate's cover
 * everything that belongs to the trace.
 */
const compared = {
  timestamp: "toString(t.timestamp)",
  name: "t.name",
  user_id: "ifNull(t.user_id, '')",
  session_id: "ifNull(t.session_id, '')",
  release: "ifNull(t.release, '')",
  version: "ifNull(t.version, '')",
  public: "toString(t.public)",
  bookmarked: "toString(t.bookmarked)",
  tags: "toString(t.tags)",
  input: "ifNull(t.input, '')",
  output: "ifNull(t.output, '')",
  metadata: "toString(mapSort(CAST(t.metadata, 'Map(String, String)')))",
  environment: "toString(t.environment)",
  observation_ids: "toString(m.observation_ids)",
  score_ids: "toString(m.score_ids)",
  cost_details: "toString(mapSort(mapFilter((k, v) -> v != 0, m.cost_details)))",
  usage_details: "toString(mapSort(mapFilter((k, v) -> v != 0, m.usage_details)))",
} as const;

type ComparedField = keyof typeof compared;
/** `presence` is a trace that only one of the two has. */
export const discrepancyFields = ["presence", ...(Object.keys(compared) as ComparedField[])] as const;

const Discrepancy = z.object({
  field: z.enum(discrepancyFields),
  countTraces: wholeNumber,
  examples: z.array(z.object({ id: z.string(), traces: z.string(), aggregate: z.string() })),
});
type Discrepancy = z.infer<typeof Discrepancy>;

type DiscrepancyParams = {
  projectId: string;
  source: AggregateTable;
  /** Bound on the trace's time in either source, inclusive. */
  from: Date;
  /** Exclusive; null for no bound. */
  to: Date | null;
  /** Maximum traces shown per field. */
  examplesMax: number;
};

/** Maximum characters shown of an example. */
const shownMax = 200;

/**
 * Omits fields without a difference. Reads every column of the window's traces at once, payloads as hashes and prefixes: memory grows with
 * the number of traces, so split long windows.
 */
export const findDiscrepancies = async (
  { clickhouse }: { clickhouse: Pick<ClickHouse, "queryRows"> },
  { projectId, source, from, to, examplesMax }: DiscrepancyParams,
): Promise<{ compared: number; discrepancies: Discrepancy[] }> => {
  const inWindow = `timestamp >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')${to === null ? "" : " AND timestamp < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')"}`;
  const idsOf = (of: "traces" | AggregateTable) =>
    `SELECT id FROM ${traceRelation(of, { fields: ["timestamp"], narrow: inWindow })} WHERE ${inWindow}`;
  const among = `(${idsOf("traces")} UNION DISTINCT ${idsOf(source)})`;
  const candidates = `(${candidateIds("traces", inWindow)} UNION DISTINCT ${candidateIds(source, inWindow)})`;
  const side = (of: "traces" | AggregateTable) => {
    const texts = Object.values(compared).join(", ");
    return `(SELECT t.id AS id, [${texts}] AS texts FROM ${traceRelation(of, { fields: [...coreFields, ...payloadFields], ids: `id IN ${among}`, candidates })} AS t
      LEFT JOIN ${totalsRelation(of, candidates)} AS m ON m.id = t.id)`;
  };
  const cut = (of: string) =>
    `(SELECT id, arrayMap(x -> sipHash128(x), texts) AS hashes, arrayMap(x -> leftUTF8(x, ${shownMax}), texts) AS shown FROM ${side(of as "traces")})`;
  const params = { projectId, fromMs: from.getTime(), ...(to === null ? {} : { toMs: to.getTime() }) };

  const [total] = await clickhouse.queryRows<unknown>({ sql: `SELECT uniqExact(id) AS compared FROM ${among}`, params });
  const rows = await clickhouse.queryRows<unknown>({
    sql: `SELECT arrayElement({fields:Array(String)}, place) AS field, count() AS countTraces,
        groupArray({examplesMax:UInt64})(CAST((id, traces, aggregate), 'Tuple(id String, traces String, aggregate String)')) AS examples
      FROM (
        SELECT id, place, if(place = 1, if(isHere, 'there', 'missing'), arrayElement(shownHere, place - 1)) AS traces,
          if(place = 1, if(isThere, 'there', 'missing'), arrayElement(shownThere, place - 1)) AS aggregate
        FROM (
          SELECT if(l.id != '', l.id, r.id) AS id, notEmpty(l.hashes) AS isHere, notEmpty(r.hashes) AS isThere, l.shown AS shownHere, r.shown AS shownThere,
            if(isHere AND isThere, arrayFilter(i -> l.hashes[i - 1] != r.hashes[i - 1], range(2, length(l.hashes) + 2)), [1]) AS places
          FROM ${cut("traces")} AS l FULL JOIN ${cut(source)} AS r ON l.id = r.id
        ) ARRAY JOIN places AS place ORDER BY id
      ) GROUP BY place ORDER BY place`,
    params: { ...params, fields: [...discrepancyFields], examplesMax },
  });
  return { compared: z.object({ compared: wholeNumber }).parse(total).compared, discrepancies: z.array(Discrepancy).parse(rows) };
};
