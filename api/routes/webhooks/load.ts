/** Loads the webhook endpoint or delivery a request is about. */
import { AppError } from "../../../core/errors.ts";
import type { EndpointRow } from "../../../services/webhooks/endpoint-row.ts";
import { findEndpoint } from "../../../services/webhooks/find-endpoint.ts";
import { type AttemptRow, type FoundDelivery, findDelivery } from "../../../services/webhooks/list-deliveries.ts";
import type { Database } from "../../deps.ts";

/** Throws NOT_FOUND unless the endpoint belongs to the key's project. */
export const loadEndpoint = async (db: Database, projectId: string, id: string): Promise<EndpointRow> => {
  const row = await findEndpoint(db, projectId, id);
  if (row === undefined) throw new AppError({ code: "NOT_FOUND" });
  return row;
};

/** Throws NOT_FOUND unless both belong to the key's project. */
export const loadDelivery = async (
  db: Database,
  projectId: string,
  { id, deliveryId }: { id: string; deliveryId: string },
): Promise<FoundDelivery & { body: string; log: AttemptRow[] }> => {
  const endpoint = await loadEndpoint(db, projectId, id);
  const row = await findDelivery(db, { endpointId: endpoint.id, id: deliveryId });
  if (row === undefined) throw new AppError({ code: "NOT_FOUND" });
  return row;
};
