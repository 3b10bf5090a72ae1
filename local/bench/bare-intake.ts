/**
 * The limit of the API's intake: a loop that stores the objects of the same requests and inserts the same rows, and does nothing else. Rows
 * go to copies of the tables with their indexes, one transaction a request.
 */
import { sql } from "drizzle-orm";
import postgres from "postgres";
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import { createS3Client, type S3Client } from "../../db/object-store/s3-client.ts";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { systemClock } from "../../runner/clock.ts";
import type { Stack } from "../stack.ts";
import { eventBucket } from "../start-engines.ts";

type TakenRequest = { id: string; objects: { key: string; text: string }[]; log: string; jobs: string };

/** Objects stored at once for one request, as the API does it. */
const uploadsMax = 32;

/** Seconds that the bare loop takes for what the API has stored, with as many requests at once. */
export const bareIntakeSeconds = async (stack: Stack, requestsAtOnce: number): Promise<number> => {
  const { s3: at } = stack;
  const s3 = createS3Client({ ...at, bucket: eventBucket, forcePathStyle: true }, { fetch, wait: systemClock.wait, random: Math.random });
  const requests = await takenRequests(stack, s3.send);
  const connection = postgres(stack.postgresUrl, { max: requestsAtOnce, prepare: false });
  for (const table of ["event_log", "jobs"]) await connection.unsafe(`create table bare_${table} (like ${table} including all)`);
  const startedMs = performance.now();
  await forEachConcurrent(requests, requestsAtOnce, async ({ objects, log, jobs }) => {
    await forEachConcurrent(
      objects,
      uploadsMax,
      async ({ key, text }) => void (await s3.send({ method: "PUT", key: `bare/${key}`, body: text })),
    );
    await connection.begin(async (tx) => {
      await tx.unsafe("insert into bare_event_log select * from json_populate_recordset(null::bare_event_log, $1::text::json)", [log]);
      await tx.unsafe("insert into bare_jobs select * from json_populate_recordset(null::bare_jobs, $1::text::json)", [jobs]);
    });
  });
  const seconds = (performance.now() - startedMs) / 1000;
  await connection.end();
  return seconds;
};

const takenRequests = async ({ postgresUrl }: Stack, send: S3Client["send"]): Promise<TakenRequest[]> => {
  const open = openPostgres(postgresUrl, { connectionsMax: 1 });
  const jobs = await execute<{ id: string; keys: string[]; jobs: string }>(
    open.db,
    sql`select request_id as id, json_agg(distinct payload ->> 'fileKey') as keys, json_agg(j)::text as jobs from jobs j where kind like 'ingestion.%' group by 1`,
  );
  const logged = await execute<{ key: string; rows: string }>(
    open.db,
    sql`select bucket_path as key, string_agg(to_json(e)::text, ',') as rows from event_log e group by 1`,
  );
  const logOf = new Map(logged.map(({ key, rows }) => [key, rows]));
  await open.close();
  const requests: TakenRequest[] = [];
  for (const { id, keys, jobs: own } of jobs) {
    const objects: TakenRequest["objects"] = [];
    await forEachConcurrent(
      keys,
      uploadsMax,
      async (key) => void objects.push({ key, text: (await send({ method: "GET", key, isBody: true })).text }),
    );
    requests.push({ id, objects, log: `[${keys.flatMap((key) => logOf.get(key) ?? []).join()}]`, jobs: own });
  }
  return requests;
};
