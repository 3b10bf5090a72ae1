/** Ingestion, storing: accepts a batch of Langfuse events: groups them by entity, samples them, and makes them durable. */

import { AppError } from "../../core/errors.ts";
import { type ArrivedEvent, arrangeBatch, type EventGroup } from "../../core/ingestion/arrange-batch.ts";
import { publicKeyFolderOf } from "../../core/ingestion/blob-key.ts";
import type { EventOrigin } from "../../core/ingestion/event-origin.ts";
import type { EventStoreConfig } from "../../core/ingestion/event-store-config.ts";
import { mayWriteBeside } from "../../core/ingestion/merge/counting-files.ts";
import { listEntityFiles } from "../../db/event-store/logged-objects.ts";
import type { Database } from "../../db/postgres/client.ts";
import type { EventStore } from "./event-store.ts";
import { storeGroups } from "./store-groups.ts";

/** The sender: a project's full key, or its public key alone, which may only write scores. */
export type Sender = { projectId: string; access: "project" | "scores"; origin: EventOrigin };

/**
 * `failed` maps the groups that could not be stored to their reasons; unsampled groups are omitted. Throws INGESTION_DISABLED, and an error
 * if no group could be stored.
 */
export type StoredBatch = { groups: readonly EventGroup[]; failed: ReadonlyMap<EventGroup, AppError> };

export const storeBatch = async (
  store: EventStore,
  { prefix, sampling, segmentBytesMax }: Pick<EventStoreConfig, "prefix" | "sampling" | "segmentBytesMax">,
  { projectId, access, origin }: Sender,
  batch: readonly ArrivedEvent[],
): Promise<StoredBatch> => {
  const publicKeyAlone = access === "scores" ? origin.apiKey : undefined;
  const groups = arrangeBatch(batch, { projectId, prefix, sampling, segmentBytesMax, sha256Hex: store.sha256Hex, publicKeyAlone });
  if (groups.length > groupsMax)
    throw new AppError({
      code: "PAYLOAD_TOO_LARGE",
      message: `The batch writes more than ${groupsMax} traces, observations, scores and other entities; send it in parts.`,
    });
  const refused =
    publicKeyAlone === undefined
      ? new Map<EventGroup, AppError>()
      : await refuseOthersScores(store.db, { projectId, bucket: store.s3.bucket, groups });
  const failed = await storeGroups(store, {
    projectId,
    groups: groups.filter((group) => group.isSampled && !refused.has(group)),
    origin,
    source: "api",
  });
  return { groups, failed: new Map([...refused, ...failed]) };
};

/**
 * Each group is a file and thus a subrequest, of which Cloudflare allows 10,000
 * (https://developers.cloudflare.com/workers/platform/limits/).
 */
const groupsMax = 5000;

/**
 * Refuses scores of a sender without a secret key that others have already written, according to the log. The merge ignores them in any
 * case (counting-files.ts), even if two arrived at once or no log is kept.
 */
const refuseOthersScores = async (
  db: Database,
  { projectId, bucket, groups }: { projectId: string; bucket: string; groups: readonly EventGroup[] },
): Promise<Map<EventGroup, AppError>> => {
  const files = await listEntityFiles(
    db,
    bucket,
    groups.map(({ entityType, entityId }) => ({ projectId, entityType, entityId })),
  );
  const refused = new Map<EventGroup, AppError>();
  for (const group of groups) {
    const folder = publicKeyFolderOf(group.fileKey);
    const stored = files({ projectId, entityType: group.entityType, entityId: group.entityId }).files;
    if (folder !== undefined && !mayWriteBeside(stored, folder)) refused.set(group, new AppError({ code: "SCORE_OF_ANOTHER_KEY" }));
  }
  return refused;
};
