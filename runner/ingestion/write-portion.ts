/** Ingestion: writes merged entities and decides the outcome of their jobs. */

import { isOutage } from "../../core/jobs/next-attempt.ts";
import { type EntityName, entityName, listWithOtherFiles } from "../../db/event-store/logged-objects.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import type { BatchWork } from "./batch-work.ts";
import { halveOnFailure } from "./halve-on-failure.ts";
import type { MergedEntity } from "./merge-entity.ts";
import { mergePointingAt, pointAtObservations } from "./point-at-observations.ts";
import { fileVersion } from "./read-entities.ts";
import { writeEntities } from "./write-entities.ts";

/** Throws only the signal's reason. A row that cannot be written fails alone. */
export const writePortion = (work: BatchWork, portion: readonly MergedEntity[]): Promise<void> =>
  halveOnFailure(portion, {
    signal: work.signal,
    run: (merged) => writeTogether(work, merged),
    fail: (merged, error) => {
      // Entities without jobs were read again for their ordering key, so its own jobs are to fail, too.
      if (isOutage(failureOf(error)))
        for (const { entity } of merged)
          if (entity.jobs.length + entity.requestJobs.length === 0) work.unfinished.set(entity.orderingKey, { error });
      work.outcome.fail(
        merged.map(({ entity }) => entity),
        error,
      );
    },
  });

const writeTogether = async (work: BatchWork, merged: readonly MergedEntity[]): Promise<void> => {
  const { claimedAt, leaseId, outcome, signal, unfinished } = work;
  const first = merged[0]?.entity;
  // Two portions of a batch may hold the same trace, each with spans of another request.
  const token = `${leaseId}-${work.nextWrite()}-${first?.entityId}-${merged.length}`;
  await writeEntities(work, { version: claimedAt, token, signal }, await pointAtObservations(work.db, merged));
  await mergePointingAt(work, signal, merged);
  work.onWritten(merged);
  const grown = await grownSince(work, merged);
  for (const one of merged) {
    const open = unfinished.get(one.entity.orderingKey);
    if (open !== undefined && open !== "later") outcome.fail([one.entity], open.error);
    else if (open === "later" || grown.has(one)) outcome.release(one.entity, null);
    else outcome.done(one.entity);
  }
};

/**
 * Finds observations and scores whose files differ from those that were read. Their new events may name another trace, under whose ordering
 * key another batch may have looked for them before ours were written. Read again, they see each other.
 */
const grownSince = async (work: BatchWork, merged: readonly MergedEntity[]): Promise<Set<MergedEntity>> => {
  const moving = merged.filter(({ kind }) => kind === "observation" || kind === "score");
  const [ofRequest, others] = [moving.filter(({ entity }) => entity.onlyRequest), moving.filter(({ entity }) => !entity.onlyRequest)];
  const asked = ofRequest.flatMap(({ entity }) =>
    entity.onlyRequest === undefined ? [] : [{ ...named(entity), key: entity.onlyRequest.key }],
  );
  const [grown, logged] = await Promise.all([
    listWithOtherFiles(work.db, work.s3.bucket, asked),
    others.length === 0 ? undefined : work.listLogged(others.map(({ entity }) => named(entity))),
  ]);
  const hasGrown = ({ entity }: MergedEntity): boolean =>
    logged?.(entity).files.some((file) => !entity.fileVersions.has(fileVersion(file))) === true;
  return new Set([...ofRequest.filter(({ entity }) => grown.has(entityName(entity))), ...others.filter(hasGrown)]);
};

const named = ({ projectId, entityType, entityId }: MergedEntity["entity"]): EntityName => ({ projectId, entityType, entityId });
