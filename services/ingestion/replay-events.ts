/**
 * Ingestion: replays the event log by enqueueing fresh jobs for the entities of a scope. Rows are rebuilt from all files of their entity,
 * so a replay may run at any time, twice, or beside new events. Memory: one page.
 */
import { orderingKeyOf } from "../../core/ingestion/arrange-batch.ts";
import { isOtelKey, type Sha256Hex } from "../../core/ingestion/blob-key.ts";
import { type EntityType, entityTypes } from "../../core/ingestion/event.ts";
import { listReplayable, type ReplayableEntity, type ReplayCursor, type ReplayScope } from "../../db/event-store/list-replayable.ts";
import type { Database } from "../../db/postgres/client.ts";
import { countWaitingJobs } from "../../db/queue/count-waiting-jobs.ts";
import { type EventJob, enqueueEventJobs } from "../../db/queue/enqueue-event-jobs.ts";
import { spansJob } from "./spans-job.ts";

type ReplayDeps = {
  db: Database;
  newJobId: () => string;
  sha256Hex: Sha256Hex;
  /** Throws to stop the replay. */
  wait: (milliseconds: number) => Promise<void>;
  /** Called after each page, and while it waits for the queue. */
  onProgress: (report: ReplayReport) => void;
};

export type ReplayReport = {
  merges: number;
  otelRequests: number;
  /** Entities of kinds from a later version, which this one cannot process. */
  unknown: number;
  /** Everything up to here has its job. To resume after a stop, start here. */
  loggedAt: string | null;
  isWaiting: boolean;
};

type ReplayOptions = {
  pageRows: number;
  /** Adds no page while this many jobs of the project are waiting. */
  waitingMax: number;
  pollMs: number;
  isDryRun: boolean;
};

export const replayEvents = async (deps: ReplayDeps, scope: ReplayScope, options: ReplayOptions): Promise<ReplayReport> => {
  let report: ReplayReport = { merges: 0, otelRequests: 0, unknown: 0, loggedAt: null, isWaiting: false };
  let after: ReplayCursor | undefined;
  const isRepeated = createRepeats();
  for (;;) {
    const page = await listReplayable(deps.db, scope, { after, rowsMax: options.pageRows });
    const last = page.at(-1);
    if (last === undefined) return report;
    if (!options.isDryRun) await untilFewWait(deps, scope.projectId, options, report);
    const wanted = page.filter((entity) => !isRepeated(entity));
    const jobs = wanted.flatMap((entity) => replayJob(deps, scope.projectId, entity) ?? []);
    if (!options.isDryRun) await enqueueEventJobs(deps.db, scope.projectId, jobs);
    const merges = jobs.filter(({ kind }) => kind === "ingestion.merge").length;
    report = {
      merges: report.merges + merges,
      otelRequests: report.otelRequests + jobs.length - merges,
      unknown: report.unknown + wanted.length - jobs.length,
      loggedAt: last.loggedAt,
      isWaiting: false,
    };
    deps.onProgress(report);
    after = last;
  }
};

/** Requests remembered. The rows of a request are logged within seconds, so they are listed close together. */
const requestsMax = 10_000;

/** Tells observations whose request the replay has just begun: its job makes them, too. */
const createRepeats = () => {
  const begun = new Set<string>();
  return ({ entityType, fileKey, traceId }: ReplayableEntity): boolean => {
    if (!isOtelKey(fileKey)) return false;
    const ofTrace = JSON.stringify([fileKey, traceId]);
    if (begun.has(fileKey) || begun.has(ofTrace)) return true;
    begun.add(entityType === "otel" ? fileKey : ofTrace);
    if (begun.size > requestsMax) begun.delete(begun.values().next().value ?? "");
    return false;
  };
};

const untilFewWait = async (deps: ReplayDeps, projectId: string, { waitingMax, pollMs }: ReplayOptions, report: ReplayReport) => {
  while ((await countWaitingJobs(deps.db, { projectId, countMax: waitingMax + 1 })) > waitingMax) {
    deps.onProgress({ ...report, isWaiting: true });
    await deps.wait(pollMs);
  }
};

const isEntityType = (text: string): text is EntityType => (entityTypes as readonly string[]).includes(text);

/**
 * Leaves out the text and the origin of the file: both are read from the store. An observation made of spans is replayed with its trace, as
 * far as one request holds it. A score of a session gets an ordering key of its own,
 * because the log does not name sessions.
 */
export const replayJob = (
  { newJobId, sha256Hex }: Pick<ReplayDeps, "newJobId" | "sha256Hex">,
  projectId: string,
  { entityType, entityId, fileKey, traceId }: ReplayableEntity,
): EventJob | undefined => {
  if (entityType === "otel") return { id: newJobId(), kind: "ingestion.otel", orderingKey: null, payload: { fileKey } };
  if (isOtelKey(fileKey)) return spansJob({ newJobId, sha256Hex }, { projectId, fileKey, traceId: traceId ?? "" });
  if (!isEntityType(entityType)) return undefined;
  const orderingKey = orderingKeyOf({ projectId, entityType, entityId, traceId: traceId ?? undefined }, sha256Hex);
  return { id: newJobId(), kind: "ingestion.merge", orderingKey, payload: { entityType, entityId, fileKey, source: "api" } };
};
