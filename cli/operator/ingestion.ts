/**
 * `npm run ingestion -- dead-letters|replay|delete|retention …`: lists and retries dead letters, replays the event log, and deletes
 * ingested data. Exit status 0: done, 1: stopped or no answer, 2: misuse.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { createId } from "../../core/ids.ts";
import { entityTypes } from "../../core/ingestion/event.ts";
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { isUnlogged } from "../../db/event-store/deletable-objects.ts";
import { type Database, openPostgres } from "../../db/postgres/client.ts";
import { listDeadLetters } from "../../db/queue/list-dead-letters.ts";
import { retryDeadLetters } from "../../db/queue/retry-dead-letters.ts";
import { repositoryRoot } from "../../local/service.ts";
import { type ReplayReport, replayEvents } from "../../services/ingestion/replay-events.ts";
import { hasProject } from "../../services/tenants/has-project.ts";
import { deleteData } from "../../services/traces/delete-data.ts";
import { setRetention } from "../../services/traces/set-retention.ts";

const usage = `Usage:
  npm run ingestion -- dead-letters [--project ID] [--limit N]
  npm run ingestion -- dead-letters --retry [--project ID] [--code CODE]
  npm run ingestion -- replay --project ID [--from INSTANT] [--to INSTANT] [--entity-type ${[...entityTypes, "otel"].join("|")}]
                              [--entity-id ID] [--trace ID] [--waiting-max JOBS] [--dry-run]
  npm run ingestion -- delete --project ID --all|--before INSTANT|--trace ID
  npm run ingestion -- retention --project ID --days DAYS|never
Instants are ISO 8601 with a zone, such as 2026-01-31T00:00:00Z, or dates, which begin at midnight UTC; they mean when a file was first logged.
Uses the running local stack, or DATABASE_URL with LANGFUSE_S3_EVENT_UPLOAD_BUCKET.`;

const instant = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], "must be an instant such as 2026-01-31T00:00:00Z, or a date")
  .transform((text) => (text.includes("T") ? text : `${text}T00:00:00Z`));
const id = z.string("must be given").min(1, "must be given");

const DeadLetterOptions = z.strictObject({
  project: id.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(50),
  retry: z.boolean().default(false),
  code: id.optional(),
});

const ReplayOptions = z.strictObject({
  project: id,
  from: instant.optional(),
  // Whatever arrives during the replay is processed anyway.
  to: instant.default(() => new Date().toISOString()),
  "entity-type": z.enum([...entityTypes, "otel"]).optional(),
  "entity-id": id.optional(),
  trace: id.optional(),
  "waiting-max": z.coerce.number().int().min(0).default(50_000),
  "dry-run": z.boolean().default(false),
});

const DeleteOptions = z
  .strictObject({ project: id, all: z.boolean().default(false), before: instant.optional(), trace: id.optional() })
  .refine(({ all, before, trace }) => Number(all) + Number(before !== undefined) + Number(trace !== undefined) === 1, {
    message: "one of --all, --before and --trace must be given",
  });

const RetentionOptions = z.strictObject({
  project: id,
  days: z.union([z.literal("never").transform(() => null), z.coerce.number().int().min(1).max(36_500)], "must be never, or 1 to 36500"),
});

const misuse = (problem: string): never => {
  console.error(`${problem}\n${usage}`);
  process.exit(2);
};

const parseOptions = <Options>(schema: z.ZodType<Options>, args: string[]): Options => {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  let values: unknown;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        ...{ project: text, limit: text, retry: flag, code: text },
        ...{ all: flag, before: text, days: text },
        ...{ from: text, to: text, "entity-type": text, "entity-id": text, trace: text, "waiting-max": text, "dry-run": flag },
      },
    }));
  } catch (error) {
    return misuse(error instanceof Error ? error.message : String(error));
  }
  const parsed = schema.safeParse({ ...(values as object) });
  if (!parsed.success)
    return misuse(
      parsed.error.issues.map(({ path, message }) => (path.length === 0 ? message : `--${path.join(".")}: ${message}`)).join("\n"),
    );
  return parsed.data;
};

const configuration = (env: Record<string, string | undefined>): { databaseUrl: string; bucket: string | undefined } => {
  const bucket = env["LANGFUSE_S3_EVENT_UPLOAD_BUCKET"] || undefined;
  if (env["DATABASE_URL"]) return { databaseUrl: env["DATABASE_URL"], bucket };
  const file = join(env["SPILLWAY_DATA_DIR"] || join(repositoryRoot, ".spillway"), "stack.json");
  if (!existsSync(file)) {
    console.error("No stack is running here. Start it with `npm start`, or set DATABASE_URL.");
    process.exit(1);
  }
  const { postgresUrl } = z.object({ postgresUrl: z.string() }).parse(JSON.parse(readFileSync(file, "utf8")));
  return { databaseUrl: postgresUrl, bucket };
};

/** Foreign text for a terminal: control characters are replaced, so that none moves the cursor. */
const shown = (text: string | null): string => (text ?? "").replaceAll(/\p{Cc}/gu, "?");

