/** The API's representation of a trace, in Langfuse's shapes, which ClickHouse writes (db/clickhouse/read/traces.ts). */
import { z } from "@hono/zod-openapi";
import { Observation } from "../observations/resource.ts";
import { ScoreV1 } from "../scores/resource.ts";

const payload = z.unknown().describe("JSON if the stored text is JSON, else the text.");
const metadata = z.record(z.string(), z.unknown());

const core = {
  id: z.string(),
  projectId: z.string(),
  externalId: z.null(),
  timestamp: z.iso.datetime(),
  name: z.string().nullable(),
  environment: z.string(),
  userId: z.string().nullable(),
  sessionId: z.string().nullable(),
  release: z.string().nullable(),
  version: z.string().nullable(),
  tags: z.array(z.string()),
  public: z.boolean(),
  bookmarked: z.boolean(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
};

const details = {
  htmlPath: z.string(),
  latency: z.number().describe("Seconds from the first start to the last end of its observations; -1 without the group `metrics`."),
  totalCost: z.number().describe("USD; -1 without the group `metrics`."),
};

export const Trace = z.strictObject({ ...core, input: payload, output: payload, metadata }).openapi("Trace");

const io = { input: payload.optional(), output: payload.optional(), metadata: metadata.optional() };

export const TraceWithDetails = z
  .strictObject({
    ...core,
    ...io,
    ...details,
    observations: z.array(z.string()).describe("Ids in order of start time; empty without the group `observations`."),
    scores: z.array(z.string()).describe("Ids; empty without the group `scores`."),
  })
  .openapi("TraceWithDetails");

export const TraceWithFullDetails = z
  .strictObject({ ...core, ...io, ...details, observations: z.array(Observation), scores: z.array(ScoreV1) })
  .openapi("TraceWithFullDetails");
