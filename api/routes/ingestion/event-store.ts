/** Opens the event store for the routes that pass events to their service. */

import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import type { EventStore } from "../../../services/ingestion/event-store.ts";
import type { AppEnv, IngestionDeps } from "../../deps.ts";

/** Throws INGESTION_DISABLED. */
export const eventsOf = ({ events }: Pick<IngestionDeps, "events">): NonNullable<IngestionDeps["events"]> => {
  if (events === null) throw new AppError({ code: "INGESTION_DISABLED" });
  return events;
};

/** Throws INGESTION_DISABLED. */
export const openEventStore = (c: Context<AppEnv>, deps: IngestionDeps): EventStore => {
  const { s3Client: s3, isLogEnabled, sha256Hex } = eventsOf(deps);
  const cause = { requestId: c.get("requestId"), traceparent: c.get("span").traceparent };
  return { db: c.get("db"), s3, isLogEnabled, nowMs: deps.nowMs, newJobId: () => deps.newId("job"), sha256Hex, cause };
};
