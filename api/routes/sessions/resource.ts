/** A session as the API shows it. */
import { z } from "@hono/zod-openapi";
import { Trace } from "../traces/resource.ts";

const fields = {
  id: z.string(),
  projectId: z.string(),
  createdAt: z.iso.datetime().describe("When its first trace began."),
  environment: z.string().describe("Of its first trace."),
};

export const Session = z.strictObject(fields).openapi("Session");
export const SessionWithTraces = z.strictObject({ ...fields, traces: z.array(Trace) }).openapi("SessionWithTraces");
