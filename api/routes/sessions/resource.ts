/** The API's representation of a session. */
import { z } from "@hono/zod-openapi";
import { Trace } from "../traces/resource.ts";

const fields = {
  id: z.string(),
  projectId: z.string(),
  createdAt: z.iso.datetime().describe("Start of its first trace."),
  environment: z.string().describe("Environment of its first trace."),
};

export const Session = z.strictObject(fields).openapi("Session");
export const SessionWithTraces = z.strictObject({ ...fields, traces: z.array(Trace) }).openapi("SessionWithTraces");
