/** GET /api/public/v2/observations: lists observations newest first, in cursor pages, with the requested field groups. */

import { z } from "@hono/zod-openapi";
import { observationTypes } from "../../../core/ingestion/event.ts";
import { WellFormedText } from "../../../core/well-formed-text.ts";
import { listModels } from "../../../services/models/list-models.ts";
import { eventGroups, eventsIn, openEventPage } from "../../../services/traces/events.ts";
import { readPageAfter } from "../../../services/traces/page.ts";
import type { App, RouteDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { cursorOf, decodeKeysetCursor } from "../keyset-cursor.ts";
import {
  anyOf,
  before,
  csv,
  documentAnswer,
  documentCodes,
  equals,
  fieldGroups,
  filterCodes,
  filterParameters,
  filtersOf,
  flag,
  list,
  oneOf,
  pageLimit,
  readQuery,
  since,
  text,
} from "../read-query.ts";
import { ObservationV2 } from "./resource.ts";

const parameters = {
  name: equals(text),
  userId: equals(text.describe("User of the trace.")),
  sessionId: equals(text.describe("Session of the trace.")),
  type: equals(oneOf(observationTypes)),
  level: equals(oneOf(["DEBUG", "DEFAULT", "WARNING", "ERROR"])),
  traceId: equals(text),
  version: equals(text),
  parentObservationId: equals(WellFormedText.optional().describe("Send it empty for observations without a parent.")),
  isRootObservation: flag,
  environment: anyOf(list.describe("Observations in any of these environments.")),
  fromStartTime: since("startTime"),
  toStartTime: before("startTime"),
};

const route = keyRoute(
  { scopes: ["traces:read"], codes: [...filterCodes, ...documentCodes, "INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/v2/observations",
    operationId: "listObservationsV2",
    tags: ["Observations"],
    summary: "List observations by cursor, newest first",
    description:
      "Pass the `cursor` of a response to get the next rows; a response without one is the last. Input and output are the stored texts.",
    request: {
      query: z.object({
        ...filterParameters(parameters),
        limit: pageLimit({ min: 0, max: 1000 }),
        cursor: text,
        fields: fieldGroups(eventGroups, ["core", "basic"]),
        expandMetadata: csv.describe("Comma-separated metadata keys whose values are not cut at 200 characters."),
        parseIoAsJson: oneOf(["false"]).describe("Only `false`: input and output are always texts."),
      }),
    },
    responses: {
      200: json(
        z.object({ data: z.array(ObservationV2), meta: z.object({ cursor: z.string().optional() }) }).openapi("ObservationV2Page"),
        "A page.",
      ),
    },
  },
);

export const registerListObservationsV2 = (app: App, deps: Pick<RouteDeps, "answers" | "eventsTable" | "openClickHouse">): void => {
  app.openapi(route, async (c) => {
    const asked = c.req.valid("query");
    const { projectId } = c.get("actor");
    const table = eventsIn(deps.eventsTable);
    const query = await readQuery(c, table, { filter: asked.filter, orderBy: null, parameters: filtersOf(parameters, asked) });
    const after = asked.cursor === undefined ? undefined : decodeKeysetCursor(asked.cursor);
    const reader = { clickhouse: deps.openClickHouse() };
    const { ids, next } = await readPageAfter(reader, query, { projectId, after, limit: asked.limit });
    const documents = await openEventPage(
      reader,
      table,
      { projectId, ids },
      {
        bytesMax: deps.answers.bytesMax,
        groups: asked.fields,
        wholeMetadata: asked.expandMetadata,
        models: asked.fields.has("model") ? await listModels(c.get("db"), projectId) : [],
      },
    );
    return documentAnswer(c, ['{"data":[', ...documents, `],"meta":${JSON.stringify(cursorOf(next))}}`]) as never;
  });
};
