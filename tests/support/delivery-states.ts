/** Integrations and their windows in states a console can show, written to the database as runner and API leave them. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

export type WindowRows = { count: number; minutes: number; endMs: number; rows?: number; failedEvery?: number };

/** Windows that follow one another and end at `endMs`; of `failedEvery`, the last of so many has failed. */
export const insertWindows = (db: Database, integrationId: string, wanted: WindowRows): Promise<unknown> => {
  const { count, minutes, endMs, rows = 120, failedEvery = 0 } = wanted;
  const failure = {
    code: "S3_UNAVAILABLE",
    message: "The store answered 503.",
    detail: "SlowDown: Reduce your request rate.",
    table: "traces",
  };
  return execute(
    db,
    sql`insert into integration_runs (integration_id, project_id, cause, state, window_start, window_end, rows, bytes, attempts, deliveries, started_at, finished_at, error, tables)
      select i.id, i.project_id, 'schedule', case when n.failed then 'failed' else 'completed' end, n.ends - make_interval(mins => ${minutes}), n.ends,
        case when n.failed then 0 else ${rows} + n.at end, case when n.failed then 0 else (${rows} + n.at) * 214 end, case when n.failed then 5 else 1 end,
        case when n.failed then 0 else 1 end, n.ends + interval '20 seconds', n.ends + interval '24 seconds',
        case when n.failed then ${JSON.stringify({ ...failure, at: new Date(endMs).toISOString() })}::jsonb end,
        case when n.failed then '{}'::jsonb else ${JSON.stringify({ traces: { rows, bytes: rows * 214, files: [{ name: "traces.parquet" }], columns: [], sent: 0, accepted: 0, rejected: 0 } })}::jsonb end
      from integrations i, lateral (
        select at, to_timestamp(${endMs}::double precision / 1000) - make_interval(mins => ${minutes} * at) as ends,
          ${failedEvery} > 0 and at % greatest(${failedEvery}, 1) = 2 as failed
        from generate_series(0, ${count - 1}::int) as at
      ) n where i.id = ${integrationId}`,
  );
};

/** Makes an integration look as if it had delivered up to `throughMs`; its next run lies far ahead, so that no runner takes it up. */
export const showDelivered = (db: Database, id: string, throughMs: number): Promise<unknown> =>
  execute(
    db,
    sql`update integrations set enabled = true, cursor = to_timestamp(${throughMs}::double precision / 1000), last_run_at = now(),
      next_run_at = now() + interval '37 minutes' where id = ${id}`,
  );

/** The same, failing since then. */
export const showFailing = async (db: Database, id: string, throughMs: number): Promise<void> => {
  await showDelivered(db, id, throughMs);
  const fault = {
    ...{ code: "S3_UNAVAILABLE", message: "The store answered 503.", detail: "SlowDown: Reduce your request rate.", table: "traces" },
    at: new Date(throughMs).toISOString(),
  };
  await execute(db, sql`update integrations set failures = 3, last_error = ${JSON.stringify(fault)}::jsonb where id = ${id}`);
};

/** Rows that a sink has refused, in the newest window. */
export const insertRefusals = (db: Database, id: string, count: number): Promise<unknown> =>
  execute(
    db,
    sql`insert into integration_rejections (integration_id, run_id, table_name, row_id, event_id, code, message)
      select ${id}, r.id, case when n % 2 = 0 then 'traces' else 'generations' end, md5(n::text), md5(n::text), 'SINK_EVENT_REJECTED',
        case when n % 3 = 0 then 'timestamp is more than 23 hours ahead' else 'distinct_id "anonymous" is not allowed' end
      from (select id from integration_runs where integration_id = ${id} order by window_start desc limit 1) r, generate_series(1, ${count}::int) n`,
  );

type Api = { json: <Answer>(path: string, init?: RequestInit) => Promise<Answer>; db: () => Database };
export type ShownDeliveries = { warehouse: string; analytics: string; endpoint: string; delivery: string };

/** Integrations of each kind and webhook endpoints with deliveries, as a project that has run for some days has them. */
export const showDeliveries = async ({ json, db }: Api, receiver: { url: (path: string) => string }): Promise<ShownDeliveries> => {
  const make = async (path: string, body: object): Promise<string> =>
    (await json<{ id: string }>(path, { method: "POST", body: JSON.stringify(body) })).id;
  const hourMs = 3_600_000;
  const endMs = Math.floor(Date.now() / hourMs) * hourMs;
  const schedule = { frequency: "hourly" };
  const settings = { type: "S3", bucketName: "acme-warehouse", region: "eu-central-1", prefix: "spillway/" };
  const secret = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "not a real secret" };
  const warehouse = await make("integrations", { kind: "blob_storage", name: "warehouse", enabled: false, schedule, settings, secret });
  await insertWindows(db(), warehouse, { count: 20, minutes: 60, endMs: endMs - 500 * hourMs });
  await insertWindows(db(), warehouse, { count: 480, minutes: 60, endMs, failedEvery: 190 });
  await showFailing(db(), warehouse, endMs - 3 * hourMs);
  const analytics = await make("integrations", {
    ...{ kind: "posthog", name: "product analytics", enabled: false, schedule: { frequency: "every_20_minutes" } },
    ...{ settings: { hostName: "http://127.0.0.1:9" }, secret: { projectApiKey: "phc_example" } },
  });
  await insertWindows(db(), analytics, { count: 60, minutes: 20, endMs });
  await insertRefusals(db(), analytics, 7);
  await showDelivered(db(), analytics, endMs);
  await make("integrations", {
    ...{ kind: "mixpanel", name: "growth", enabled: false, schedule: { frequency: "daily", timeZone: "Europe/Berlin" } },
    ...{ settings: { region: "api-eu" }, secret: { projectToken: "example-token" } },
  });
  const endpoint = await make("webhook-endpoints", {
    name: "pipeline",
    url: receiver.url("/pipeline"),
    eventTypes: ["export.completed", "export.failed"],
  });
  await make("webhook-endpoints", { name: "status page", url: receiver.url("/status"), signing: "ed25519", enabled: false });
  await make(`webhook-endpoints/${endpoint}/test`, { type: "export.failed" });
  await make(`webhook-endpoints/${endpoint}/test`, { type: "integration.disabled" });
  const delivery = await make(`webhook-endpoints/${endpoint}/test`, { type: "export.completed" });
  return { warehouse, analytics, endpoint, delivery };
};
