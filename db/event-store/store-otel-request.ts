/** Makes an OpenTelemetry request durable: the request as one file, then log rows and one job in one transaction. */
import { sql } from "drizzle-orm";
import { jobKinds } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { type EventOrigin, type EventStore, logObjects, putJson } from "./store-groups.ts";

/** `text` is the request in its normal form; it is logged once for each of its traces, so that deleting one of them finds it. Throws when it is not durable. */
export const storeOtelRequest = async (
  store: EventStore,
  request: { projectId: string; fileKey: string; id: string; text: string; traceIds: readonly string[]; origin: EventOrigin },
): Promise<void> => {
  const { projectId, fileKey, id, text, traceIds, origin } = request;
  await putJson(store.s3, fileKey, text);
  const { maxAttempts, priority, payload } = jobKinds["ingestion.otel"];
  await store.db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    await logObjects(
      tx,
      store,
      projectId,
      traceIds.map((traceId) => ({ fileKey, entityType: "otel", entityId: id, eventId: id, traceId })),
    );
    await execute(
      tx,
      sql`insert into jobs (id, kind, project_id, payload, state, priority, max_attempts, has_slot)
        values (${store.newJobId()}, 'ingestion.otel', ${projectId}, ${JSON.stringify(payload.parse({ fileKey, origin }))}::jsonb, 'available', ${priority}, ${maxAttempts}, false)`,
    );
  });
};
