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
  /** Counts against the jobs a project may run at once. Short work does not wait for long exports. */
  hasSlot: boolean;
};

export const jobKinds = {
  "export.run": {
    payload: z.strictObject({ batchExportId: z.string() }),
    maxAttempts: 8,
    maxRunSeconds: 6 * 3600,
    priority: 100,
    hasSlot: true,
  },
  /** Tells the user of an export that it has ended or is about to expire. */
  "mail.send": {
    payload: z.strictObject({ batchExportId: z.string(), event: z.enum(["completed", "failed", "expiring"]) }),
    maxAttempts: 8,
    maxRunSeconds: 300,
    priority: 50,
    hasSlot: false,
  },
} as const satisfies Record<string, JobKindEntry>;

export type JobKind = keyof typeof jobKinds;
export type JobPayload<K extends JobKind> = z.infer<(typeof jobKinds)[K]["payload"]>;
