/** The job kinds: one entry gives payload, attempts, maximum run time and priority; the compiler demands the handler in runner/handlers/. */
import { z } from "zod";

type JobKindEntry = {
  payload: z.ZodType;
  /** Executions until the job is discarded. */
  maxAttempts: number;
  /** Seconds one attempt may run, whatever its heartbeats say. */
  maxRunSeconds: number;
  /** Smaller runs first within a project. */
  priority: number;
};

export const jobKinds = {
  "export.run": {
    payload: z.strictObject({ batchExportId: z.string() }),
    maxAttempts: 8,
    maxRunSeconds: 6 * 3600,
    priority: 100,
  },
} as const satisfies Record<string, JobKindEntry>;

export type JobKind = keyof typeof jobKinds;
export type JobPayload<K extends JobKind> = z.infer<(typeof jobKinds)[K]["payload"]>;
