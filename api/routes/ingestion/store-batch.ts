/** What every route of Langfuse events ends in: groups by entity, sampled, stored for good. */
import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import { type ArrivedEvent, arrangeBatch, type EventGroup } from "../../../core/ingestion/arrange-batch.ts";
import { storeGroups } from "../../../db/event-store/store-groups.ts";
import type { AppDeps, AppEnv } from "../../deps.ts";
import type { Sender } from "./authorise.ts";

/** `failed` could not be stored, each for its reason; what is not sampled was left out. Throws INGESTION_DISABLED, and when none is stored. */
export type StoredBatch = { groups: readonly EventGroup[]; failed: ReadonlyMap<EventGroup, AppError> };

export const storeBatch = async (
  c: Context<AppEnv>,
  deps: AppDeps,
  { projectId, origin }: Sender,
  batch: readonly ArrivedEvent[],
): Promise<StoredBatch> => {
  const { prefix, segmentBytesMax, sampling, s3Client: s3, isLogEnabled, sha256Hex } = eventsOf(deps);
  const groups = arrangeBatch(batch, { projectId, prefix, sampling, segmentBytesMax, sha256Hex });
  const failed = await storeGroups(
    { db: c.get("db"), s3, isLogEnabled, nowMs: deps.nowMs, newJobId: () => deps.newId("job"), sha256Hex },
    { projectId, groups: groups.filter(({ isSampled }) => isSampled), origin, source: "api" },
  );
  return { groups, failed };
};

/** Throws INGESTION_DISABLED. */
export const eventsOf = ({ events }: AppDeps): NonNullable<AppDeps["events"]> => {
  if (events === null) throw new AppError({ code: "INGESTION_DISABLED" });
  return events;
};
