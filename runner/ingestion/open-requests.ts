/** Ingestion, reading: opens the OpenTelemetry requests whose traces a batch has jobs for, until a slice is full. */
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import { orderingKeyOf } from "../../core/ingestion/arrange-batch.ts";
import type { EventOrigin } from "../../core/ingestion/event-origin.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import type { BatchJob } from "../../db/queue/claim-batch.ts";
import { allWork } from "./project-budget.ts";
import type { ReadDeps, ReadSlice, Wanted } from "./read-slice.ts";
import type { OpenedEntity } from "./span-requests.ts";

/** Requests read and mapped at once. One has up to about 4 MiB. */
const requestsAtOnce = 3;
/** Once this many characters are read, no further request is opened: their events are held until the slice is written. */
const openedCharactersMax = 3_000_000;

type RequestOfJobs = { projectId: string; fileKey: string; origin: EventOrigin | undefined; traces: Map<string, BatchJob[]> };

type Opened = Pick<ReadSlice, "failed" | "opened" | "rest" | "deferred"> & { wanted: Wanted[]; characters: number };

/** A request that cannot be read fails alone, with all its traces. */
export const openRequests = async (
  deps: Pick<ReadDeps, "requests" | "budget" | "signal" | "sha256Hex">,
  jobs: readonly BatchJob[],
): Promise<Opened> => {
  const slice: Opened = { failed: [], opened: [], rest: [], deferred: [], wanted: [], characters: 0 };
  deps.requests.forget();
  let [begun, ended] = [0, 0];
  await forEachConcurrent(byRequest(jobs), requestsAtOnce, async (request) => {
    const { projectId, traces } = request;
    const own = [...traces.values()].flat();
    if (slice.characters > 0 && (slice.characters * begun) / Math.max(1, ended) >= openedCharactersMax) return void slice.rest.push(...own);
    if (deps.budget.isSpent(projectId, allWork)) return void slice.deferred.push(...own);
    begun++;
    deps.budget.spend(projectId, { files: 1 });
    try {
      const found = await deps.requests.open({ ...request, traceIds: [...traces.keys()] });
      ended++;
      deps.budget.spend(projectId, { characters: found?.characters ?? 0 });
      slice.characters += found?.characters ?? 0;
      slice.opened.push(...own);
      for (const entity of found?.entities ?? []) slice.wanted.push(wantedOf(deps, request, entity));
    } catch (error) {
      deps.signal.throwIfAborted();
      begun--;
      slice.failed.push({ jobs: own, error });
    }
  });
  return slice;
};

const byRequest = (jobs: readonly BatchJob[]): RequestOfJobs[] => {
  const requests = new Map<string, RequestOfJobs>();
  for (const job of jobs) {
    const { fileKey, entityId, origin } = jobKinds["ingestion.merge"].payload.parse(job.payload);
    const name = JSON.stringify([job.projectId, fileKey]);
    const request = requests.get(name) ?? { projectId: job.projectId, fileKey, origin, traces: new Map<string, BatchJob[]>() };
    requests.set(name, request);
    request.traces.set(entityId, [...(request.traces.get(entityId) ?? []), job]);
  }
  return [...requests.values()];
};

const wantedOf = (
  { sha256Hex }: Pick<ReadDeps, "sha256Hex">,
  { projectId, fileKey, traces }: RequestOfJobs,
  { entityType, entityId, traceId, isNew }: OpenedEntity,
): Wanted => ({
  projectId,
  orderingKey: orderingKeyOf({ projectId, entityType, entityId, traceId }, sha256Hex),
  payload: { entityType, entityId, fileKey },
  jobs: [],
  requestJobs: traces.get(traceId) ?? [],
  onlyRequest: isNew ? { key: fileKey, traceId } : undefined,
});
