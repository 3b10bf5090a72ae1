/** GET /api/public/integrations/{id}/rejections: rows the sink has refused. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { storableText } from "../../../core/storable.ts";
import { listRejections, type RejectionRow } from "../../../services/integrations/list-rejections.ts";
import type { App } from "../../deps.ts";
import { CursorQuery, decodeCursor, pageOf } from "../cursor.ts";
import { keyRoute } from "../declare-route.ts";
import { Id, IdParam, json } from "../describe.ts";
import { iso } from "../iso.ts";
import { loadIntegration } from "./load.ts";

const Rejection = z
  .object({
    id: z.string(),
    runId: z.string(),
    tableName: z.string(),
    rowId: z.string(),
    eventId: z.string().describe("The id the sink knows the row by."),
    code: z.string(),
    message: z.string().describe("The sink's reason."),
    acceptedAt: z.iso.datetime().nullable().describe("When a later delivery of the row was accepted."),
    createdAt: z.iso.datetime(),
  })
  .openapi("IntegrationRejection");

const route = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["NOT_FOUND", "INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/integrations/{id}/rejections",
    operationId: "listRejections",
    tags: ["Integrations"],
    summary: "List refused rows",
    description: "Newest first. POST …/redeliver sends them again.",
    request: {
      params: IdParam,
      query: z.strictObject({
        ...CursorQuery,
        state: z.enum(["open", "all"]).default("open").describe("`open`: not accepted since."),
        runId: Id.optional(),
        tableName: storableText(100).optional(),
      }),
    },
    responses: {
      200: json(z.object({ data: z.array(Rejection), nextCursor: z.string().nullable() }).openapi("IntegrationRejectionPage"), "A page."),
    },
  },
);

const show = (row: RejectionRow): z.infer<typeof Rejection> => ({
  id: String(row.id),
  runId: row.runId,
  tableName: row.tableName,
  rowId: row.rowId,
  eventId: row.eventId,
  code: row.code,
  message: row.message,
  acceptedAt: iso(row.acceptedAt),
  createdAt: row.createdAt.toISOString(),
});

/** Throws INVALID_CURSOR for a cursor of another list. */
const idOf = (cursor: string): number => {
  const { id } = decodeCursor(cursor);
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw new AppError({ code: "INVALID_CURSOR", fields: [{ path: "cursor", message: "Not a cursor of this list." }] });
};

export const registerRejections = (app: App): void => {
  app.openapi(route, async (c) => {
    const { limit, cursor, state, runId, tableName } = c.req.valid("query");
    const { id } = await loadIntegration(c.get("db"), c.get("actor").projectId, c.req.valid("param").id);
    const rows = await listRejections(c.get("db"), id, {
      limit: limit + 1,
      afterId: cursor === undefined ? null : idOf(cursor),
      isOpen: state === "open",
      runId: runId ?? null,
      tableName: tableName ?? null,
    });
    const { page, nextCursor } = pageOf(
      rows.map((row) => ({ row, createdAt: row.createdAt, id: String(row.id) })),
      limit,
    );
    return c.json({ data: page.map(({ row }) => show(row)), nextCursor }, 200);
  });
};
