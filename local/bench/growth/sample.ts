/** What `bench:growth` asks a project for: a trace, and what belongs to it. */
import { endMs, type RunSql } from "./fill.ts";

export type Sample = {
  projectId: string;
  /** A trace of 20 observations, 5 to 60 days before the end. */
  traceId: string;
  userId: string;
  sessionId: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Traces of 20 observations that nothing but the deletion asks for. */
  doomed: string[];
  /** The last stored traces of this size, as a batch of ingestion meets them again. */
  stored: { id: string; day: string; spans: { id: string; type: string; at: string }[] }[];
};

const json = async <Row>(run: RunSql, sql: string): Promise<Row[]> =>
  (await run(`${sql} FORMAT JSONEachRow`))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);

/** Traces a batch of ingestion meets again. */
const storedTraces = 20;

/** `days`: what lies further back than these is to be deleted, what lies within is read. */
export const takeSample = async (run: RunSql, projectId: string, { days } = { days: 60 }): Promise<Sample> => {
  const before = (count: number) => `fromUnixTimestamp64Milli(${endMs - count * 86_400_000})`;
  const tracesOf = (where: string, rows: number, order = "cityHash64(trace)") =>
    json<{ trace: string; at: string; spans: [string, string, string][] }>(
      run,
      `SELECT trace_id AS trace, toString(min(start_time)) AS at, groupArray((id, toString(type), toString(start_time))) AS spans FROM observations FINAL
       WHERE project_id = '${projectId}' AND ${where} GROUP BY trace HAVING count() BETWEEN 18 AND 22 ORDER BY ${order} LIMIT ${rows}`,
    );
  const [found] = await tracesOf(`start_time BETWEEN ${before(days)} AND ${before(5)}`, 1);
  if (found === undefined) throw new Error(`${projectId} has no trace of 20 observations`);
  const [trace] = await json<{ user_id: string; session_id: string }>(
    run,
    `SELECT user_id, session_id FROM traces FINAL WHERE project_id = '${projectId}' AND id = '${found.trace}'`,
  );
  const doomed = await tracesOf(`start_time < ${before(days)}`, 20);
  const stored = await tracesOf(`start_time > ${before(days)}`, storedTraces, "at DESC");
  return {
    projectId,
    traceId: found.trace,
    userId: trace?.user_id ?? "",
    sessionId: trace?.session_id ?? "",
    at: `${found.at.replace(" ", "T")}Z`,
    doomed: doomed.map(({ trace }) => trace),
    stored: stored.map(({ trace, at, spans }) => ({
      id: trace,
      day: at.slice(0, 10),
      spans: spans.map(([span, type, start]) => ({ id: span, type, at: start })),
    })),
  };
};