const deadLetters = async (db: Database, { project, limit, retry, code }: z.infer<typeof DeadLetterOptions>): Promise<void> => {
  if (retry) {
    const before = new Date().toISOString();
    let put = 0;
    for (;;) {
      const batch = await retryDeadLetters(db, { projectId: project, code, before });
      if (batch === 0) break;
      put += batch;
    }
    console.log(`${put} jobs put back`);
    return;
  }
  if (code !== undefined) misuse("--code: goes with --retry");
  const found = await listDeadLetters(db, { projectId: project, rowsMax: limit });
  for (const letter of found)
    console.log(
      [letter.finishedAt, letter.id, letter.projectId, letter.kind, letter.entity, letter.code ?? "-", letter.message]
        .map((text) => shown(text))
        .join("  "),
    );
  console.log(`${found.length} dead letters${found.length === limit ? ", perhaps more (--limit)" : ""}`);
};

const described = ({ merges, otelRequests, unknown, loggedAt }: ReplayReport): string =>
  `${merges} entities, ${otelRequests} OpenTelemetry requests${unknown === 0 ? "" : `, ${unknown} of kinds unknown here`}${loggedAt === null ? "" : `, up to ${loggedAt}`}`;

const replay = async (db: Database, bucket: string | undefined, options: z.infer<typeof ReplayOptions>): Promise<void> => {
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  process.once("SIGTERM", () => interrupted.abort());
  let last: ReplayReport | undefined;
  await assertProject(db, options.project);
  try {
    const report = await replayEvents(
      {
        db,
        newJobId,
        sha256Hex: (text) => createHash("sha256").update(text).digest("hex"),
        wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
        onProgress: (now) => {
          interrupted.signal.throwIfAborted();
          console.error(`${described(now)}${now.isWaiting ? ", waiting for the queue" : ""}`);
          last = now;
        },
      },
      {
        ...{ projectId: options.project, bucket, from: options.from, to: options.to },
        ...{ entityType: options["entity-type"], entityId: options["entity-id"], traceId: options.trace },
      },
      { pageRows: 1000, waitingMax: options["waiting-max"], pollMs: 1000, isDryRun: options["dry-run"] },
    );
    console.log(`${options["dry-run"] ? "would replay" : "replays"} ${described(report)}`);
    if (await isUnlogged(db, options.project))
      console.error("Some events of this project were stored while the event log was off; those that no log row names are not replayed.");
  } catch (error) {
    if (last?.loggedAt) console.error(`Stopped. To resume: --from ${last.loggedAt}`);
    if (!interrupted.signal.aborted) throw error;
    process.exitCode = 1;
  }
};

const noProject = (project: string): AppError => new AppError({ code: "NOT_FOUND", message: `There is no project ${shown(project)}.` });

const assertProject = async (db: Database, project: string): Promise<void> => {
  if (!(await hasProject(db, project))) throw noProject(project);
};

const newJobId = () => createId("job", Date.now(), randomBytes(16));

const remove = async (db: Database, { project, all, before, trace }: z.infer<typeof DeleteOptions>): Promise<void> => {
  const payload: JobPayload<"data.delete"> | undefined = all
    ? { scope: "project" }
    : before !== undefined
      ? { scope: "before", before: new Date(before).toISOString() }
      : trace !== undefined
        ? { scope: "traces", traceIds: [trace] }
        : undefined;
  if (payload === undefined) return;
  await assertProject(db, project);
  const isBegun = await deleteData(db, project, payload, newJobId());
  console.log(isBegun ? "It will be deleted by a job." : "A job that deletes from this project waits or runs already.");
};

const keep = async (db: Database, { project, days }: z.infer<typeof RetentionOptions>): Promise<void> => {
  if (!(await setRetention(db, project, days))) throw noProject(project);
  console.log(days === null ? "Everything is kept." : `Data older than ${days} days is deleted, once a day.`);
};

const actions: Record<string, (args: string[]) => (db: Database, bucket: string | undefined) => Promise<void>> = {
  "dead-letters": (args) => {
    const options = parseOptions(DeadLetterOptions, args);
    return (db) => deadLetters(db, options);
  },
  replay: (args) => {
    const options = parseOptions(ReplayOptions, args);
    return (db, bucket) => replay(db, bucket, options);
  },
  delete: (args) => {
    const options = parseOptions(DeleteOptions, args);
    return (db) => remove(db, options);
  },
  retention: (args) => {
    const options = parseOptions(RetentionOptions, args);
    return (db) => keep(db, options);
  },
};

const [action, ...args] = process.argv.slice(2).filter((arg) => arg !== "--");
const parse = Object.hasOwn(actions, action ?? "") ? actions[action ?? ""] : undefined;
const run = (parse ?? misuse(action === undefined ? "Say what to do." : `${action}: not known`))(args);
const { databaseUrl, bucket } = configuration(process.env);
const { db, close } = openPostgres(databaseUrl, { connectionsMax: 1, applicationName: "spillway-ingestion" });
try {
  await run(db, bucket);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof AppError && error.detail !== undefined) console.error(error.detail);
  process.exitCode = 1;
} finally {
  await close();
}
