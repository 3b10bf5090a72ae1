/** The event store, as the routes that take events in hand it to their service. */

import type { Context } from "hono";
import { AppError } from "../../../core/errors.ts";
import type { EventStore } from "../../../services/ingestion/event-store.ts";
import type { AppDeps, AppEnv } from "../../deps.ts";

/** Throws INGESTION_DISABLED. */
export const eventsOf = ({ events }: AppDeps): NonNullable<AppDeps["events"]> => {
  if (events === null) throw new AppError({ code: "INGESTION_DISABLED" });
  return events;
};

/** Throws INGESTION_DISABLED. */
export const openEventStore = (c: Context<AppEnv>, deps: AppDeps): EventStore => {
  const { s3Client: s3, isLogEnabled, sha256Hex } = eventsOf(deps);
  return { db: c.get("db"), s3, isLogEnabled, nowMs: deps.nowMs, newJobId: () => deps.newId("job"), sha256Hex };
};
